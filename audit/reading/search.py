"""Pages of the audit log, by the place where the page before ended: no page is further away than another.

A page is found by its keys first: of each list that an index has in the order of time, as many as fill the page; then the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from audit.reading.conditions import Branch, Question, branches, together
from audit.reading.cursor import Cursor
from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.reading.limits import TABLES, bounded
from audit.reading.parameters import Parameters
from audit.reading.rows import COLUMNS, entry
from audit.reading.scope import Scope
from audit.streams import Stream
from core.errors import InvalidInput
from database import sql

MOST: Final = 500
"""Entries of a page."""
BOUND: Final = 10_000
"""So far is counted, and so far may be skipped."""
MOST_LISTS: Final = 16
"""With more projects or operations than that, some of them are frequent: they are found in the order of time."""


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: where the next page begins, None at the end. `at`: when it was read, by the database's clock."""

    entries: list[Entry]
    next: Cursor | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """So many entries, or (not `exact`) more than so many."""

    n: int
    exact: bool


def search(
    scope: Scope,
    wanted: Filter,
    *,
    after: Cursor | None = None,
    size: int = 50,
    skip: int = 0,
    oldest_first: bool = False,
) -> Page:
    """One page, newest first. `skip`: at most BOUND; `after`: a page of the same search. Raises InvalidInput, SearchTooLong.

    Whoever follows `next` reads each entry that was there when he began exactly once, whatever is written meanwhile. A search
    that does not say since when goes on since when its first page did.
    """
    if not (0 < size <= MOST and 0 <= skip <= BOUND):
        raise InvalidInput(f"a page has 1 to {MOST} entries, and at most {BOUND} can be skipped", size=size)
    order = "ASC" if oldest_first else "DESC"
    if after is not None and wanted.since is None:
        wanted = replace(wanted, since=after.since)
    with bounded() as times:
        question = Question(scope, wanted, times)
        found = _Keys(question, order, after).rows(size + 1, skip)
    entries = [entry(row) for row in found[:size]]
    more = len(found) > size
    following = Cursor(entries[-1].ts, entries[-1].id, question.span.since) if more else None
    return Page(entries, following, times.now)


def count(scope: Scope, wanted: Filter, bound: int = BOUND) -> Count:
    """How many entries, counted to `bound`. Raises SearchTooLong."""
    with bounded() as times:
        n = _Keys(Question(scope, wanted, times)).count(bound + 1)
    return Count(min(n, bound), n <= bound)


@dataclass(slots=True)
class _Keys:
    """The keys (stream, ts, id) of what is looked for, as parts of a statement."""

    question: Question
    order: str = "DESC"
    after: Cursor | None = None

    def rows(self, size: int, skip: int) -> list[sql.Row]:
        parameters = Parameters()
        parts = self._parts(parameters, size + skip)
        if not parts:
            return []
        order = f"ORDER BY ts {self.order}, id {self.order}"
        statement = f"""
            WITH found AS MATERIALIZED (
              SELECT stream, ts, id FROM ({_united(parts)}) each
              {order} OFFSET {parameters.add(skip)}::integer LIMIT {parameters.add(size)}::integer)
            {" UNION ALL ".join(self._whole(stream, parameters) for stream in _streams(parts))}
            ORDER BY 3 {self.order}, 2 {self.order}
        """
        return sql.rows(statement, parameters)

    def count(self, most: int) -> int:
        parameters = Parameters()
        limit = parameters.add(most)
        parts = [
            f"(SELECT FROM {TABLES[stream]} r WHERE {together(found, parameters)} LIMIT {limit}::integer)"
            for stream in Stream
            if (found := self._branches(stream, parameters))
        ]
        statement = f"SELECT count(*) FROM ({' UNION ALL '.join(parts)}) each"
        return int(sql.value(statement, parameters)) if parts else 0

    def _parts(self, parameters: Parameters, size: int) -> list[tuple[Stream, str]]:
        return [
            (stream, self._listed(stream, branch, parameters, size))
            for stream in Stream
            for each in self._branches(stream, parameters)
            for branch in _lists(stream, each)
        ]

    def _branches(self, stream: Stream, parameters: Parameters) -> list[Branch]:
        return branches(stream, self.question, parameters)

    def _listed(self, stream: Stream, branch: Branch, parameters: Parameters, size: int) -> str:
        return f"""
            SELECT '{stream}' AS stream, r.ts, r.id FROM {TABLES[stream]} r
            WHERE {branch.text(parameters)}{self._beyond(parameters)}
            ORDER BY r.ts {self.order}, r.id {self.order} LIMIT {parameters.add(size)}::integer
        """

    def _beyond(self, parameters: Parameters) -> str:
        if self.after is None:
            return ""
        operator, edge = ("<", "<=") if self.order == "DESC" else (">", ">=")
        ts, id_ = parameters.add(self.after.ts), parameters.add(self.after.id)
        # The second says nothing new: it is what partitions are chosen by.
        return f" AND (r.ts, r.id) {operator} ({ts}, {id_}::bigint) AND r.ts {edge} {ts}"

    def _whole(self, stream: Stream, parameters: Parameters) -> str:
        span = self.question.within(stream)
        since, until = parameters.add(span.since), parameters.add(span.until)
        return f"""
            SELECT {COLUMNS[stream]} FROM found JOIN {TABLES[stream]} r ON r.ts = found.ts AND r.id = found.id
            WHERE found.stream = '{stream}' AND r.ts >= {since} AND r.ts < {until}
        """


def _lists(stream: Stream, branch: Branch) -> list[Branch]:
    """One for each operation or project where events have an index for each of them in the order of time."""
    if stream is Stream.EVENTS:
        for each in branch.lists:
            if 1 < len(each.values) <= MOST_LISTS:
                return branch.apart(each)
    return [branch]


def _united(parts: Sequence[tuple[Stream, str]]) -> str:
    """What two branches of a stream find stands in it once."""
    again = len(parts) > len(_streams(parts))
    return (" UNION " if again else " UNION ALL ").join(f"({statement})" for _, statement in parts)


def _streams(parts: Sequence[tuple[Stream, str]]) -> list[Stream]:
    return list(dict.fromkeys(stream for stream, _ in parts))
