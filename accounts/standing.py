"""What a user, a robot or a key may do as of now: the facts a proven caller is known by, read in one statement each."""

from __future__ import annotations

from dataclasses import dataclass

from access import allowances
from access.allowances import Allowances
from access.living import ALIVE, BOUNDS, within
from access.principal import ActorKind
from database import sql

_USER = """
    SELECT person.auth_epoch, person.is_admin, person.is_auditor, key.allowances FROM account_user person
    LEFT JOIN access_token key ON key.id = %(key)s AND key.user_id = person.id
      AND (key.expires_at IS NULL OR key.expires_at > now())
    WHERE person.id = %(id)s AND person.is_active AND (%(key)s = 0 OR key.id IS NOT NULL)
"""
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
