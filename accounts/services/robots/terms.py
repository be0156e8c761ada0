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
    SELECT min(expires_at), array_agg(array_to_string(networks, ' ') ORDER BY id) FILTER (WHERE cardinality(networks) > 0),
      min(expires_at) < now() + make_interval(days => %s)
    FROM robot WHERE id = ANY(%s::bigint[])
"""


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
    """What the robots a robot is made by hold it to: `ends_at` None for no end, `networks` one list for each that has some."""

    ids: tuple[int, ...] = ()
    ends_at: datetime | None = None
    ends_sooner: bool = False
    networks: tuple[Sequence[str], ...] = ()

    @classmethod
    def read(cls, ids: Sequence[int], days: int | None) -> Elders:
        """`ends_sooner`: before `days` from now. One query."""
        if not ids:
            return cls()
        ends_at, networks, sooner = sql.one(_ELDERS, (days or 0, list(ids)))
        is_sooner = ends_at is not None and (days is None or bool(sooner))
        return cls(tuple(ids), ends_at, is_sooner, tuple(each.split() for each in networks or ()))


def lifetime(wanted: int | None) -> int | None:
    """Days, None for ever, by the settings. Raises InvalidInput."""
    return days_to_live(wanted, ROBOT_TOKEN_DURATION, ROBOT_MAX_DURATION)


def expiry(days: int | None, elders: Elders, *, is_default: bool) -> Any:
    """The time of expiry as the database will see it. Nobody said how long when `is_default`: then it is what is left.

    Raises Denied where a robot was to outlive one it is made by.
    """
    if not elders.ends_sooner:
        return expires_after(days)
    if not is_default:
        raise Denied(
            "a robot lives no longer than the one it is made by, which ends "
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
    """The networks of a robot made by robots: those of the last of them where none are given. Raises Denied."""
    if not wanted and elders.networks:
        return list(elders.networks[-1])
    for bounds in elders.networks:
        outside = [each for each in wanted if not is_part(each, bounds)]
        if outside:
            raise Denied(
                f"a robot is used from no other networks than the one it is made by: {outside[0]} is outside of those"
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
