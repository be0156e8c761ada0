"""What /metrics says of jobs: read from the database, bounded, and no hindrance when that is away."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.core import Metric

from database import sql
from jobs import events, kinds, schedules, services
from jobs.models import Beat, QueueControl, Run, State
from tests.jobs import demonstration
from tests.people import SYSTEM
from wharf.metrics_jobs import JobsCollector

pytestmark = pytest.mark.django_db(transaction=True)

Samples = dict[tuple[str, ...], float]


@pytest.fixture(autouse=True)
def _kinds() -> None:
    demonstration.install()


def read() -> Samples:
    return _samples(JobsCollector().collect())


def _samples(metrics: object) -> Samples:
    found: Samples = {}
    for metric in metrics:  # type: ignore[attr-defined]
        assert isinstance(metric, Metric)
        found |= {(sample.name, *sample.labels.values()): sample.value for sample in metric.samples}
    return found


def test_queues_tell_what_waits_runs_failed_and_is_paused() -> None:
    waiting, running, failed = (
        services.start("demo.copy", actor=SYSTEM, arguments={"seconds": 0}) for _ in range(3)
    )
    now = sql.value("SELECT now()")
    Run.objects.filter(pk=waiting.pk).update(created_at=now - timedelta(minutes=5))
    Run.objects.filter(pk=running.pk).update(state=State.RUNNING)
    Run.objects.filter(pk=failed.pk).update(state=State.FAILED, finished_at=now)
    services.start("demo.copy", actor=SYSTEM)
    QueueControl.objects.create(name="copies", paused_at=now)
    found = read()
    assert found["wharf_jobs_waiting", "copies"] == 2
    assert 300 <= found["wharf_jobs_oldest_waiting_seconds", "copies"] < 330
    assert found["wharf_jobs_running", "copies"] == 1
    assert found["wharf_jobs_failed_24h", "copies"] == 1
    assert found["wharf_jobs_queue_paused", "copies"] == 1
    assert found["wharf_jobs_queue_paused", "maintenance"] == 0
    assert found["wharf_jobs_oldest_waiting_seconds", "maintenance"] == 0


def test_ended_runs_are_counted_even_when_they_are_forgotten() -> None:
    ends = [State.SUCCEEDED, State.SUCCEEDED, State.FAILED, State.STOPPED]
    for state in ends:
        run = services.start("demo.noop", actor=SYSTEM)
        Run.objects.filter(pk=run.pk).update(state=State.RUNNING)
        Run.objects.filter(pk=run.pk).update(state=state)
        Run.objects.filter(pk=run.pk).update(state=state, error="said later")
    before = read()
    Run.objects.all().delete()
    after = read()
    for found in (before, after):
        assert found["wharf_jobs_finished_total", "demo.noop", "succeeded"] == 2
        assert found["wharf_jobs_finished_total", "demo.noop", "failed"] == 1
        assert found["wharf_jobs_finished_total", "demo.noop", "stopped"] == 1


def test_lags_tell_of_a_relay_a_beat_and_a_schedule_that_stand_still() -> None:
    found = read()
    assert found["wharf_beat_age_seconds",] == math.inf
    assert found["wharf_jobs_relay_lag_seconds",] == found["wharf_schedule_lag_seconds",] == 0
    assert found["wharf_jobs_workers",] == 0
    events.publish("demo.happened", {}, actor=SYSTEM)
    events.publish("demo.happened", {}, actor=SYSTEM, delay=timedelta(hours=1))
    sql.execute("UPDATE job_outbox SET available_at = now() - interval '40 s' WHERE available_at < now()")
    row = schedules.create(SYSTEM, "demo.noop", cron="@daily")
    sql.execute("UPDATE job_schedule SET next_at = now() - interval '20 s' WHERE id = %s", [row.pk])
    now = sql.value("SELECT now()")
    Beat.objects.create(name="old", host="a", pid=1, ticked_at=now - timedelta(days=2))
    Beat.objects.create(name="new", host="b", pid=2, ticked_at=now - timedelta(seconds=10))
    found = read()
    assert 40 <= found["wharf_jobs_relay_lag_seconds",] < 50
    assert 20 <= found["wharf_schedule_lag_seconds",] < 30
    assert 10 <= found["wharf_beat_age_seconds",] < 20


def test_labels_are_names_from_the_code_alone() -> None:
    services.start("demo.copy", actor=SYSTEM)
    names = (
        {queue.name for queue in kinds.queues()} | {kind.name for kind in kinds.kinds()} | set(State.values)
    )
    assert {label for _, *labels in read() for label in labels} <= names


def test_a_second_scrape_within_five_seconds_asks_nothing_and_a_first_one_little() -> None:
    collector = JobsCollector()
    with CaptureQueriesContext(connection) as asked:
        first = _samples(collector.collect())
    assert len(asked) <= 5
    with CaptureQueriesContext(connection) as asked:
        assert _samples(collector.collect()) == first
    assert len(asked) == 0


def test_without_the_database_the_page_says_so_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", False)
    try:
        assert read() == {("wharf_jobs_readable",): 0.0}
    finally:
        connection.close()
