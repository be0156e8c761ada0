"""Counts that all processes share, in Valkey; while it is away, in this process alone.

Losing Valkey delays and loses nothing: whoever counts never fails for it, and never waits for it longer than a fraction of a
second in any five seconds.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar
from weakref import WeakSet

import redis
import structlog
from django.conf import settings
from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_SECONDS: Final = 0.2
AWAY_SECONDS: Final = 5.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Counts:
    """Fixed windows: one begins with the first that is counted and ends after the time of its limit."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._lock = threading.Lock()
        self._shared: RedisStorage | None = None
        self._own: MemoryStorage | None = None
        self._away_until = float("-inf")
        _all.add(self)

    def admits(self, limit: RateLimitItem, key: str) -> bool:
        """Count one more; whether that is within the limit. What is not is counted too, until it is given back."""
        return self._ask(lambda kept: kept.incr(limit.key_for(key), limit.get_expiry())) <= limit.amount

    def give_back(self, limit: RateLimitItem, key: str) -> None:
        """Count one less."""

        def less(kept: Storage) -> None:
            name = limit.key_for(key)
            if (
                kept.incr(name, limit.get_expiry(), -1) < 0
            ):  # its window had ended: nothing is owed to the next one
                kept.clear(name)

        self._ask(less)

    def counted(self, limit: RateLimitItem, key: str) -> int:
        """How many there are in the present window."""
        return int(self._ask(lambda kept: kept.get(limit.key_for(key))))

    def ends_at(self, limit: RateLimitItem, key: str) -> float:
        """When the present window ends, in seconds since the epoch."""
        return float(self._ask(lambda kept: kept.get_expiry(limit.key_for(key))))

    def forget(self) -> None:
        """In a child: the parent's sockets, and locks held by threads it does not have."""
        self._lock, self._shared, self._own = threading.Lock(), None, None

    def _ask(self, question: Callable[[Storage], T]) -> T:
        if time.monotonic() >= self._away_until:
            try:
                return question(self._valkey())
            except (redis.RedisError, OSError) as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("counts are kept by each process for itself", reason=repr(error))
        return question(self._memory())

    def _valkey(self) -> RedisStorage:
        with self._lock:
            if self._shared is None:
                pool = redis.ConnectionPool.from_url(
                    settings.WHARF_REDIS_URL,
                    socket_timeout=PATIENCE_SECONDS,
                    socket_connect_timeout=PATIENCE_SECONDS,
                    # Once more, at once: a connection that was idle may have been closed by the server.
                    retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
                )
                # The address is the pool's: this one only says which client to use.
                self._shared = RedisStorage("redis://", connection_pool=pool, key_prefix=self._prefix)
            return self._shared

    def _memory(self) -> MemoryStorage:
        with self._lock:
            if self._own is None:
                self._own = MemoryStorage()
            return self._own


_all: WeakSet[Counts] = WeakSet()


def _after_fork() -> None:
    for counts in list(_all):
        counts.forget()


os.register_at_fork(after_in_child=_after_fork)
