"""What keeps a slow or dead directory from costing more than the one who asks it: slots, deadlines, circuits.

All of it is of one process, and none of it asks a directory.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from core.errors import DirectoryUnavailable

# Calls at once per process, and others that wait for one of them to end. A server's threads outnumber both together, so that a
# dead directory never holds all of them.
MAX_CALLS: Final = 16
MAX_WAITING: Final = 64
WAIT_SECONDS: Final = 2.0
# Of either, those of one client: who tries passwords in parallel leaves most of them to everybody else.
CALLS_OF_CLIENT: Final = 4
WAITING_OF_CLIENT: Final = 16
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


class Slots:
    """Who asks now, and who waits to. A client is an address people sign in from; "" is none: jobs and commands, never many."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.asking: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()

    @contextmanager
    def one(self, deadline: Deadline, client: str = "") -> Iterator[None]:
        """One of the MAX_CALLS, waited for until WAIT_SECONDS or `deadline` are over. Raises DirectoryUnavailable."""
        with self._changed:
            if not self._is_free(client):
                self._wait(client, deadline.left(WAIT_SECONDS))
            self.asking[client] += 1
        try:
            yield
        finally:
            with self._changed:
                _less(self.asking, client)
                self._changed.notify_all()

    def _is_free(self, client: str) -> bool:
        return _has_room(self.asking, client, MAX_CALLS, CALLS_OF_CLIENT)

    def _wait(self, client: str, seconds: float) -> None:
        if not _has_room(self.waiting, client, MAX_WAITING, WAITING_OF_CLIENT):
            raise _crowded(client)
        self.waiting[client] += 1
        try:
            if not self._changed.wait_for(lambda: self._is_free(client), seconds):
                raise _crowded(client)
        finally:
            _less(self.waiting, client)


def _has_room(counted: Counter[str], client: str, most: int, of_client: int) -> bool:
    return counted.total() < most and (not client or counted[client] < of_client)


def _less(counted: Counter[str], client: str) -> None:
    counted[client] -= 1
    if not counted[client]:
        del counted[client]


def _crowded(client: str) -> DirectoryUnavailable:
    return DirectoryUnavailable(
        "too many people are being checked already",
        hint=f"the directory answers too slowly, or {client or 'somebody'} tries many passwords at once",
    )


circuits = Circuits()
slots = Slots()


def forget() -> None:
    """Try servers again that failed a moment ago, with all slots free; for tests that mend them."""
    global circuits, slots
    circuits = Circuits()
    slots = Slots()


# What another thread held here at the fork would never be given back in the child.
os.register_at_fork(after_in_child=forget)
