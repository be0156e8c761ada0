"""Celery beat without its own schedule: it only looks, again and again, at the rows in PostgreSQL (jobs.beat).

Nothing is sent to the broker and nothing kept in a file, so beat works while Valkey is down, may be killed at any moment, and
may run on several hosts at once. Why neither Celery's nor django-celery-beat's scheduler is used: jobs/schedules.py.
"""

from __future__ import annotations

from typing import Any, ClassVar

from celery import beat


class Scheduler(beat.Scheduler):  # type: ignore[misc]  # Celery is untyped
    """`celery beat --scheduler wharf.beat:Scheduler`."""

    # Celery builds a second one to print its settings at the start; that one must not touch the database.
    _ticker: Any = None
    # Celery's interface; never filled.
    schedule: ClassVar[dict[str, Any]] = {}

    def setup_schedule(self) -> None:
        from jobs.beat import Ticker

        self._ticker = Ticker()

    def tick(self, *_: Any, **__: Any) -> float:
        """Start what is due; seconds until the next look."""
        return float(self._ticker.tick())

    def should_sync(self) -> bool:
        return False

    def close(self) -> None:
        if self._ticker is not None:
            self._ticker.leave()

    @property
    def info(self) -> str:
        return "    . schedules -> PostgreSQL"
