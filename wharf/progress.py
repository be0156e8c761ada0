"""How far a long command is, on standard error: one line that renews itself on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from wharf.console import size_text

TERMINAL_SECONDS = 0.5
LOG_SECONDS = 15.0


@dataclass(slots=True)
class Progress:
    """`expected` in bytes; 0 where nobody knows."""

    doing: str
    expected: int
    _started: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)
    _on_terminal: bool = field(default_factory=sys.stderr.isatty)

    def tell(self, files: int, size: int) -> None:
        """So many files and bytes are done."""
        now = time.monotonic()
        if now - self._told < (TERMINAL_SECONDS if self._on_terminal else LOG_SECONDS):
            return
        self._told = now
        line = self._line(files, size, now - self._started)
        sys.stderr.write(f"\r\x1b[K{line}" if self._on_terminal else f"{line}\n")
        sys.stderr.flush()

    def _line(self, files: int, size: int, seconds: float) -> str:
        share = f" of {size_text(self.expected)} ({size * 100 // self.expected} %)" if self.expected else ""
        return f"{self.doing}: {files} files, {size_text(size)}{share}, {size_text(int(size / seconds))}/s"

    def end(self) -> None:
        """Clear the line."""
        if self._on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
