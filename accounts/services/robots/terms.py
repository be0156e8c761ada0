"""The terms a robot is made on: its secret, how long it lives, where it may be used from."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.hashers import make_password

from accounts.keys import secrets
from accounts.keys.lifetimes import days_to_live, expires_after
from accounts.keys.networks import parse_networks
from accounts.models.keys import MAX_DESCRIPTION
from accounts.passwords import check_chosen
from config.catalogue.tokens import ROBOT_MAX_DURATION, ROBOT_TOKEN_DURATION
from core.errors import Denied, InvalidInput
from database import sql

MAX_NETWORKS: Final = 64

_ELDERS = """
    SELECT min(expires_at),
      array_agg(array_to_string(networks, ' ') ORDER BY is_key, id) FILTER (WHERE cardinality(networks) > 0),
      min(expires_at) < now() + make_interval(days => %s)
    FROM (
      SELECT false AS is_key, id, expires_at, networks FROM robot WHERE id = ANY(%s::bigint[])
      UNION ALL SELECT true, id, expires_at, networks FROM access_token WHERE id = %s) elder
"""
_KEY = "SELECT expires_at, networks FROM access_token WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and what is stored of it. Made outside of transactions: hashing takes its time on purpose."""

    text: str = field(repr=False)
    digest: bytes | None = field(repr=False)
    hash: str = field(repr=False)

    @classmethod
    def of(cls, chosen: str | None) -> Secret:
        """A chosen one, else one nobody can guess. Raises InvalidInput."""
        if chosen is None:
            text = secrets.generate(secrets.ROBOT_PREFIX)
            return cls(text, secrets.digest(text), "")
        check_chosen(chosen)
        return cls(chosen, None, make_password(chosen))


@dataclass(frozen=True, slots=True)
class Elders:
    """What the robots a robot is made by hold it to, and the key it is made with: whoever finds a key that ends in an hour, or
    is for one network, must not get another by it that is for ever, or for everywhere.

    `ids` of the robots; `ends_at` None for no end; `networks` one list for each that has some, the key's last.
    """

    ids: tuple[int, ...] = ()
    ends_at: datetime | None = None
    ends_sooner: bool = False
    networks: tuple[Sequence[str], ...] = ()

    @classmethod
    def read(cls, ids: Sequence[int], days: int | None, key_id: int = 0) -> Elders:
        """`ends_sooner`: before `days` from now. One query."""
        if not ids and not key_id:
            return cls()
        ends_at, networks, sooner = sql.one(_ELDERS, (days or 0, list(ids), key_id))
        is_sooner = ends_at is not None and (days is None or bool(sooner))
        return cls(tuple(ids), ends_at, is_sooner, tuple(each.split() for each in networks or ()))


@dataclass(frozen=True, slots=True)
class Reach:
    """How long a key may be used, None for ever, and from which networks, () for everywhere."""

    ends_at: datetime | None
    networks: Sequence[str]

    @classmethod
    def of_key(cls, key_id: int) -> Reach:
        """Of a person's key; without one he reaches everywhere, for ever. One query at most."""
        found = sql.row(_KEY, (key_id,)) if key_id else None
        return cls(*found) if found is not None else cls(None, ())

    def check_holds(self, other: Reach) -> None:
        """What this key gives away by way of `other` is good no longer, and in no other places. Raises Denied."""
        if self.lasts_less(other):
            raise Denied(
                f"the token you come with ends {self.ends_at:%Y-%m-%d %H:%M} UTC, and this robot would not by then: "
                "give it fewer days first, or do it by your password"
            )
        if is_narrower(self.networks, other.networks):
            raise Denied(
                "the token you come with is for some networks, and this robot would be for others as well: "
                "keep it to those of the token, or do it by your password"
            )

    def lasts_less(self, other: Reach) -> bool:
        return self.ends_at is not None and (other.ends_at is None or other.ends_at > self.ends_at)


def lifetime(wanted: int | None) -> int | None:
    """Days, None for ever, by the settings. Raises InvalidInput."""
    return days_to_live(wanted, ROBOT_TOKEN_DURATION, ROBOT_MAX_DURATION)


def expiry(days: int | None, elders: Elders, *, is_default: bool) -> Any:
    """The time of expiry as the database will see it. Nobody said how long when `is_default`: then it is what is left.

    Raises Denied where a robot was to outlive one it is made by, or the key it is made with.
    """
    if not elders.ends_sooner:
        return expires_after(days)
    if not is_default:
        raise Denied(
            "a robot lives no longer than the one it is made by, or the token it is made with, which ends "
            f"{elders.ends_at:%Y-%m-%d %H:%M} UTC: give fewer days, or none to have it end then"
        )
    return elders.ends_at


def description(text: str) -> str:
    """Raises InvalidInput."""
    if len(text) > MAX_DESCRIPTION or not text.replace("\n", "").isprintable():
        raise InvalidInput(
            f"a description has at most {MAX_DESCRIPTION} characters, and no control characters"
        )
    return text


def networks(texts: Collection[str]) -> list[str]:
    """In canonical form; [] for everywhere. Raises InvalidInput."""
    if len(texts) > MAX_NETWORKS:
        raise InvalidInput(f"at most {MAX_NETWORKS} networks: these are {len(texts)}")
    return parse_networks(texts)


def within_elders(wanted: list[str], elders: Elders) -> list[str]:
    """The networks of a robot made by robots or with a key: those of the last of them where none are given. Raises Denied."""
    if not wanted and elders.networks:
        return list(elders.networks[-1])
    for bounds in elders.networks:
        outside = [each for each in wanted if not is_part(each, bounds)]
        if outside:
            raise Denied(
                "a robot is used from no other networks than the one it is made by, or the token it is made with: "
                f"{outside[0]} is outside of those"
            )
    return wanted


def is_part(network: str, of: Sequence[str]) -> bool:
    """Whether all of the network lies in one of these."""
    one = ipaddress.ip_network(network)
    others = (ipaddress.ip_network(each) for each in of)
    return any(one.version == other.version and one.subnet_of(other) for other in others)  # type: ignore[arg-type]  # same version


def is_narrower(new: Sequence[str], old: Sequence[str]) -> bool:
    """Whether there is a place of `old` that is not one of `new`, where an empty list is everywhere."""
    return bool(new) and (not old or any(not is_part(each, new) for each in old))
