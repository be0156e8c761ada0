"""Blocks of seals: the rows sealed at one moment, each with a code of its own, chained block to block.

A row's code is HMAC-SHA256 over its number in the chain and its canonical form, cut to 16 bytes; a block's head is HMAC-SHA256
over everything the block says, the codes and the head of the block before among it. So one changed row is named without reading
the others, and no block can be left out, changed or put elsewhere without the key. Decision record 0015.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from audit.seal.form import FORM, Row
from audit.seal.keys import Key
from database import sql

CODE_BYTES: Final = 16
NOTHING_BEFORE: Final = bytes(32)
FIRST_SEQ: Final = 1
LOWEST_ID: Final = -(2**63)

_ENTRY: Final = struct.Struct(f">qH{CODE_BYTES}s")
_SEQ: Final = struct.Struct(">q")
_FACTS: Final = struct.Struct(">qqqqqqqqih")
_LENGTH: Final = struct.Struct(">I")

# timestamptz in its own unit, so that no clock or time zone is asked: microseconds since 2000-01-01 UTC.
MICROSECONDS: Final = """
    CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0} - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint ELSE 0 END
"""
_COLUMNS: Final = (
    f"n, {MICROSECONDS.format('ts')}, first_seq, horizon, mark_xid, mark_id, base, top, count, form, key, prev, head, notes, "
    "entries"
)
# For this transaction. The newest rows are the least known to the planner: believing that there are few, it would read and sort
# all of them for each block.
BY_INDEX: Final = (
    "set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true), "
    "set_config('enable_seqscan', 'off', true)"
)
_LAST: Final = f"SELECT {_COLUMNS} FROM audit_seal ORDER BY n DESC LIMIT 1"
_INSERT = """
    INSERT INTO audit_seal (n, ts, first_seq, horizon, mark_xid, mark_id, base, top, count, form, key, prev, head, notes,
                            entries)
    VALUES (%(n)s, timestamptz '2000-01-01 00:00:00+00' + %(ts)s::bigint * interval '1 microsecond', %(first_seq)s,
            %(horizon)s, %(mark_xid)s, %(mark_id)s, %(base)s, %(top)s, %(count)s, %(form)s, %(key)s, %(prev)s, %(head)s,
            %(notes)s, %(entries)s)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sealed row: its id, its month (seal_form.Row) and its code."""

    id: int
    month: int
    code: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `first_seq` to `last_seq` of the chain, none if `count` is 0.

    Every row that was there has (xid, id) <= (`mark_xid`, `mark_id`) or id <= `base`; `horizon`: the oldest transaction that
    was still under way; `top`: the highest id sealed so far; `ts`: microseconds since 2000-01-01 UTC; `notes`: JSON, or "".
    """

    n: int
    ts: int
    first_seq: int
    horizon: int
    mark_xid: int
    mark_id: int
    base: int
    top: int
    count: int
    form: int
    key: str
    prev: bytes
    head: bytes
    notes: str
    entries: bytes

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.count - 1

    @property
    def mark(self) -> tuple[int, int]:
        return self.mark_xid, self.mark_id

    def rows(self) -> Iterator[tuple[int, Entry]]:
        """The entries with their numbers. A block whose entries have another length than it says gives those that are whole."""
        whole = len(self.entries) // _ENTRY.size * _ENTRY.size
        for number, fields in enumerate(_ENTRY.iter_unpack(self.entries[:whole])):
            yield self.first_seq + number, Entry(*fields)

    def head_by(self, key: Key) -> bytes:
        """What `head` must be. Raises struct.error for numbers no block can have."""
        facts = _FACTS.pack(
            self.n,
            self.ts,
            self.first_seq,
            self.horizon,
            self.mark_xid,
            self.mark_id,
            self.base,
            self.top,
            self.count,
            self.form,
        )
        parts = (self.key.encode(), self.prev, self.notes.encode(), self.entries)
        sized = b"".join(_LENGTH.pack(len(part)) + part for part in parts)
        return hmac.digest(key.codes, b"wharf audit block v1\0" + facts + sized, "sha256")

    def is_by(self, key: Key) -> bool:
        return len(self.entries) == self.count * _ENTRY.size and hmac.compare_digest(
            self.head, self.head_by(key)
        )


