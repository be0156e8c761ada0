"""Workers killed, messages lost and doubled, a broker emptied, filled and gone: every run ends right, once in effect."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models.functions import Now

from jobs import services
from jobs.models import Run, State
from tests.jobs.world import OUTAGE_SECONDS, SYSTEM, World, wait
from wharf.celery import app

pytestmark = pytest.mark.services


def lines(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1] if path.exists() else []


def process_of(run: Run) -> int:
    return int(Run.objects.get(pk=run.pk).lease_owner.rpartition("/")[2].partition("-")[0])


def finish(world: World, runs: list[Run], seconds: float = 60.0) -> None:
    """Until all have succeeded. Workers that give up meanwhile are started again, as the supervisor does."""
    numbers = [run.pk for run in runs]
    left = Run.objects.filter(pk__in=numbers).exclude(state=State.SUCCEEDED)

    def are_done() -> bool:
        world.revive()
        return not left.exists()

    wait(
        are_done,
        seconds=seconds,
        why=lambda: f"{list(left.values('state', 'error'))} {world.logs()}",
    )


def test_a_run_whose_process_is_killed_is_tried_again_soon(world: World, tmp_path: Path) -> None:
    run = world.wait_state(world.start("demo.slow", seconds=2, path=str(tmp_path / "p")), State.RUNNING)
    wait(lambda: lines(tmp_path / "p"))
    os.kill(process_of(run), signal.SIGKILL)
    killed = time.monotonic()
    run = world.wait_state(run)
    assert (run.state, run.attempts) == ("succeeded", 2)
    assert lines(tmp_path / "p") == [f"begin {run.pk}", f"begin {run.pk}", f"end {run.pk}"]
    assert time.monotonic() - killed < 15


def test_a_run_that_kills_its_process_every_time_fails_and_says_why(world: World, tmp_path: Path) -> None:
    run = world.start("demo.deaf", seconds=60, path=str(tmp_path / "p"))
    for attempt in (1, 2, 3):
        wait(lambda: f"begin {attempt}" in lines(tmp_path / "p"), why=world.logs)  # noqa: B023 - called at once
        os.kill(process_of(run), signal.SIGKILL)
    run = world.wait_state(run)
    assert (run.state, run.attempts) == ("failed", 3)
    assert "ended or stopped answering in attempt 3 of 3" in run.error


def test_a_body_that_does_not_listen_is_ended_with_its_process(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.start("demo.late", seconds=300, path=str(tmp_path / "p"))
    run = world.wait_state(run, seconds=60)
    assert (run.state, run.error) == ("failed", "lasted longer than 0:00:01: see the log for where")
    assert lines(tmp_path / "p") == ["begin 1"]


def test_a_message_that_arrives_many_times_has_one_effect(world: World, tmp_path: Path) -> None:
    runs = [world.start("demo.mark", path=str(tmp_path / "p")) for _ in range(20)]
    with world.broker() as broker:
        for run in runs * 5:
            app.send_task("wharf.run", (run.pk,), connection=broker)
        finish(world, runs)
        for run in runs * 5:
            app.send_task("wharf.run", (run.pk,), connection=broker)
    assert (
        world.wait_state(world.start("demo.mark", path=str(tmp_path / "p"), name="last")).state == "succeeded"
    )
    time.sleep(0.5)
    assert sorted(lines(tmp_path / "p")) == sorted([*(str(run.pk) for run in runs), "last"])
    assert set(Run.objects.values_list("attempts", flat=True)) == {1}


def test_a_message_that_never_arrives_is_sent_again(world: World, tmp_path: Path) -> None:
    with transaction.atomic():
        run = world.start("demo.mark", path=str(tmp_path / "p"))
        Run.objects.filter(pk=run.pk).update(sent_at=Now())  # as if it had been handed out
    assert world.wait_state(run, seconds=20).state == "succeeded"
    assert len(lines(tmp_path / "p")) == 1


def test_a_flushed_broker_loses_nothing(world: World, tmp_path: Path) -> None:
    runs = [world.start("demo.slow", seconds=0.2, path=str(tmp_path / "p")) for _ in range(40)]
    for _ in range(5):
        world.valkey.flushall()
        time.sleep(0.2)
    finish(world, runs)
    assert sorted(lines(tmp_path / "p")) == sorted(
        f"{word} {run.pk}" for run in runs for word in ("begin", "end")
    )


def test_a_full_broker_delays_and_loses_nothing(world: World, tmp_path: Path) -> None:
    world.valkey.config_set("maxmemory-policy", "noeviction")
    world.valkey.config_set("maxmemory", "1mb")
    try:
        runs = [world.start("demo.mark", path=str(tmp_path / "p")) for _ in range(20)]
        time.sleep(3)
        assert {world.state(run) for run in runs} == {State.QUEUED}
    finally:
        world.valkey.config_set("maxmemory", "0")
    # Celery may give up here, now or later: it could not put back the message of a child that was killed just before.
    finish(world, runs)
    assert sorted(lines(tmp_path / "p")) == sorted(str(run.pk) for run in runs)


def test_a_dead_broker_delays_new_runs_and_leaves_running_ones_alone(world: World, tmp_path: Path) -> None:
    running = world.wait_state(world.start("demo.slow", seconds=4, path=str(tmp_path / "p")), State.RUNNING)
    world.stop_service("valkey", signal.SIGKILL)
    waiting = world.start("demo.mark", path=str(tmp_path / "q"))
    assert world.wait_state(running, seconds=15).attempts == 1
    assert world.state(waiting) is State.QUEUED
    world.start_service("valkey")
    finish(world, [running, waiting])
    assert lines(tmp_path / "p") == [f"begin {running.pk}", f"end {running.pk}"]
    assert lines(tmp_path / "q") == [str(waiting.pk)]


def test_a_database_that_is_away_for_a_while_loses_nothing(world: World, tmp_path: Path) -> None:
    long = world.wait_state(
        world.start("demo.slow", seconds=OUTAGE_SECONDS / 2, path=str(tmp_path / "p")), State.RUNNING
    )
    runs = [world.start("demo.mark", path=str(tmp_path / "q")) for _ in range(200)]
    world.stop_service("postgres", signal.SIGINT)
    time.sleep(OUTAGE_SECONDS)
    world.start_service("postgres")
    wait(lambda: world.one("SELECT count(*) FROM job_run") == len(runs) + 1)
    world.reconnect()
    finish(world, [long, *runs], seconds=90)
    assert lines(tmp_path / "p") == [f"begin {long.pk}", f"end {long.pk}"]
    assert set(lines(tmp_path / "q")) == {str(run.pk) for run in runs}
    again = {run.pk for run in Run.objects.filter(attempts__gt=1)}
    doubled = {int(line) for line in lines(tmp_path / "q") if lines(tmp_path / "q").count(line) > 1}
    assert doubled <= again, "what was done twice had lost its worker's word in between"


def test_a_killed_worker_is_replaced_and_its_run_ends_once(world: World, tmp_path: Path) -> None:
    run = world.wait_state(world.start("demo.slow", seconds=3, path=str(tmp_path / "p")), State.RUNNING)
    world.kill_worker(world.workers[-1])
    stopped = world.start("demo.slow", seconds=60)
    world.add_worker()
    run = world.wait_state(run)
    assert (run.state, run.attempts) == ("succeeded", 2)
    assert lines(tmp_path / "p").count(f"end {run.pk}") == 1
    world.wait_state(stopped, State.RUNNING)
    world.kill_worker(world.workers[-1])
    services.stop(SYSTEM, stopped.pk)
    assert world.state(stopped) is State.RUNNING
    world.add_worker()
    assert world.wait_state(stopped, seconds=15).state == "stopped"


def test_a_worker_that_is_asked_to_stop_gives_its_run_to_another_at_no_attempts_cost(
    world: World, tmp_path: Path
) -> None:
    run = world.wait_state(world.start("demo.slow", seconds=4, path=str(tmp_path / "p")), State.RUNNING)
    wait(lambda: lines(tmp_path / "p"))
    old = world.workers[-1]
    old.send_signal(signal.SIGTERM)
    world.add_worker()
    run = world.wait_state(run)
    assert (run.state, run.attempts) == ("succeeded", 1)
    assert lines(tmp_path / "p").count(f"end {run.pk}") == 1
    assert old.wait(15) == 0


def test_two_workers_share_the_work_and_double_none(world: World, tmp_path: Path) -> None:
    second = world.add_worker()
    world.worker_ready(2)
    runs = [world.start("demo.mark", path=str(tmp_path / "p")) for _ in range(300)]
    finish(world, runs)
    assert sorted(map(int, lines(tmp_path / "p"))) == sorted(run.pk for run in runs)
    assert len(set(Run.objects.values_list("lease_owner", flat=True))) >= 2
    world.kill_worker(second)
