"""How many repetitions of a refusal are written, and how many only counted. No clock, no database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Window(Generic[T]):
    """One minute of one key: how many were written, how many suppressed, and the last of them."""

    started: float
    last: T
    written: int = 0
    suppressed: int = 0


class Flood(Generic[T]):
    """Admits the first `per_key` items of a key in `seconds`, and at most `in_all` items of all keys.

    Suppressed items are handed out by `take_expired` once their window is over. Not thread-safe. At most
    `max_keys` windows are kept; the oldest leaves early when there are more.
    """

    def __init__(self, *, per_key: int, in_all: int, seconds: float, max_keys: int = 4096) -> None:
        self._per_key = per_key
        self._in_all = in_all
        self._seconds = seconds
        self._max_keys = max_keys
        self._windows: OrderedDict[Hashable, Window[T]] = OrderedDict()
        self._expired: list[Window[T]] = []
        self._total_started = float("-inf")
        self._total = 0

    def admit(self, key: Hashable, item: T, now: float) -> bool:
        """Whether `item` is to be written at `now` (seconds of any steady clock); if not, it is counted."""
        window = self._window(key, item, now)
        window.last = item
        if window.written < self._per_key and self._total_admits(now):
            window.written += 1
            return True
        window.suppressed += 1
        return False

    def take_expired(self, now: float) -> list[Window[T]]:
        """The finished windows that hold suppressed items; each is handed out once."""
        while self._windows and now - next(iter(self._windows.values())).started >= self._seconds:
            self._retire(self._windows.popitem(last=False)[1])
        taken, self._expired = self._expired, []
        return taken

    def _window(self, key: Hashable, item: T, now: float) -> Window[T]:
        window = self._windows.get(key)
        if window is not None and now - window.started < self._seconds:
            return window
        if window is not None:
            self._retire(self._windows.pop(key))
        if len(self._windows) >= self._max_keys:
            self._retire(self._windows.popitem(last=False)[1])
        self._windows[key] = Window(now, item)
        return self._windows[key]

    def _retire(self, window: Window[T]) -> None:
        if window.suppressed:
            self._expired.append(window)

    def _total_admits(self, now: float) -> bool:
        if now - self._total_started >= self._seconds:
            self._total_started, self._total = now, 0
        self._total += 1
        return self._total <= self._in_all