def code(codes: bytes, seq: int, row: Row) -> bytes:
    """The code of a row as number `seq`; `codes` is Key.codes."""
    return hmac.digest(codes, _SEQ.pack(seq) + row.canonical(), "sha256")[:CODE_BYTES]


def packed(codes: bytes, first_seq: int, rows: Iterable[Row]) -> bytes:
    """The entries of a block: 26 bytes a row."""
    return b"".join(
        _ENTRY.pack(row.id, row.month, code(codes, seq, row)) for seq, row in enumerate(rows, start=first_seq)
    )


def after(last: Block | None, key: Key, **facts: Any) -> Block:
    """The block that follows `last`, complete but for its head and what `facts` say otherwise."""
    if last is None:
        before: dict[str, Any] = {"n": 0, "first_seq": FIRST_SEQ, "prev": NOTHING_BEFORE}
        before |= {"horizon": 0, "mark_xid": 0, "mark_id": 0, "base": LOWEST_ID, "top": 0}
    else:
        before = {"n": last.n + 1, "first_seq": last.last_seq + 1, "prev": last.head}
        before |= {"horizon": last.horizon, "mark_xid": last.mark_xid, "mark_id": last.mark_id}
        before |= {"base": last.base, "top": last.top}
    nothing: dict[str, Any] = {
        "count": 0,
        "form": FORM,
        "notes": "",
        "entries": b"",
        "head": b"",
        "key": key.id,
    }
    draft = Block(**(before | nothing | facts))
    return replace(draft, head=draft.head_by(key))


def insert(block: Block) -> None:
    sql.execute(_INSERT, {name: getattr(block, name) for name in block.__slots__})


def last() -> Block | None:
    """The newest block."""
    found = sql.row(_LAST)
    return None if found is None else _block(found)


def first_number(since: datetime | None) -> int | None:
    """The number of the oldest block, or of the first one sealed at `since` or later."""
    if since is None:
        found = sql.value("SELECT n FROM audit_seal ORDER BY n LIMIT 1")
    else:
        found = sql.value("SELECT n FROM audit_seal WHERE ts >= %s ORDER BY n LIMIT 1", (since,))
    return None if found is None else int(found)


def last_number(until: datetime | None) -> int | None:
    """The number of the newest block, or of the last one sealed before `until`."""
    if until is None:
        found = sql.value("SELECT n FROM audit_seal ORDER BY n DESC LIMIT 1")
    else:
        found = sql.value("SELECT n FROM audit_seal WHERE ts < %s ORDER BY n DESC LIMIT 1", (until,))
    return None if found is None else int(found)


def between(first: int, last_: int) -> list[Block]:
    """The blocks of these numbers, both included, in order."""
    query = f"SELECT {_COLUMNS} FROM audit_seal WHERE n BETWEEN %s AND %s ORDER BY n, ts"
    return [_block(found) for found in sql.rows(query, (first, last_))]


def with_notes() -> Iterator[Block]:
    """Those that say more than which rows they seal, in order; a purge of a day of pulls makes one."""
    for (n,) in sql.rows("SELECT n FROM audit_seal WHERE NOT notes = '' ORDER BY n"):
        yield from between(n, n)


def notes() -> Iterator[str]:
    """Their notes alone."""
    for (found,) in sql.rows("SELECT notes FROM audit_seal WHERE NOT notes = '' ORDER BY n"):
        yield found


def _block(found: sql.Row) -> Block:
    fields = list(found)
    for index in (11, 12, 14):
        fields[index] = bytes(fields[index])
    return Block(*fields)
