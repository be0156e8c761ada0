"""What keeps a slow or dead directory from costing more than the one who asks it: slots, deadlines, circuits.

All of it is of one process, and none of it asks a directory.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from core.errors import DirectoryUnavailable

# Calls at once per process. A server's threads outnumber it, so that a dead directory never holds all of them.
MAX_CALLS: Final = 16
OPEN_SECONDS: Final = 10.0
# One caller tries a server that failed; the others are told no until he has an answer, or for this long.
PROBE_SECONDS: Final = 6.0
MAX_CIRCUITS: Final = 64

Clock = Callable[[], float]


class Deadline:
    """`seconds` from now on, whatever is done in them."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._seconds = seconds
        self._ends = clock() + seconds

    def left(self, most: float | None = None) -> float:
        """Seconds that remain, at most `most`. Raises DirectoryUnavailable when none do."""
        left = self._ends - self._clock()
        if left <= 0:
            raise DirectoryUnavailable(
                f"the directory took more than {self._seconds:g} seconds", hint="see whether it is overloaded"
            )
        return left if most is None else min(left, most)

    def part(self, seconds: float) -> Deadline:
        """A deadline within this one."""
        return Deadline(self.left(seconds), self._clock)


class Circuits:
    """Which servers failed a moment ago, and how: they are not asked again for OPEN_SECONDS.

    A key is the address together with all settings it was asked with, so that mended settings are tried at once.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: dict[Hashable, tuple[float, DirectoryUnavailable]] = {}

    def refusal(self, key: Hashable) -> DirectoryUnavailable | None:
        """How it failed, while it is not to be asked. When the time is over, the first who asks may try."""
        now = self._clock()
        with self._lock:
            if key not in self._failed:
                return None
            until, failure = self._failed[key]
            if now < until:
                return DirectoryUnavailable(failure.reason, hint=failure.hint)
            self._failed[key] = (now + PROBE_SECONDS, failure)
        return None

    def failed(self, key: Hashable, failure: DirectoryUnavailable) -> None:
        with self._lock:
            self._failed.pop(key, None)
            while len(self._failed) >= MAX_CIRCUITS:
                self._failed.pop(next(iter(self._failed)))
            self._failed[key] = (self._clock() + OPEN_SECONDS, failure)

    def answered(self, key: Hashable) -> None:
        with self._lock:
            self._failed.pop(key, None)


circuits = Circuits()
_slots = threading.BoundedSemaphore(MAX_CALLS)


@contextmanager
def slot() -> Iterator[None]:
    """One of the MAX_CALLS. Raises DirectoryUnavailable at once when all are taken."""
    slots = _slots
    if not slots.acquire(blocking=False):
        raise DirectoryUnavailable(
            f"{MAX_CALLS} people are being checked already", hint="the directory answers too slowly"
        )
    try:
        yield
    finally:
        slots.release()


def forget() -> None:
    """Try servers again that failed a moment ago, with all slots free; for tests that mend them."""
    global circuits, _slots
    circuits = Circuits()
    _slots = threading.BoundedSemaphore(MAX_CALLS)


# What another thread held here at the fork would never be given back in the child.
os.register_at_fork(after_in_child=forget)
