"""What a user, a robot or a key may do as of now: the facts a proven caller is known by, read in one statement each."""

from __future__ import annotations

from dataclasses import dataclass

from access import allowances
from access.allowances import Allowances
from access.principal import ActorKind
from database import sql

_USER = """
    SELECT person.auth_epoch, person.is_admin, person.is_auditor, key.allowances FROM account_user person
    LEFT JOIN access_token key ON key.id = %(key)s AND key.user_id = person.id
      AND (key.expires_at IS NULL OR key.expires_at > now())
    WHERE person.id = %(id)s AND person.is_active AND (%(key)s = 0 OR key.id IS NOT NULL)
"""
# A robot lives while it is enabled and not expired, its project is there, and so does every robot it was made by.
ALIVE = """(
    NOT robot.disabled AND (robot.expires_at IS NULL OR robot.expires_at > now())
    AND (robot.project_id IS NULL OR EXISTS (
      SELECT FROM project WHERE project.id = robot.project_id AND project.deleted_at IS NULL))
    AND cardinality(robot.ancestors) = (
      SELECT count(*) FROM robot elder LEFT JOIN project home ON home.id = elder.project_id
      WHERE elder.id = ANY(robot.ancestors) AND NOT elder.disabled AND home.deleted_at IS NULL
        AND (elder.expires_at IS NULL OR elder.expires_at > now())))"""
"""Whether a row `robot` may be used at all, as an SQL condition."""

BOUNDS = "ARRAY(SELECT elder.allowances FROM robot elder WHERE elder.id = ANY(robot.ancestors))"
"""What the robots a row `robot` was made by may do, in SQL."""

_ROBOT = f"SELECT robot.auth_epoch, robot.allowances, {BOUNDS} FROM robot WHERE robot.id = %s AND {ALIVE}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A user or a robot as of now. `allowances`: as access.principal.Principal has them."""

    epoch: int
    is_admin: bool = False
    is_auditor: bool = False
    allowances: Allowances | None = None


def standing(kind: ActorKind, id_: int, key_id: int = 0) -> Standing | None:
    """None for whoever is not, is disabled or expired, and for a user whose key is gone. One query; none for the anonymous."""
    if kind is ActorKind.USER:
        return _user(id_, key_id)
    if kind is ActorKind.ROBOT:
        return _robot(id_)
    return Standing(0) if kind is ActorKind.ANONYMOUS else None


def _user(user_id: int, key_id: int) -> Standing | None:
    found = sql.row(_USER, {"id": user_id, "key": key_id})
    if found is None:
        return None
    epoch, is_admin, is_auditor, bounds = found
    return Standing(epoch, is_admin, is_auditor, None if bounds is None else allowances.from_json(bounds))


def _robot(robot_id: int) -> Standing | None:
    found = sql.row(_ROBOT, (robot_id,))
    return None if found is None else Standing(found[0], allowances=within(found[1], found[2]))


def within(own: list[dict[str, object]], of_elders: list[list[dict[str, object]]]) -> Allowances:
    """What a robot may do: its own allowances within those of every robot it was made by, all as JSON."""
    held = allowances.from_json(own)
    for bounds in of_elders:
        held = allowances.both(held, allowances.from_json(bounds))
    return held
