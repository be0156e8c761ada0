"""When a page was made that asks before anything is done: its form says so, and what an old page asked for is not done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from core.errors import InvalidInput

# As long as a page that asks may lie open.
OPEN_FOR: Final = timedelta(hours=12)
# What two hosts may differ by.
AHEAD: Final = timedelta(minutes=5)


def now() -> str:
    """For the form of a page that is made at this moment."""
    return datetime.now(UTC).isoformat()


def moment(text: str) -> datetime:
    """When the page was made, as its form says. Raises InvalidInput for what is no such time, or too old a page."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("the form was changed on its way: open the page again") from None
    present = datetime.now(UTC)
    if found.tzinfo is None or not present - OPEN_FOR < found < present + AHEAD:
        raise InvalidInput("the page was open for too long: look again at what would go")
    return found
