"""How often passwords may be guessed: counts in Valkey, so that all processes share them.

A guess is counted before it is looked at and given back when it was right, so that many at once are no way around. Of one name
from one network there are 5 in a minute and 50 in an hour, from one network 100 in a minute for all names. Windows begin with
their first wrong guess and are not moved by what is refused: any 60 seconds hold at most 10 of a name, and a refusal ends by
itself. Who comes from another network is not touched, and nobody who needs no guess at all: robots, access tokens, and who was
right a moment ago (accounts.gate).

While Valkey is away each process counts for itself. Source: NIST SP 800-63B-4, 3.2.2, rate limiting.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute

from access.principal import Origin
from accounts.gate.counting import Counts
from accounts.gate.turns import Turns
from core.errors import TooManyRequests

PREFIX: Final = "wharf-guesses"
MAX_NAME: Final = 255
# Beyond it whoever waits is counted beside the others: a directory that hangs holds nobody longer.
TURN_SECONDS: Final = 5.0

OF_NAME: Final = RateLimitItemPerMinute(5)
OF_NAME_LONG: Final = RateLimitItemPerHour(50)
OF_NETWORK: Final = RateLimitItemPerMinute(100)
REGISTRATIONS: Final = RateLimitItemPerHour(20)

_counts = Counts(PREFIX)
_turns = Turns()


@dataclass(frozen=True, slots=True)
class _Count:
    """One limit and what it counts: (limit, key)."""

    limit: RateLimitItem
    key: str


@dataclass(slots=True)
class Guess:
    """One guess that was counted."""

    _counted: list[_Count] = field(default_factory=list)

    def was_right(self) -> None:
        """It does not count: nobody is kept out by his own right password."""
        for each in self._counted:
            _counts.give_back(each.limit, each.key)
        self._counted.clear()

    def stays_open(self) -> None:
        """Nobody could say, as the directory is away: it counts for this minute, not for the hour.

        It must count for something: a password of an account's own was looked at all the same.
        """
        for each in [each for each in self._counted if each.limit == OF_NAME_LONG]:
            _counts.give_back(each.limit, each.key)
            self._counted.remove(each)


@contextmanager
def turn(name: str, origin: Origin) -> Iterator[None]:
    """One at a time of a name and a network in this process: the second of two at once finds what the first one proved."""
    with _turns.of(_key(name, network_of(origin.ip)), TURN_SECONDS):
        yield


@contextmanager
def guess(name: str, origin: Origin) -> Iterator[Guess]:
    """Around the evaluation of a password for that name. Raises TooManyRequests before it, with nothing counted then.

    Unless `was_right` or `stays_open` is called in it, the guess counts.
    """
    network = network_of(origin.ip)
    both = _key(name, network)
    made = Guess()
    for count in (_Count(OF_NAME, both), _Count(OF_NAME_LONG, both), _Count(OF_NETWORK, _key(network))):
        made._counted.append(count)  # noqa: SLF001 - the list of the class above
        if not _counts.admits(count.limit, count.key):
            made.was_right()
            raise _refusal(count)
    yield made


def registration(origin: Origin) -> None:
    """Count an account that somebody makes for himself, 20 an hour of a network. Raises TooManyRequests."""
    count = _Count(REGISTRATIONS, _key("registration", network_of(origin.ip)))
    if not _counts.admits(count.limit, count.key):
        raise _refusal(count)


def network_of(ip: str | None) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: what one customer of a provider has. "" for no address."""
    try:
        address = ipaddress.ip_address((ip or "").partition("%")[0])
    except ValueError:
        return ""
    plain = getattr(address, "ipv4_mapped", None) or address
    return str(ipaddress.ip_network((plain, 24 if plain.version == 4 else 64), strict=False))


def _key(*parts: str) -> str:
    """A name may be a password that was typed into the wrong field: what is counted says no name."""
    text = "\0".join(unicodedata.normalize("NFKC", part[:MAX_NAME]).lower() for part in parts)
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=secret, digest_size=20).hexdigest()


def _refusal(count: _Count) -> TooManyRequests:
    seconds = max(1, math.ceil(_counts.ends_at(count.limit, count.key) - time.time()))
    return TooManyRequests(
        f"too many attempts from your network did not succeed: try again in {seconds} seconds, "
        "or use a robot or an access token, which need not wait",
        retry_after=seconds,
    )
