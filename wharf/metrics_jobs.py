"""What /metrics says of background jobs: read from PostgreSQL when it is asked, at most every five seconds a process.

All servers of one database say the same. Labels are names from the code (queues, kinds, states), so their number is bounded.
Imports the jobs late: a server reads this module before Django is set up.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import structlog
from django.db import DatabaseError, connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from access.principal import Origin, Principal
from database import sql

if TYPE_CHECKING:
    from jobs.queries import QueueFacts

FRESH_SECONDS: Final = 5.0
# While the database is away a scrape must not wait for it each time.
AWAY_SECONDS: Final = 15.0
READER: Final = Principal.system("metrics", Origin(agent="metrics"))

_LAGS = """
    SELECT
      (SELECT extract(epoch FROM now() - min(available_at))::float8 FROM job_outbox WHERE available_at <= now()),
      (SELECT extract(epoch FROM now() - max(ticked_at))::float8 FROM job_beat),
      (SELECT extract(epoch FROM now() - min(next_at))::float8 FROM job_schedule WHERE next_at <= now()),
      (SELECT count(*) FROM job_worker WHERE heartbeat_at > now() - %s::interval)
"""
_FINISHED = "SELECT kind, state, count FROM job_finished ORDER BY kind, state"

log = structlog.get_logger(__name__)


class JobsCollector(Collector):
    """Registered beside the counters of the processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: list[Metric] = []
        self._until = 0.0

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering it must not ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._read()
            return list(self._known)

    def _read(self) -> None:
        try:
            self._known, pause = [*_read(), _readable(True)], FRESH_SECONDS
        except DatabaseError as error:
            log.warning("jobs not measured", error=str(error).strip())
            self._known, pause = [_readable(False)], AWAY_SECONDS
        finally:
            connection.close()
        self._until = time.monotonic() + pause


def _readable(answer: bool) -> Metric:
    text = "1 when the database told of jobs; at 0 the other figures of jobs are missing."
    return GaugeMetricFamily("wharf_jobs_readable", text, value=float(answer))


def _read() -> Iterator[Metric]:
    from jobs import queries

    yield from _of_queues(queries.queues(READER))
    yield _finished()
    yield from _lags()


def _of_queues(found: list[QueueFacts]) -> Iterator[Metric]:
    waiting = _per_queue("wharf_jobs_waiting", "Jobs that wait for their queue's turn.")
    oldest = _per_queue("wharf_jobs_oldest_waiting_seconds", "How long the first of them has been waiting.")
    running = _per_queue("wharf_jobs_running", "Jobs under way.")
    retrying = _per_queue("wharf_jobs_retrying", "Jobs that failed and wait for their next try.")
    failed = _per_queue("wharf_jobs_failed_24h", "Jobs that failed for good within 24 hours.")
    paused = _per_queue("wharf_jobs_queue_paused", "1 while an administrator has paused the queue.")
    for queue in found:
        name = [queue.name]
        waiting.add_metric(name, queue.waiting)
        oldest.add_metric(name, queue.oldest_waiting.total_seconds() if queue.oldest_waiting else 0.0)
        running.add_metric(name, queue.running)
        retrying.add_metric(name, queue.retrying)
        failed.add_metric(name, queue.failed_24h)
        paused.add_metric(name, float(queue.paused_at is not None))
    yield from (waiting, oldest, running, retrying, failed, paused)


def _per_queue(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["queue"])


def _finished() -> Metric:
    finished = CounterMetricFamily("wharf_jobs_finished", "Jobs that have ended.", labels=["kind", "state"])
    for kind, state, count in sql.rows(_FINISHED):
        finished.add_metric([kind, state], count)
    return finished


def _lags() -> Iterator[Metric]:
    from jobs import queries

    relay, beat, late, workers = sql.one(_LAGS, [queries.SILENT])
    yield GaugeMetricFamily(
        "wharf_jobs_relay_lag_seconds", "Age of the oldest event no worker has taken up.", value=relay or 0.0
    )
    yield GaugeMetricFamily(
        "wharf_beat_age_seconds",
        "Since a beat last looked for schedules that are due; +Inf without a beat.",
        value=math.inf if beat is None else beat,
    )
    yield GaugeMetricFamily(
        "wharf_schedule_lag_seconds", "How long the most overdue schedule has been due.", value=late or 0.0
    )
    yield GaugeMetricFamily("wharf_jobs_workers", "Workers that give signs of life.", value=workers)


JOBS: Final = JobsCollector()
