"""Compares windows of blocks with the rows they name; what it finds goes into the report in the order of the chain."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from audit.seal import blocks
from audit.seal.agreement import Agreement
from audit.seal.blocks import Block, Entry
from audit.seal.findings import MOST_PROBLEMS, Drops, Kind, Problem, Report
from audit.seal.form import FORM, Row, moment, month_name
from audit.seal.keys import Key, Ring
from audit.seal.walk import Walk, exists_in
from database import sql

BACKDATED: Final = timedelta(hours=6) // timedelta(microseconds=1)
"""No transaction lasts so long, and a row's time is when its transaction began."""
MOST_DIAGNOSED: Final = 10

_SNAPSHOT: Final = f"""
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, {blocks.MICROSECONDS.format("now()")}
"""


@dataclass(slots=True)
class _Gap:
    """Rows of one month, one after the other in the chain, that are gone."""

    seq: int
    event: int
    month: int
    rows: int = 1


class Check:
    """`begin`, then `window` by window, then `end`."""

    def __init__(self, ring: Ring, report: Report, heads: Agreement) -> None:
        self._ring = ring
        self._report = report
        self._heads = heads
        self._drops = Drops.read(blocks.with_notes(), ring)
        self._found: list[tuple[int, Problem]] = []
        self._gap: _Gap | None = None
        self._gaps: list[_Gap] = []
        self._before: Block | None = None
        self._start: Block | None = None
        self._floor: Block | None = None
        self._walk = Walk(blocks.LOWEST_ID)
        self._window: dict[int, Entry] = {}
        self._purged: dict[int, bool] = {}

    def begin(self, first: int, *, partial: bool) -> None:
        """`first`: the number of the first block; `partial`: earlier ones are there and are not looked at."""
        [block, *_] = blocks.between(first, first)
        self._report.first_seq = block.first_seq
        if partial and (earlier := blocks.between(first - 1, first - 1)):
            self._before = self._start = earlier[0]
            self._heads.skip_to(block)
            self._walk = Walk(min((entry.id for _, entry in block.rows()), default=earlier[0].top) - 1)
            return
        if block.n == 0 and block.prev == blocks.NOTHING_BEFORE:
            return
        self._heads.skip_to(block)
        if self._drops.chains.get(block.first_seq - 1) != block.prev.hex():
            text = f"the chain begins at row {block.first_seq}: what was before was dropped, and by no purge that is recorded"
            self._report.add(Problem(Kind.DROPPED, text, block.first_seq))

    def window(self, blocks: list[Block]) -> None:
        self._window = {seq: entry for block in blocks for seq, entry in block.rows()}
        self._walk.fetch([entry.id for entry in self._window.values()])
        for block in blocks:
            self._block(block)
        self._strays(blocks[-1])
        if self._gap is None:
            self._flush()

    def end(self, *, is_whole: bool) -> None:
        """`is_whole`: the last window was the end of the chain."""
        last = self._before
        if last is None:
            return
        self._close_gap(at_end=is_whole)
        if is_whole:
            self._pending(last)
        self._flush()
        self._report.last_seq, self._report.head = last.last_seq, last.head.hex()
        if is_whole:
            self._heads.end(last)

    def _flush(self) -> None:
        for _, problem in sorted(self._found, key=lambda each: each[0]):
            self._report.add(problem)
        self._found.clear()

    def _problem(self, kind: Kind, text: str, seq: int, event: int | None = None) -> None:
        if len(self._found) + self._report.found < 10 * MOST_PROBLEMS:
            self._found.append((seq, Problem(kind, text, seq, event)))

    # Blocks

    def _block(self, block: Block) -> None:
        before = len(self._found) + self._report.found
        key = self._ring.find(block.key)
        self._follows(block)
        if key is None or block.form != FORM:
            what = f"the key {block.key}" if key is None else f"form {block.form}"
            self._problem(
                Kind.SEAL,
                f"rows {block.first_seq} to {block.last_seq} are sealed with {what}, which is not known here: take the key "
                "file of the sealer and the newest Wharf; if it is still unknown, somebody without the key has sealed them",
                block.first_seq,
            )
        codes = key.codes if key is not None and block.form == FORM else None
        for seq, entry in block.rows():
            self._row(seq, entry, block, codes)
        if key is not None and not _is_by(block, key) and before == len(self._found) + self._report.found:
            text = f"the seal of rows {block.first_seq} to {block.last_seq} was changed, or made by somebody without the key"
            self._problem(Kind.SEAL, text, block.first_seq)
        self._report.blocks += 1
        self._found += [(problem.seq or 0, problem) for problem in self._heads.passed(block)]
        self._before = block
        if self._floor is None or block.base != self._floor.base or block.horizon > self._floor.horizon:
            self._floor = block

    def _follows(self, block: Block) -> None:
        last = self._before
        if last is None or (block.n, block.first_seq, block.prev) == (
            last.n + 1,
            last.last_seq + 1,
            last.head,
        ):
            return
        if block.first_seq > last.last_seq + 1:
            text = f"the seals of rows {last.last_seq + 1} to {block.first_seq - 1} are missing"
        else:
            text = f"the seal of rows {block.first_seq} to {block.last_seq} does not follow the one before it"
        self._problem(Kind.SEAL, text, min(last.last_seq + 1, block.first_seq))

    # Rows

    def _row(self, seq: int, entry: Entry, block: Block, codes: bytes | None) -> None:
        """`codes`: Key.codes, None for a key that is not known."""
        found = self._walk.take(entry.id)
        if not found:
            self._missing(seq, entry)
            return
        self._close_gap()
        if codes is None:
            return
        right = next((row for row in found if _is_code(codes, seq, row, entry)), None)
        if right is None:
            self._problem(*self._diagnosed(codes, seq, entry, found[0]), seq, entry.id)
        else:
            self._report.rows += 1
            self._backdated(seq, right, block)
        for row in found:
            if row is not (right or found[0]):
                self._problem(
                    Kind.INSERTED, f"a second row with the id {row.id} was never sealed", seq, row.id
                )

    def _diagnosed(self, codes: bytes, seq: int, entry: Entry, row: Row) -> tuple[Kind, str]:
        """Whether a row that is not what was sealed is another one's, or stands in another one's place."""
        if self._report.found + len(self._found) < MOST_DIAGNOSED:
            for other_seq, other in self._window.items():
                if other_seq == seq:
                    continue
                if _is_code(codes, other_seq, row.with_id(other.id), other):
                    return (
                        Kind.REORDERED,
                        f"event {entry.id} holds what was sealed as event {other.id} (row {other_seq})",
                    )
                if _is_code(codes, other_seq, row, entry):
                    return (
                        Kind.REORDERED,
                        f"event {entry.id} was sealed as row {other_seq}, and stands as row {seq}",
                    )
        return Kind.CHANGED, f"event {entry.id} is not what was sealed"

    def _backdated(self, seq: int, row: Row, block: Block) -> None:
        floor = self._floor
        if floor is None or row.id <= floor.base or row.xid < floor.horizon or '"restored"' in block.notes:
            return
        if row.ts < floor.ts - BACKDATED:
            text = (
                f"event {row.id} says that it happened at {moment(row.ts)}, but it was written after {moment(floor.ts)}: "
                "somebody added it later"
            )
            self._problem(Kind.INSERTED, text, seq, row.id)

    def _missing(self, seq: int, entry: Entry) -> None:
        if self._is_purged(entry.month):
            self._report.purged += 1
            return
        if self._gap is not None and self._gap.month == entry.month:
            self._gap.rows += 1
            return
        if self._gap is not None:
            self._gaps.append(self._gap)
        self._gap = _Gap(seq, entry.id, entry.month)

    def _is_purged(self, month: int) -> bool:
        """Whether its drop is told by a seal, and it is gone as a whole: a record alone must not excuse single rows."""
        if month not in self._purged:
            gone = not exists_in(month)
            if gone and not self._drops.tell(month):
                self._drops = Drops.read(
                    blocks.with_notes(), self._ring
                )  # it may have been dropped meanwhile
            self._purged[month] = gone and self._drops.tell(month)
        return self._purged[month]

    def _close_gap(self, *, at_end: bool = False) -> None:
        """What the missing rows up to here mean, now that it is known whether any follows them."""
        gaps = [*self._gaps, *([self._gap] if self._gap is not None else [])]
        self._gaps, self._gap = [], None
        for number, gap in enumerate(gaps):
            kind, text = self._explained(gap, at_end=at_end and number == len(gaps) - 1)
            self._problem(kind, text, gap.seq, gap.event)

    def _explained(self, gap: _Gap, *, at_end: bool) -> tuple[Kind, str]:
        many = (
            f"event {gap.event} and {gap.rows - 1} after it are" if gap.rows > 1 else f"event {gap.event} is"
        )
        refused = self._drops.refused.get(gap.month)
        if refused is not None:
            who = (
                f"{refused['partition']} was dropped by {refused['actor']} before the events were 30 days old"
            )
            return Kind.DROPPED, f"{many} gone: {who}"
        if not exists_in(gap.month):
            return (
                Kind.DROPPED,
                f"{many} gone, with all of {month_name(gap.month)}, and no purge of that month is recorded",
            )
        if at_end:
            return Kind.CUT, f"{many} gone: the end of the log was cut off"
        return Kind.DELETED, f"{many} gone"

    # Rows that no seal names

    def _strays(self, last: Block) -> None:
        for row in list(self._walk.waiting()):
            if _is_settled(row, last):
                self._walk.forget(row)
                if self._start is None or not _is_settled(row, self._start):
                    self._inserted(row)

    def _inserted(self, row: Row) -> None:
        later: Iterable[int] = (seq for seq, entry in self._window.items() if entry.id > row.id)
        seq = min(later, default=max(self._window, default=0) + 1)
        self._problem(Kind.INSERTED, f"event {row.id} was never sealed: somebody added it later", seq, row.id)

    def _pending(self, last: Block) -> None:
        """The rows after the chain: sealed in a moment, unless they should have been long ago."""
        newest, now = sql.one(_SNAPSHOT)
        elsewhere = newest <= last.mark_xid  # a restored log whose first seal here is still to come
        oldest = now
        for row in self._walk.ending():
            if self._start is not None and _is_settled(row, self._start):
                continue
            if _is_settled(row, last) or (not elsewhere and _is_below_mark(row, last)):
                self._inserted(row)
            elif not elsewhere and row.id > last.base and row.xid >= newest:
                text = f"event {row.id} names a transaction that has not begun: it can never be sealed"
                self._problem(Kind.INSERTED, text, last.last_seq + 1, row.id)
            else:
                self._report.pending += 1
                oldest = min(oldest, row.ts)
        if self._report.pending:
            self._report.pending_seconds = max(0, (now - oldest) // 1_000_000)


def _is_code(codes: bytes, seq: int, row: Row, entry: Entry) -> bool:
    return hmac.compare_digest(blocks.code(codes, seq, row), entry.code)


def _is_by(block: Block, key: Key) -> bool:
    try:
        return block.is_by(key)
    except struct.error:
        return False


def _is_settled(row: Row, block: Block) -> bool:
    """Whether the row must have been sealed by this block or an earlier one, if it had been there.

    Above all ids that are sealed nothing is known yet: after a restore transactions are counted anew, ids are not.
    """
    return row.id <= block.top and _is_below_mark(row, block)


def _is_below_mark(row: Row, block: Block) -> bool:
    return row.id <= block.base or (row.xid, row.id) <= block.mark
