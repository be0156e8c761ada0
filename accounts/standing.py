"""What a user, a robot or a key may do as of now: the facts a proven caller is known by, read in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from access import allowances
from access.allowances import Allowances
from access.living import ALIVE, BOUNDS, ELDERS_NETWORKS, within
from access.principal import ActorKind
from accounts.keys.networks import is_within
from database import sql

_USER = """
    SELECT person.auth_epoch, person.is_admin, person.is_auditor, key.allowances, key.networks FROM account_user person
    LEFT JOIN access_token key ON key.id = %(key)s AND key.user_id = person.id
      AND (key.expires_at IS NULL OR key.expires_at > now())
    WHERE person.id = %(id)s AND person.is_active AND (%(key)s = 0 OR key.id IS NOT NULL)
"""
_ROBOT = f"""
    SELECT robot.auth_epoch, robot.allowances, {BOUNDS}, robot.networks, {ELDERS_NETWORKS} FROM robot
    WHERE robot.id = %s AND {ALIVE}
"""

_GIVEN = f"SELECT robot.allowances, {BOUNDS} FROM robot WHERE robot.id = %s"


@dataclass(frozen=True, slots=True)
class Standing:
    """A user or a robot as of now. `allowances`: as access.principal.Principal has them.

    `networks`: those of the key, or of a robot and each it was made by; one may come from places that are in all of them.
    """

    epoch: int
    is_admin: bool = False
    is_auditor: bool = False
    allowances: Allowances | None = None
    networks: tuple[tuple[str, ...], ...] = ()

    def may_come_from(self, ip: str | None) -> bool:
        return all(is_within(each, ip) for each in self.networks)


def standing(kind: ActorKind, id_: int, key_id: int = 0) -> Standing | None:
    """None for whoever is not, is disabled or expired, and for a user whose key is gone. One query; none for the anonymous."""
    if kind is ActorKind.USER:
        return _user(id_, key_id)
    if kind is ActorKind.ROBOT:
        return _robot(id_)
    return Standing(0) if kind is ActorKind.ANONYMOUS else None


def given(robot_id: int) -> Allowances:
    """What a robot may do within those it was made by; of a dead one what it might, were it alive. () for none of that id."""
    found = sql.row(_GIVEN, (robot_id,))
    return () if found is None else within(*found)


def _user(user_id: int, key_id: int) -> Standing | None:
    found = sql.row(_USER, {"id": user_id, "key": key_id})
    if found is None:
        return None
    epoch, is_admin, is_auditor, bounds, networks = found
    held = None if bounds is None else allowances.from_json(bounds)
    return Standing(epoch, is_admin, is_auditor, held, _places(networks or ()))


def _robot(robot_id: int) -> Standing | None:
    found = sql.row(_ROBOT, (robot_id,))
    if found is None:
        return None
    epoch, own, elders, networks, elders_networks = found
    places = _places(networks, *(orjson.loads(each) for each in elders_networks))
    return Standing(epoch, allowances=within(own, elders), networks=places)


def _places(*lists: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(each) for each in lists if each)
