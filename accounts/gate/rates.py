"""How many requests anybody may make: off until an administrator sets a limit, then counted in Valkey.

What is counted are whole minutes, which begin with the first request of a user, a robot or an address; whatever is refused
counts as well. A person's keys count as he himself does, each robot for itself, everything from an address together. While
Valkey is away each process counts for itself, and no request fails for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

import redis
import structlog
from django.db import DatabaseError
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage, Storage

from access.principal import ActorKind, Origin, Principal
from accounts.gate.counting import Counts
from audit import denials
from config import current
from config.catalogue.limits import REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_OF_ADDRESS
from core.addresses import customers_network
from core.errors import TooManyRequests
from database.transactions import TRY_AGAIN

PREFIX: Final = "wharf-requests"
OPERATION: Final = "request.limit"
IPV4_BITS: Final = 32
# The settings are looked up no more often: a comparison of clocks is all that a request costs while limits are off.
FRESH_SECONDS: Final = 1.0
# In one round trip: count each key, and say when its window ends.
_COUNT: Final = """
    local answer = {}
    for place, key in ipairs(KEYS) do
      local count = redis.call('INCR', key)
      if count == 1 then redis.call('EXPIRE', key, ARGV[1]) end
      answer[2 * place - 1] = count
      answer[2 * place] = redis.call('PTTL', key)
    end
    return answer
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests a minute; 0 for no limit."""

    of_principal: int = 0
    of_address: int = 0


NONE: Final = Limits()


@dataclass(frozen=True, slots=True)
class Excess:
    """Somebody is over a limit: whose it is, and for how many seconds still."""

    whose: str
    limit: int
    seconds: int

    def refusal(self) -> TooManyRequests:
        return TooManyRequests(
            f"too many requests: {self.whose} may make {self.limit} a minute, try again in {self.seconds} seconds",
            retry_after=self.seconds,
        )


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one request is counted as: a limit and a key."""

    whose: str
    limit: RateLimitItem
    key: str


class _Rates(Counts):
    """Counts of several keys at once."""

    def first_excess(self, counted: Sequence[_Counted]) -> Excess | None:
        """Count a request; the longest of the limits that it is beyond."""
        return self._ask(lambda kept: _first_excess(kept, counted))


_rates = _Rates(PREFIX)
_limits: tuple[Limits, float] = (NONE, float("-inf"))


def check_address(origin: Origin) -> None:
    """Count a request of that address, before anything is looked at: proving somebody costs a hash.

    Raises TooManyRequests, and records that as a refusal. May read the settings.
    """
    wanted = limits()
    if wanted is not NONE:
        nobody = Principal.anonymous(origin)
        _refuse(_excess(wanted, nobody.kind, nobody.id, origin.ip), nobody)


def check_principal(actor: Principal) -> None:
    """Count a request of the user or robot that was proven, whose address is counted already. Raises as `check_address`."""
    wanted = limits()
    if wanted is not NONE:
        _refuse(_excess(wanted, actor.kind, actor.id, None), actor)


def _refuse(excess: Excess | None, who: Principal) -> None:
    if excess is not None:
        refusal = excess.refusal()
        denials.record(who, OPERATION, reason=refusal.message)
        raise refusal


def admits(kind: ActorKind, id_: int, ip: str | None) -> bool:
    """Count a request without touching the database; whether it is within the limits. False also where these must be read."""
    wanted, stale_at = _limits
    if time.monotonic() > stale_at:
        return False
    return wanted is NONE or _excess(wanted, kind, id_, ip) is None


def limits() -> Limits:
    """Those in force, at most a second old; those that were when the database is away."""
    global _limits
    known, stale_at = _limits
    if time.monotonic() <= stale_at:
        return known
    try:
        found = Limits(current.get(REQUESTS_PER_MINUTE), current.get(REQUESTS_PER_MINUTE_OF_ADDRESS))
    except (DatabaseError, *TRY_AGAIN) as error:
        log.warning("limits of requests cannot be read", reason=str(error).strip())
        found = known
    _limits = (NONE if found == NONE else found, time.monotonic() + FRESH_SECONDS)
    return _limits[0]


def forget() -> None:
    """Read the limits again at the next request, for tests that change them."""
    global _limits
    _limits = (NONE, float("-inf"))


def _excess(wanted: Limits, kind: ActorKind, id_: int, ip: str | None) -> Excess | None:
    counted = []
    if wanted.of_principal and kind in (ActorKind.USER, ActorKind.ROBOT):
        counted.append(_Counted("one user or robot", _item(wanted.of_principal), f"{kind}:{id_}"))
    if wanted.of_address and ip:
        counted.append(_Counted("one address", _item(wanted.of_address), address_of(ip)))
    return _rates.first_excess(counted) if counted else None


@lru_cache(maxsize=4096)
def address_of(ip: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: whoever has one of these has them all."""
    network = customers_network(ip, IPV4_BITS)
    return ip if network is None else str(network).removesuffix(f"/{IPV4_BITS}")


@lru_cache(maxsize=16)
def _item(amount: int) -> RateLimitItem:
    return RateLimitItemPerMinute(amount)


def _first_excess(kept: Storage, counted: Sequence[_Counted]) -> Excess | None:
    found = [
        Excess(each.whose, each.limit.amount, seconds)
        for each, (count, seconds) in zip(counted, _count(kept, counted), strict=True)
        if count > each.limit.amount
    ]
    return max(found, key=lambda excess: excess.seconds, default=None)


def _count(kept: Storage, counted: Sequence[_Counted]) -> list[tuple[int, int]]:
    """(how many by now, seconds until the window ends) of each."""
    keys = [f"{each.key}:{each.limit.amount}" for each in counted]
    minute = counted[0].limit.get_expiry()
    if isinstance(kept, RedisStorage):
        names = [kept.prefixed_key(key) for key in keys]
        valkey = cast("redis.Redis", kept.get_connection())
        answer = cast("list[int]", valkey.eval(_COUNT, len(names), *names, minute))
        return [(count, _whole(left / 1000)) for count, left in zip(answer[::2], answer[1::2], strict=True)]
    return [(kept.incr(key, minute), _whole(kept.get_expiry(key) - time.time())) for key in keys]


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
