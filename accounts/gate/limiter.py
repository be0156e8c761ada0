"""How often passwords may be guessed: counts in Valkey, so that all processes share them.

A guess is counted before it is looked at and given back when it was right, so that many at once are no way around. Of one name
from one network there are 5 in a minute and 50 in an hour, from one network 100 in a minute for all names. Windows begin with
their first wrong guess and are not moved by what is refused: any 60 seconds hold at most 10 of a name, and a refusal ends by
itself. Who comes from another network is not touched, and nobody who needs no guess at all: generated secrets, and who was
right a moment ago (accounts.gate). Secrets that somebody chose, for a robot too, are guessed at as passwords are.

Those under way are counted besides: where the five are taken by guesses that are still looked at, as by a slow directory or by
many processes at once, the next one waits a second for one of them to be right before it is refused.

While Valkey is away each process counts for itself. Source: NIST SP 800-63B-4, 3.2.2, rate limiting.
"""

from __future__ import annotations

import hashlib
import math
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute

from access.principal import Origin
from accounts.gate.counting import Counts
from accounts.gate.turns import Turns
from core.addresses import customers_network
from core.errors import TooManyRequests

PREFIX: Final = "wharf-guesses"
MAX_NAME: Final = 255
IPV4_BITS: Final = 24
# Beyond it whoever waits is counted beside the others: a directory that hangs holds nobody longer.
TURN_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.05

OF_NAME: Final = RateLimitItemPerMinute(5)
OF_NAME_LONG: Final = RateLimitItemPerHour(50)
OF_NETWORK: Final = RateLimitItemPerMinute(100)
UNDER_WAY: Final = RateLimitItemPerMinute(1, namespace="UNDER-WAY")
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

    def count(self, counts: Sequence[_Count]) -> _Count | None:
        """Count it under each of them; the first it is beyond, with nothing counted then."""
        for each in counts:
            self._counted.append(each)
            if not _counts.admits(each.limit, each.key):
                self.was_right()
                return each
        return None

    def was_right(self) -> None:
        """It does not count: nobody is kept out by his own right password."""
        for each in self._counted:
            _counts.give_back(each.limit, each.key)
        self._counted.clear()

    def stays_open(self) -> None:
        """Nobody could say, as the directory is away or too much is hashed: it counts for this minute, not for the hour.

        It must count for something: a password of an account's own was looked at all the same.
        """
        for each in [each for each in self._counted if each.limit == OF_NAME_LONG]:
            _counts.give_back(each.limit, each.key)
            self._counted.remove(each)


def name_of(folded: str, epoch: int) -> str:
    """What an account is counted by: a new password, which moves its epoch, begins anew for who was kept out."""
    return f"{epoch} {folded}"


@contextmanager
def turn(name: str, origin: Origin) -> Iterator[None]:
    """One at a time of a name and a network in this process: the second of two at once finds what the first one proved."""
    with _turns.of(_key(name, network_of(origin.ip)), TURN_SECONDS):
        yield


@contextmanager
def guess(name: str, origin: Origin) -> Iterator[Guess]:
    """Around the evaluation of a password for that name. Raises TooManyRequests before it, with nothing counted then.

    Unless `was_right` or `stays_open` is called in it, the guess counts. May wait PATIENCE_SECONDS.
    """
    network = network_of(origin.ip)
    both = _key(name, network)
    counts = (_Count(OF_NAME, both), _Count(OF_NAME_LONG, both), _Count(OF_NETWORK, _key(network)))
    made = Guess()
    until = time.monotonic() + PATIENCE_SECONDS
    refused = _begin(made, counts)
    while refused is not None and refused.limit == OF_NAME and _is_given_back(refused, until):
        refused = _begin(
            made, counts
        )  # again, as another one that waited may have been the first to take the place
    if refused is not None:
        raise _refusal(refused)
    try:
        yield made
    finally:
        _counts.give_back(UNDER_WAY, both)


def _begin(made: Guess, counts: Sequence[_Count]) -> _Count | None:
    """Count it, and among those under way; the limit it is beyond, with nothing counted then.

    It is under way before it is counted: who finds all places taken must not find that nobody has taken them.
    """
    both = counts[0].key
    _counts.admits(UNDER_WAY, both)
    refused = made.count(counts)
    if refused is not None:
        _counts.give_back(UNDER_WAY, both)
    return refused


def _is_given_back(count: _Count, until: float) -> bool:
    """Whether there is a place again, by one of those under way having been right; False at once where none is under way."""
    while time.monotonic() < until:
        if _counts.counted(count.limit, count.key) < count.limit.amount:
            return True
        if _counts.counted(UNDER_WAY, count.key) <= 0:
            return _counts.counted(count.limit, count.key) < count.limit.amount
        time.sleep(LOOK_SECONDS)
    return False


def registration(origin: Origin) -> None:
    """Count an account that somebody makes for himself, 20 an hour of a network. Raises TooManyRequests."""
    count = _Count(REGISTRATIONS, _key("registration", network_of(origin.ip)))
    if not _counts.admits(count.limit, count.key):
        raise _refusal(count)


def network_of(ip: str | None) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: what one customer of a provider has. "" for no address."""
    return str(customers_network(ip, IPV4_BITS) or "")


def _key(*parts: str) -> str:
    """A name may be a password that was typed into the wrong field: what is counted says no name."""
    text = "\0".join(_folded(part[:MAX_NAME]) for part in parts)
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=secret, digest_size=20).hexdigest()


def _folded(name: str) -> str:
    """Without case, accents and compatibility forms: a directory may take "José" and "jose" for one person."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(each for each in letters if not unicodedata.combining(each))


def _refusal(count: _Count) -> TooManyRequests:
    seconds = max(1, math.ceil(_counts.ends_at(count.limit, count.key) - time.time()))
    return TooManyRequests(
        f"too many attempts from your network did not succeed: try again in {seconds} seconds, "
        "or use an access token or a generated secret, which need not wait",
        retry_after=seconds,
    )
