"""The rows of the log as verification reads them: once, in the order of their ids, a page at a time.

Seals name rows in the order of their transactions, which is nearly that of the ids: what is read before it is named waits here.
Memory stays within a few pages, however long the log is and whatever somebody wrote into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.db import transaction

from audit.seal.blocks import BY_INDEX
from audit.seal.form import SELECTED, Row
from database import sql

PAGE: Final = 10_000
READ_AHEAD: Final = 4
"""How many times the rows that are asked for may be read to find them, before the missing ones are looked up singly."""

_PAGE: Final = f"""
    SELECT ts::text, {SELECTED} FROM audit_event
    WHERE audit_event.id >= %s AND (audit_event.id, audit_event.ts) > (%s, %s::text::timestamptz)
    ORDER BY audit_event.id, audit_event.ts LIMIT {PAGE}
"""
_SINGLE: Final = f"""
    SELECT ts::text, {SELECTED} FROM audit_event WHERE audit_event.id = ANY(%s::bigint[]) ORDER BY audit_event.id
"""


class Walk:
    """Hands out rows by id. `after`: rows up to this id belong to blocks that are not read."""

    def __init__(self, after: int) -> None:
        self._position: tuple[int, str] = (after, "infinity")
        self._held: dict[int, list[Row]] = {}
        self._singly: set[tuple[int, bytes]] = set()

    @property
    def position(self) -> int:
        """Every row up to this id has been read."""
        return self._position[0]

    def fetch(self, ids: Sequence[int]) -> None:
        """Read so far that every one of these rows that exists can be taken."""
        if not ids:
            return
        highest, budget = max(ids), READ_AHEAD * len(ids) + PAGE
        while self.position < highest and budget > 0:
            read = self._read_page()
            budget -= read
            if not read:
                self._position = (highest, "infinity")
        beyond = [id_ for id_ in ids if id_ > self.position and id_ not in self._held]
        for row in singly(beyond) if beyond else ():
            self._singly.add((row.id, row.record))
            self._held.setdefault(row.id, []).append(row)

    def take(self, id_: int) -> list[Row]:
        """The rows of that id, which are given away: none, one, or more where somebody wrote another one."""
        return self._held.pop(id_, [])

    def waiting(self) -> Iterator[Row]:
        """Rows that were read and not taken, by id."""
        for id_ in sorted(self._held):
            yield from self._held[id_]

    def ending(self) -> Iterator[Row]:
        """Rows that were read and not taken, then all that follow."""
        yield from list(self.waiting())
        self._held.clear()
        while self._read_page():
            yield from list(self.waiting())
            self._held.clear()

    def forget(self, row: Row) -> None:
        left = [each for each in self._held.get(row.id, []) if each is not row]
        if left:
            self._held[row.id] = left
        else:
            self._held.pop(row.id, None)

    def _read_page(self) -> int:
        with transaction.atomic():
            sql.row(f"SELECT {BY_INDEX}")
            page = sql.rows(_PAGE, (self._position[0], *self._position))
        for ts, row in map(_row, page):
            self._position = (row.id, ts)
            if (row.id, row.record) in self._singly:
                self._singly.discard((row.id, row.record))
            else:
                self._held.setdefault(row.id, []).append(row)
        return len(page)


def singly(ids: Sequence[int]) -> Iterator[Row]:
    """The rows of these ids, wherever they are."""
    return (row for _, row in map(_row, sql.rows(_SINGLE, (list(ids),))))


def _row(found: sql.Row) -> tuple[str, Row]:
    ts, id_, xid, month, record, detail = found
    return ts, Row(id_, xid, month, bytes(record), detail)


def exists_in(month: int) -> bool:
    """Whether the log has any row of the month (seal_form.Row)."""
    query = """
        SELECT EXISTS (SELECT FROM audit_event
          WHERE ts >= make_timestamptz(%(y)s, %(m)s, 1, 0, 0, 0, 'UTC')
            AND ts < make_timestamptz(%(y)s, %(m)s, 1, 0, 0, 0, 'UTC') + interval '1 month')
    """
    return bool(sql.value(query, {"y": max(month // 12, 1), "m": month % 12 + 1}))
