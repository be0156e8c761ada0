"""How many days a robot was given, as Harbor's clients write it: counted from when it was made.

A robot keeps the time of its end alone. Whoever sends the number of days that he was shown changes nothing by it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.errors import InvalidInput
from database import sql

if TYPE_CHECKING:
    from accounts.models import Robot

FOR_EVER: Final = -1


def duration_of(robot: Robot) -> int:
    """Whole days from its making to its end, -1 for none."""
    return FOR_EVER if robot.expires_at is None else (robot.expires_at - robot.created_at).days


def days_from_now(robot: Robot, duration: int) -> int | None:
    """The days that are left of `duration`, for `RobotChanges`; None where that is what it has (one query at most).

    Raises InvalidInput where they are over.
    """
    if duration == duration_of(robot):
        return None
    if duration <= 0:
        return duration
    age: timedelta = sql.value("SELECT now()") - robot.created_at
    if duration <= age.days:
        raise InvalidInput(
            f"duration: the days of a robot are counted from when it was made, {age.days} days ago: give it more, "
            "or disable it"
        )
    return duration - age.days
