"""Robots: their names, and reading them. Their secrets, and what is made of those, are read by nothing here."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db.models import F, Q, QuerySet

from access.check import require
from access.living import STATE
from access.principal import ActorKind, Principal, ProjectRef
from access.table import P
from accounts.models import MAX_NAME, Robot
from config import current
from config.catalogue.tokens import ROBOT_NAME_PREFIX
from core.errors import Denied, NameInvalid, ProjectUnknown, RobotUnknown
from core.oci.quoting import quoted
from database import sql

if TYPE_CHECKING:
    from typing import Self

SECRETS: Final = ("secret_digest", "secret_hash", "former_digest", "former_hash")
EXPIRES_SOON_DAYS: Final = 7
MARK: Final = "$"
JOINT: Final = "+"

_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", re.ASCII)
_CONDITIONS = f"""
    SELECT robot.id, {STATE}, robot.expires_at, coalesce(robot.expires_at < now() + make_interval(days => %s), false),
      coalesce(robot.former_until > now(), false)
    FROM robot WHERE robot.id = ANY(%s::bigint[])
"""
_PROJECT = "SELECT id, name, public FROM project WHERE id = %s AND deleted_at IS NULL"


@dataclass(frozen=True, slots=True)
class RobotName:
    """A robot's own name, without prefix and project."""

    value: str

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NameInvalid."""
        if len(text) > MAX_NAME or not _NAME.fullmatch(text):
            raise NameInvalid(
                f"robot name {quoted(text)} is not allowed: 1 to {MAX_NAME} characters, "
                "lower-case letters and digits, joined by single '.', '_' or '-'"
            )
        return cls(text)


@dataclass(frozen=True, slots=True)
class RobotLogin:
    """What a robot signs in as: its name, and that of its project, "" for a robot of the system."""

    project: str
    name: str

    @classmethod
    def parse(cls, username: str) -> Self | None:
        """What follows the last `$`, as the prefix may have been another one; None for what is no robot's name."""
        _, mark, text = username.rpartition(MARK)
        project, joint, name = text.rpartition(JOINT)
        if not mark or not _NAME.fullmatch(name) or (joint and not project):
            return None
        return cls(project, name)


def full_name(name: str, project: str = "") -> str:
    """What a robot is shown as and signs in with: `robot$ci`, `robot$library+ci`."""
    return f"{current.get(ROBOT_NAME_PREFIX)}{project}{JOINT if project else ''}{name}"


def name_of(robot: Robot) -> str:
    """Its full name (one query, unless the project is loaded)."""
    return full_name(robot.name, robot.project.name if robot.project is not None else "")


def home_of(robot: Robot) -> ProjectRef | None:
    """The project it belongs to; None for a robot of the system. Raises RobotUnknown where the project is deleted."""
    if robot.project_id is None:
        return None
    found = sql.row(_PROJECT, (robot.project_id,))
    if found is None:
        raise unknown(robot.name)
    return ProjectRef(*found)


def visible_robots(actor: Principal, project: ProjectRef | None) -> QuerySet[Robot]:
    """The robots of the project by name; of the system and of all projects where none is given.

    A robot sees those it has made, and those they have made. Raises Denied, ProjectUnknown.
    """
    require(actor, P.ROBOT_LIST, project)
    # Of a deleted project nothing is seen any more; the system's have none, which this lets pass too.
    found = _readable().filter(_made_by(actor), project__deleted_at__isnull=True)
    if project is not None:
        found = found.filter(project_id=project.id)
    return found.order_by(F("project__name").asc(nulls_first=True), "name")


def robot_by_id(actor: Principal, robot_id: int) -> Robot:
    """Raises RobotUnknown, alike for one that does not exist and one the actor may not read."""
    return _read(actor, _readable().filter(pk=robot_id).first(), str(robot_id))


def robot_by_name(actor: Principal, name: str, project: ProjectRef | None) -> Robot:
    """The robot of that name in the project, of the system where none is given. Raises NameInvalid, RobotUnknown."""
    parsed = str(RobotName.parse(name))
    home = Q(project_id=project.id) if project else Q(project__isnull=True)
    found = _readable().filter(home, name=parsed)
    shown = full_name(parsed, project.name if project else "")
    return _read(actor, found.first(), shown)


def unknown(name: str) -> RobotUnknown:
    """The answer for a robot that does not exist and for one the caller may not know of: the same."""
    return RobotUnknown(f"no robot '{name}'", robot=name)


def is_made_by(robot: Robot, actor: Principal) -> bool:
    """Whether the actor may deal with it at all: a robot only with those it has made, and those they have made."""
    return actor.kind is not ActorKind.ROBOT or actor.id in robot.ancestors


class State(StrEnum):
    """Whether a robot may be used. ANCESTOR_DEAD: one of those it was made by may not."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    ANCESTOR_DEAD = "ancestor-dead"


@dataclass(frozen=True, slots=True)
class Condition:
    """A robot as of now, by the database's clock. `has_former_secret`: the secret before the last rotation is still good."""

    state: State
    expires_at: datetime | None
    expires_soon: bool
    has_former_secret: bool


def conditions_of(robots: Collection[Robot]) -> dict[int, Condition]:
    """By id (one query, however many)."""
    rows = sql.rows(_CONDITIONS, (EXPIRES_SOON_DAYS, [robot.pk for robot in robots]))
    return {
        id_: Condition(State(state), ends, soon and state == State.ACTIVE, has_former)
        for id_, state, ends, soon, has_former in rows
    }


def _readable() -> QuerySet[Robot]:
    return Robot.objects.defer(*SECRETS).select_related("project")


def _made_by(actor: Principal) -> Q:
    return Q(ancestors__contains=[actor.id]) if actor.kind is ActorKind.ROBOT else Q()


def _read(actor: Principal, robot: Robot | None, shown: str) -> Robot:
    if robot is None or not is_made_by(robot, actor):
        raise unknown(shown)
    try:
        require(actor, P.ROBOT_READ, home_of(robot))
    except (Denied, ProjectUnknown):
        raise unknown(shown) from None
    return robot
