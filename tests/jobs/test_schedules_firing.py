"""What is due is started: once, however many look, however late, and whatever is wrong with another schedule."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django_celery_beat.models import PeriodicTask

from access.principal import ProjectRef
from access.table import P
from audit.models import AuditEvent
from database import sql
from jobs import beat, schedules
from jobs.beat import Ticker
from jobs.models import Beat, Run, Schedule, Trigger
from jobs.subjects import Subject
from projects.models import Project
from tests import people
from tests.jobs import demonstration
from tests.people import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds() -> None:
    demonstration.install()


def make(
    kind: str = "demo.noop", cron: str = "@every 10m", late: timedelta = timedelta(seconds=1)
) -> Schedule:
    """A schedule that was due `late` ago."""
    row = schedules.create(SYSTEM, kind, cron=cron)
    make_due(row, late)
    return row


def make_due(row: Schedule, late: timedelta = timedelta(seconds=1)) -> None:
    sql.execute("UPDATE job_schedule SET next_at = now() - %s WHERE id = %s", [late, row.pk])


def again(row: Schedule) -> Schedule:
    return schedules.schedule(SYSTEM, row.pk)


def at_once(work: Callable[[], object], count: int) -> None:
    gate = threading.Barrier(count)

    def body() -> None:
        gate.wait()
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=body) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_due_schedule_starts_its_run_and_says_so() -> None:
    row = make()
    due = again(row).next_at
    (run,) = beat.fire_due()
    assert (run.kind, run.trigger, run.actor_name, run.state) == (
        "demo.noop",
        Trigger.SCHEDULE,
        "schedule",
        "queued",
    )
    found = again(row)
    assert (found.due_at, found.last_run, found.note) == (due, run.pk, "")
    assert found.fired_at is not None
    assert found.next_at is not None
    assert due is not None
    assert found.next_at == due + timedelta(minutes=10)
    assert PeriodicTask.objects.get(pk=found.periodic_id).total_run_count == 1
    assert beat.fire_due() == []


def test_firing_is_nobodys_act() -> None:
    make()
    before = AuditEvent.objects.count()
    beat.fire_due()
    assert AuditEvent.objects.count() == before


def test_what_is_not_due_or_off_starts_nothing() -> None:
    schedules.create(SYSTEM, "demo.noop", cron="@every 10m")
    off = make("demo.mark")
    schedules.disable(SYSTEM, off.pk)
    assert beat.fire_due() == []


@pytest.mark.parametrize("cron", ["@every 10m", "*/10 * * * *", "@daily"])
def test_a_week_without_beat_is_one_run_and_the_grid_goes_on(cron: str) -> None:
    row = make(cron=cron, late=timedelta(days=7))
    assert len(beat.fire_due()) == 1
    assert beat.fire_due() == []
    now, following = sql.value("SELECT now()"), again(row).next_at
    assert following is not None
    assert now < following <= now + timedelta(days=1)


def test_a_run_that_has_not_ended_is_enough() -> None:
    row = make("demo.once")
    (run,) = beat.fire_due()
    make_due(row)
    assert beat.fire_due() == []
    found = again(row)
    assert (found.last_run, found.note) == (
        None,
        f"skipped: 'One at a time' is under way already: see job {run.pk}, or stop it first",
    )
    Run.objects.filter(pk=run.pk).update(state="succeeded")
    make_due(row)
    assert len(beat.fire_due()) == 1
    assert again(row).note == ""


def test_a_schedule_that_cannot_start_its_run_says_why_and_holds_up_no_other() -> None:
    gone = make("demo.mark", late=timedelta(hours=1))
    Schedule.objects.filter(pk=gone.pk).update(kind="demo.of-an-older-release")
    unreadable = make("demo.slow", late=timedelta(hours=1), cron="0 3 * * *")
    sql.execute(
        "UPDATE django_celery_beat_crontabschedule SET hour = 'x' WHERE id = %s",
        [again(unreadable).periodic.crontab_id],
    )
    good = make()
    assert [run.kind for run in beat.fire_due()] == ["demo.noop"]
    assert again(good).last_run is not None
    assert again(gone).note == "skipped: no kind of job is named 'demo.of-an-older-release'"
    assert "hour 'x' is not understood" in again(unreadable).note
    assert beat.fire_due() == []


def test_the_schedule_of_a_deleted_project_starts_nothing() -> None:
    project = people.make_project()
    row = schedules.create(
        SYSTEM, "demo.each", cron="@hourly", subject=Subject("policy", "7"),
        project=ProjectRef(project.pk, project.name, project.public), permission=P.REPOSITORY_DELETE,
    )  # fmt: skip
    Project.objects.filter(pk=project.pk).update(deleted_at=sql.value("SELECT now()"))
    make_due(row)
    assert beat.fire_due() == []
    assert again(row).note == "skipped: its project has been deleted"


@pytest.mark.django_db(transaction=True)
def test_ten_that_look_at_the_same_moment_start_one_run_of_each_schedule() -> None:
    demonstration.install()
    rows = [make(kind) for kind in ("demo.noop", "demo.mark", "demo.slow")]
    for turn in range(1, 6):
        at_once(beat.fire_due, 10)
        assert Run.objects.count() == turn * len(rows)
        for row in rows:
            make_due(row)


@pytest.mark.django_db(transaction=True)
def test_an_edit_at_the_moment_it_is_due_is_not_overwritten() -> None:
    row = make(cron="@every 10m")
    read = again(row)
    now = sql.value("SELECT now()")
    schedules.update(SYSTEM, row.pk, cron="@every 3h")
    assert beat.fire(read, now) is None
    assert again(row).cron == "@every 3h"
    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_beat_says_that_it_lives_and_how_long_it_may_sleep() -> None:
    ticker = Ticker()
    assert ticker.tick() == beat.LONGEST_PAUSE
    row = schedules.create(SYSTEM, "demo.noop", cron="@every 10s")
    sql.execute("UPDATE job_schedule SET next_at = now() + interval '2 seconds' WHERE id = %s", [row.pk])
    assert 1.5 < ticker.tick() <= 2.0
    assert Beat.objects.get().name == ticker.name
    ticker.leave()
    assert not Beat.objects.exists()
