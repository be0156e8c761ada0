"""Real beat processes: two of them, one killed in the middle, and one whose Valkey or PostgreSQL goes away."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from database import sql
from jobs import schedules
from jobs.models import Run, State
from tests.instances import CHECKOUT
from tests.jobs import demonstration
from tests.jobs.world import SYSTEM, World, own_world, wait

pytestmark = pytest.mark.services

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def bare_world(django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Without a worker."""
    demonstration.install()
    with django_db_blocker.unblock(), own_world() as world:
        yield world


@pytest.fixture
def world(bare_world: World) -> World:
    bare_world.clean()
    sql.execute("DELETE FROM job_schedule")
    sql.execute("DELETE FROM django_celery_beat_periodictask")
    sql.execute("DELETE FROM job_beat")
    return bare_world


@pytest.fixture
def start_beat(world: World) -> Iterator[Start]:
    """Each call starts one more beat, as `wharf up` does."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        flags = ["--scheduler", "wharf.beat:Scheduler", "--pidfile", "", "--loglevel", "INFO"]
        with (world.folder / f"worker-beat-{len(started)}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.jobs.worker", "--skip-checks", "beat", *flags],
                cwd=CHECKOUT, env=world.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait(10)


def due(kind: str = "demo.noop", cron: str = "@every 1h", ago: str = "1 second") -> int:
    """A schedule that was due `ago` ago."""
    row = schedules.create(SYSTEM, kind, cron=cron)
    sql.execute("UPDATE job_schedule SET next_at = now() - %s::interval WHERE id = %s", [ago, row.pk])
    return row.pk


def beats(world: World) -> int:
    return int(world.one("SELECT count(*) FROM job_beat"))


@contextmanager
def blocked_inserts(world: World) -> Iterator[None]:
    """No run can be inserted meanwhile: whoever has claimed a schedule waits before its COMMIT."""
    url = world.database.replace("wharf_app", "wharf_owner")
    with psycopg.connect(url) as owner:
        owner.execute("LOCK TABLE job_run IN EXCLUSIVE MODE")
        yield


def held_up(world: World, statement: str) -> int:
    """Connections that wait for a lock with such a statement."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '{}'"
    return int(world.one(waiting.format(statement)))


def test_two_beats_start_every_run_once(world: World, start_beat: Start) -> None:
    ids = [due(kind, ago="3 days") for kind in ("demo.noop", "demo.mark", "demo.slow", "demo.copy")]
    start_beat(), start_beat()
    wait(lambda: beats(world) == 2, why=world.logs)
    wait(lambda: Run.objects.count() == len(ids), why=world.logs)
    for turn in range(2, 6):
        sql.execute("UPDATE job_schedule SET next_at = now() + interval '1.5 seconds'")
        wait(lambda: Run.objects.count() >= turn * len(ids), why=world.logs)  # noqa: B023 - used at once
        assert Run.objects.count() == turn * len(ids)
    fired = "SELECT sum(total_run_count) FROM django_celery_beat_periodictask"
    assert sql.value(fired) == Run.objects.count() == 5 * len(ids)


def test_two_beats_that_have_both_read_the_same_moment_start_one_run(world: World, start_beat: Start) -> None:
    due()
    with blocked_inserts(world):
        start_beat(), start_beat()
        # One has claimed the schedule and cannot insert its run; the other waits to claim what it has read as due.
        wait(lambda: held_up(world, "INSERT INTO job_run") == 1, why=world.logs)
        wait(lambda: held_up(world, "UPDATE job_schedule SET next_at") == 1, why=world.logs)
    wait(lambda: beats(world) == 2, why=world.logs)
    assert Run.objects.count() == 1


def test_a_beat_killed_between_its_claim_and_its_commit_has_done_nothing(
    world: World, start_beat: Start
) -> None:
    due()
    with blocked_inserts(world):
        beat = start_beat()
        wait(lambda: held_up(world, "INSERT INTO job_run") == 1, why=world.logs)
        os.kill(beat.pid, signal.SIGKILL)
        beat.wait(10)
    wait(lambda: held_up(world, "INSERT INTO job_run") == 0)
    # What the dead one had sent PostgreSQL may have been carried out; it can not have been committed.
    assert Run.objects.count() == 0
    start_beat()
    wait(lambda: Run.objects.count() == 1, why=world.logs)


def test_schedules_start_runs_while_valkey_is_away(world: World, start_beat: Start) -> None:
    world.stop_service("valkey", signal.SIGKILL)
    try:
        beat = start_beat()
        wait(lambda: beats(world) == 1, why=world.logs)
        due("demo.mark", ago="2 days")
        wait(lambda: Run.objects.count() == 1, why=world.logs)
        assert Run.objects.get().state == State.QUEUED
        assert beat.poll() is None
    finally:
        world.start_service("valkey")


def test_a_beat_outlives_a_restart_of_postgresql(world: World, start_beat: Start) -> None:
    row = due("demo.mark", ago="1 second")
    beat = start_beat()
    wait(lambda: Run.objects.count() == 1, why=world.logs)
    world.stop_service("postgres", signal.SIGINT)
    world.start_service("postgres")
    connection.close()
    sql.execute("UPDATE job_schedule SET next_at = now() WHERE id = %s", [row])
    wait(lambda: Run.objects.count() == 2, why=world.logs)
    assert beat.poll() is None
    assert world.logs().count("the database does not answer") <= 1


def test_a_beat_that_is_asked_to_stop_signs_off_and_leaves_no_file(world: World, start_beat: Start) -> None:
    before = set(world.folder.iterdir())
    beat = start_beat()
    wait(lambda: beats(world) == 1, why=world.logs)
    beat.send_signal(signal.SIGTERM)
    assert beat.wait(10) == 0
    assert beats(world) == 0
    made = {path.name for path in set(world.folder.iterdir()) - before}
    assert {name for name in made if not name.endswith(".log")} == set()
    assert not (CHECKOUT / "celerybeat-schedule").exists()


def test_what_a_beat_starts_is_done_by_a_worker(world: World, start_beat: Start) -> None:
    world.add_worker(processes=2)
    world.worker_ready()
    due("demo.noop")
    start_beat()
    wait(lambda: Run.objects.filter(state=State.SUCCEEDED, trigger="schedule").exists(), why=world.logs)


def test_a_beat_that_is_asked_to_stop_in_the_middle_of_a_statement_stops(
    world: World, start_beat: Start
) -> None:
    """Celery closes its scheduler inside of the signal's handler: a statement there would wait for the interrupted one."""
    due()
    with blocked_inserts(world):
        beat = start_beat()
        wait(lambda: held_up(world, "INSERT INTO job_run") == 1, why=world.logs)
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(20) == 0, world.logs()
    assert beats(world) == 0
    assert Run.objects.count() == 0
