"""Reads the audit log back against its seals and names the first row that is not what was sealed.

Blocks are read in the order of the chain, rows in the order of their ids (seal_walk), both once and in constant memory. What is
said of a row holds while the key is known to the sealer alone; what was cut off the end is known only by the signed heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from audit.seal import blocks
from audit.seal.agreement import Agreement
from audit.seal.blocks import Block
from audit.seal.check import Check
from audit.seal.findings import Report
from audit.seal.keys import Ring
from database import sql

WINDOW_BLOCKS: Final = 500
WINDOW_ROWS: Final = 20_000
BLOCKS_READ: Final = 50


def verify(
    ring: Ring,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    heads: Path | None = None,
    progress: Callable[[Report], None] | None = None,
) -> Report:
    """Verify what was sealed at `since` and before `until`, by default everything, against the file of heads if there is one.

    `progress` is called after each part. Raises DatabaseError, OSError for the file.
    """
    first, last = blocks.first_number(since), blocks.last_number(until)
    report = Report()
    if first is None or last is None or first > last:
        _unsealed(report, ring, heads)
        return report
    check = Check(ring, report, Agreement(heads, ring, report))
    check.begin(first, partial=since is not None)
    for window in _windows(first, last):
        check.window(window)
        if progress is not None:
            progress(report)
    check.end(is_whole=until is None)
    return report


def is_sealed() -> bool:
    """Whether anything of the log was ever sealed and not purged since."""
    return blocks.first_number(None) is not None


def _unsealed(report: Report, ring: Ring, heads: Path | None) -> None:
    """There are no seals: nothing is wrong with a log that never had any."""
    rows, seconds = sql.one("SELECT count(*), extract(epoch FROM now() - min(ts)) FROM audit_event")
    report.pending, report.pending_seconds = int(rows), int(seconds or 0)
    Agreement(heads, ring, report).end(None)


def _windows(first: int, last: int) -> Iterator[list[Block]]:
    """Blocks in order, so many at once that reading their rows is worth a query."""
    window: list[Block] = []
    rows = 0
    for start in range(first, last + 1, BLOCKS_READ):
        for block in blocks.between(start, min(last, start + BLOCKS_READ - 1)):
            window.append(block)
            rows += block.count
            if len(window) >= WINDOW_BLOCKS or rows >= WINDOW_ROWS:
                yield window
                window, rows = [], 0
    if window:
        yield window
