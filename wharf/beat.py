"""Celery beat without its own schedule: it only looks, again and again, at the rows in PostgreSQL (jobs.beat).

Nothing is sent to the broker and nothing kept in a file, so beat works while Valkey is down, may be killed at any moment, and
may run on several hosts at once. Why neither Celery's nor django-celery-beat's scheduler is used: jobs/schedules.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from celery import beat

# Loaded before Celery listens for SIGTERM, whose handler may make the scheduler: not in the middle of being loaded.
from jobs.beat import Ticker


class Scheduler(beat.Scheduler):  # type: ignore[misc]  # Celery is untyped
    """`celery beat --scheduler wharf.beat:Scheduler`."""

    # Celery builds a second one to print its settings at the start; that one must not touch the database.
    _ticker: Any = None
    # Celery's interface; never filled.
    schedule: ClassVar[dict[str, Any]] = {}
    # Celery closes its scheduler inside of the handler of SIGTERM, and once more when what that interrupted has been unwound.
    # While this thread is amid a statement the first time must not ask the database: it would wait for itself.
    _is_asking = False

    def setup_schedule(self) -> None:
        self._ticker = Ticker()

    def tick(self, *_: Any, **__: Any) -> float:
        """Start what is due; seconds until the next look."""
        with self._asking():
            return float(self._ticker.tick())

    def should_sync(self) -> bool:
        return False

    def close(self) -> None:
        if self._ticker is not None and not self._is_asking:
            with self._asking():
                self._ticker.leave()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._is_asking = True
        try:
            yield
        finally:
            self._is_asking = False

    @property
    def info(self) -> str:
        return "    . schedules -> PostgreSQL"
