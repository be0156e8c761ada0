"""The items of a run: each may fail alone. Failed ones are rows that name them; what goes well leaves no row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from database import sql
from jobs.redaction import redacted

MAX_FAILED: Final = 10_000
"""A run with more failures than anybody reads is a failure itself."""

_UPSERT = """
    INSERT INTO job_task (run_id, key, state, attempts, error, updated_at)
    SELECT %(run)s, key, state, 1, error, now()
    FROM unnest(%(key)s::text[], %(state)s::text[], %(error)s::text[]) AS item (key, state, error)
    ON CONFLICT (run_id, key) DO UPDATE SET state = EXCLUDED.state, error = EXCLUDED.error,
      attempts = job_task.attempts + 1, updated_at = now()
"""


class TooManyFailed(Exception):
    """More items failed than a run keeps."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_FAILED:,} items failed: the cause is not in the items; see the log")


@dataclass(slots=True)
class Items:
    """What became of the items of one attempt. `known`: the keys that failed in an earlier one."""

    run_id: int
    known: frozenset[str] | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    failed: int = 0

    def earlier(self) -> frozenset[str]:
        """Read once, when the body comes to its items."""
        if self.known is None:
            found = sql.rows("SELECT key FROM job_task WHERE run_id = %s AND state = 'failed'", [self.run_id])
            self.known = frozenset(key for (key,) in found)
        return self.known

    def succeeded(self, key: str) -> None:
        if key in self.earlier():
            self.outcomes[key] = ""

    def went_wrong(self, key: str, error: str) -> None:
        """Raises TooManyFailed."""
        self.outcomes[key] = redacted(error) or "failed"
        self.failed += 1
        if self.failed > MAX_FAILED:
            raise TooManyFailed

    def write(self) -> None:
        """Upsert what is new, in the caller's transaction; `wrote` forgets it once that has committed."""
        keys = list(self.outcomes)
        sql.execute(
            _UPSERT,
            {
                "run": self.run_id,
                "key": keys,
                "state": ["failed" if self.outcomes[key] else "succeeded" for key in keys],
                "error": [self.outcomes[key] for key in keys],
            },
        )

    def wrote(self) -> None:
        self.outcomes.clear()

    def still_failed(self) -> int:
        """How many items of the run have failed so far, in whatever attempt."""
        if not self.failed and self.known is None:
            return 0
        return int(
            sql.value("SELECT count(*) FROM job_task WHERE run_id = %s AND state = 'failed'", [self.run_id])
        )
