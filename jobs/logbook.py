"""The log of one attempt: lines are kept back until the next write of progress, bounded in number and size, without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from audit.detail import encode
from database import sql
from jobs.models import Level
from jobs.redaction import redacted

MAX_LINES: Final = 5_000
MAX_WAITING: Final = 200
"""So many lines are written at once, whether or not progress is due."""
CUT: Final = f"the log ends here: a job keeps {MAX_LINES:,} lines"

_INSERT = """
    INSERT INTO job_log (run_id, n, at, level, message, fields)
    SELECT %(run)s, n, at, level, message, fields::jsonb
    FROM unnest(%(n)s::integer[], %(at)s::timestamptz[], %(level)s::text[], %(message)s::text[], %(fields)s::text[])
      AS line (n, at, level, message, fields)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Line:
    n: int
    at: datetime
    level: Level
    message: str
    fields: str


@dataclass(slots=True)
class Logbook:
    """`written`: lines the run had before, which are continued."""

    run_id: int
    written: int
    waiting: list[Line] = field(default_factory=list)

    def info(self, message: str, **fields: Any) -> None:
        self.note(Level.INFO, message, fields)

    def warn(self, message: str, **fields: Any) -> None:
        self.note(Level.WARNING, message, fields)

    def error(self, message: str, **fields: Any) -> None:
        self.note(Level.ERROR, message, fields)

    def note(self, level: Level, message: str, fields: dict[str, Any]) -> None:
        """Values under secret-like names are masked, as are secrets inside `message`; both are bounded."""
        number = self.lines + 1
        if number > MAX_LINES:
            return
        if number == MAX_LINES:
            level, message, fields = Level.WARNING, CUT, {}
        safe = {name: redacted(value) if isinstance(value, str) else value for name, value in fields.items()}
        # The time of the line, not of its writing; the order is `n`.
        self.waiting.append(Line(number, datetime.now(UTC), level, redacted(message), encode(safe)))

    @property
    def lines(self) -> int:
        return self.written + len(self.waiting)

    def write(self) -> None:
        """Insert what waits, in the caller's transaction; `wrote` forgets it once that has committed."""
        lines = self.waiting
        sql.execute(
            _INSERT,
            {
                "run": self.run_id,
                "n": [line.n for line in lines],
                "at": [line.at for line in lines],
                "level": [str(line.level) for line in lines],
                "message": [line.message for line in lines],
                "fields": [line.fields for line in lines],
            },
        )

    def wrote(self, count: int) -> None:
        self.written += count
        del self.waiting[:count]
