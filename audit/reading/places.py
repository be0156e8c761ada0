"""Who may search now: a few at once in one process, so that searches never take all its connections from pulls and pushes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from threading import Condition
from typing import Final

from access.principal import Principal
from core.errors import Unavailable
from database.transactions import release_connection

AT_ONCE: Final = 4
"""Searches of one process: a quarter of the connections it has."""
EACH: Final = 2
"""Searches of one caller."""
WAIT: Final = 1.0
"""Seconds: most searches have ended by then."""
MOST_WAITING: Final = 16

Caller = tuple[str, int]


class Places:
    def __init__(self) -> None:
        self._changed = Condition()
        self._taken: Counter[Caller] = Counter()
        # By order of arrival: who comes later does not overtake, or one of many could wait for ever.
        self._waiting: dict[object, Caller] = {}

    @contextmanager
    def one(self, actor: Principal) -> Iterator[None]:
        """A search of the actor's. Raises Unavailable when there is no place for it within WAIT."""
        caller = (str(actor.kind), actor.id)
        self._take(caller)
        try:
            yield
        finally:
            with self._changed:
                self._taken[caller] -= 1
                self._taken += Counter()  # drops who has none
                self._changed.notify_all()

    def _take(self, caller: Caller) -> None:
        with self._changed:
            if self._is_next(caller):
                self._taken[caller] += 1
                return
        release_connection()  # who waits holds none
        with self._changed:
            if not self._waited(caller):
                raise Unavailable(
                    "enough searches of the audit log are under way: try again in a few seconds",
                    retry_after=5,
                )

    def _waited(self, caller: Caller) -> bool:
        if len(self._waiting) >= MOST_WAITING:
            return False
        ticket = object()
        self._waiting[ticket] = caller
        try:
            has_place = self._changed.wait_for(lambda: self._is_next(caller, ticket), WAIT)
        finally:
            del self._waiting[ticket]
        if has_place:
            self._taken[caller] += 1
        self._changed.notify_all()  # who stood behind may be next
        return has_place

    def _is_next(self, caller: Caller, ticket: object = None) -> bool:
        """Whether there is a place for the caller that nobody before him could take. Without a ticket he is the last."""
        before = takewhile(lambda each: each is not ticket, self._waiting)
        return self._is_free(caller) and not any(self._is_free(self._waiting[each]) for each in before)

    def _is_free(self, caller: Caller) -> bool:
        return self._taken.total() < AT_ONCE and self._taken[caller] < EACH


PLACES: Final = Places()
