"""The audit log as it is written: what is new since the last look."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.reading.scope import Scope
from audit.reading.search import MOST, search

LATE: Final = timedelta(seconds=15)
"""Entries have the time at which their transaction began, pulls that at which they were answered: they are seen later."""


class Tail:
    """Entries as they become visible, each once. What comes later than LATE is not seen: it is found by a search."""

    def __init__(self, scope: Scope, wanted: Filter, first: int) -> None:
        """`first`: begin with so many of what is there already, at most MOST."""
        self._scope, self._wanted, self._first = scope, wanted, min(first, MOST)
        self._seen: dict[int, datetime] = {}
        self._at: datetime | None = None

    def new(self) -> list[Entry]:
        """Oldest first. Raises SearchTooLong."""
        found, at = self._begin() if self._at is None else self._since(self._at - LATE)
        self._seen.update({each.id: each.ts for each in found})
        self._seen = {id_: ts for id_, ts in self._seen.items() if ts >= at - LATE}
        self._at = at
        return found

    def _begin(self) -> tuple[list[Entry], datetime]:
        began = search(self._scope, self._wanted, size=1).at
        # What is there and is not shown now is not new later. What comes after this is: so it is read before what is shown.
        just, at = self._pages(replace(self._wanted, since=began - LATE))
        self._seen = {each.id: each.ts for each in just if each.ts <= at}
        return search(self._scope, self._wanted, size=self._first).entries[::-1], at

    def _since(self, since: datetime) -> tuple[list[Entry], datetime]:
        found, at = self._pages(replace(self._wanted, since=since))
        return [each for each in found if each.id not in self._seen], at

    def _pages(self, wanted: Filter) -> tuple[list[Entry], datetime]:
        page = search(self._scope, wanted, size=MOST, oldest_first=True)
        found, at = page.entries, page.at
        while page.next is not None:
            page = search(self._scope, wanted, after=page.next, size=MOST, oldest_first=True)
            found += page.entries
        return found, at
