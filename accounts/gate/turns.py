"""One at a time of a key within this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakSet


@dataclass(slots=True)
class _Place:
    lock: threading.Lock = field(default_factory=threading.Lock)
    people: int = 0


class Turns:
    """A lock for each key, which exists while somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._places: dict[Hashable, _Place] = {}
        self._guard = threading.Lock()
        _all.add(self)

    @contextmanager
    def of(self, key: Hashable, seconds: float) -> Iterator[bool]:
        """Wait for one's turn; True, or False when `seconds` have passed and it has not come."""
        with self._guard:
            place = self._places.setdefault(key, _Place())
            place.people += 1
        is_held = place.lock.acquire(timeout=seconds)
        try:
            yield is_held
        finally:
            if is_held:
                place.lock.release()
            with self._guard:
                place.people -= 1
                if not place.people:
                    self._places.pop(key, None)

    def forget(self) -> None:
        """In a child: locks held by threads it does not have would never be released."""
        self._places, self._guard = {}, threading.Lock()


_all: WeakSet[Turns] = WeakSet()


def _after_fork() -> None:
    for turns in list(_all):
        turns.forget()


os.register_at_fork(after_in_child=_after_fork)
