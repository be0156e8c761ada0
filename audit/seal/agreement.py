"""The chain compared with the heads that were signed of it, as verification goes along it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audit.seal import heads
from audit.seal.blocks import Block
from audit.seal.findings import Kind, Problem, Report
from audit.seal.heads import Head
from audit.seal.keys import Ring


class Agreement:
    """Without a file every chain agrees. Raises OSError when there is none at `path`."""

    def __init__(self, path: Path | None, ring: Ring, report: Report) -> None:
        self._path = path
        self._report = report
        self._waiting: Iterator[tuple[int, Head | None]] = iter(())
        self._next: Head | None = None
        self._agreed = 0
        if path is not None:
            self._waiting = heads.binding(path, ring)
            self._advance()

    def _advance(self) -> None:
        self._next = None
        for number, head in self._waiting:
            if head is not None:
                self._next = head
                return
            text = f"line {number} of {self._path} is no head that a known key has signed"
            self._report.add(Problem(Kind.HEAD, text))

    def skip_to(self, block: Block) -> None:
        """Heads of earlier blocks are of a part that is not read."""
        while self._next is not None and self._next.block < block.n:
            self._advance()

    def passed(self, block: Block) -> list[Problem]:
        """What the heads of `block` say against it."""
        against = []
        while self._next is not None and self._next.block <= block.n:
            if (self._next.block, self._next.head) == (block.n, block.head.hex()):
                self._report.heads += 1
                self._agreed = block.last_seq
            else:
                against.append(Problem(Kind.CUT, self._differs(self._next), self._agreed + 1))
            self._advance()
        return against

    def _differs(self, head: Head) -> str:
        return (
            f"the head signed at {head.at} (block {head.block}, row {head.seq} of the chain) is not in it: somewhere after row "
            f"{self._agreed} the log was cut or written anew"
        )

    def end(self, last: Block | None) -> None:
        """The chain ends: what was signed beyond it is gone. One problem, however many heads there are."""
        if self._next is None:
            return
        head, seq = self._next, last.last_seq if last is not None else 0
        for _, later in self._waiting:
            head = later or head
        text = (
            f"the chain ends at row {seq}, but at {head.at} a head was signed for row {head.seq}: the end was cut off, or the "
            "log was brought back to an earlier state"
        )
        self._next = None
        self._report.add(Problem(Kind.CUT, text, seq + 1))
