"""A run from its start to its end, in a real worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs import queries, services
from jobs.models import LogLine, Run, State, Task
from tests.jobs.world import SYSTEM, World, wait

pytestmark = pytest.mark.services


def test_a_started_run_succeeds_and_tells_its_result(world: World, tmp_path: Path) -> None:
    run = world.wait_state(world.start("demo.mark", path=str(tmp_path / "marks"), name="here"))
    assert (run.state, run.result, run.attempts, run.error) == ("succeeded", {"marked": "here"}, 1, "")
    assert (tmp_path / "marks").read_text() == "here\n"
    assert run.started_at is not None
    assert run.finished_at is not None
    assert run.created_at <= run.started_at <= run.finished_at


def test_of_ten_thousand_items_the_failed_ones_are_named_and_retried_alone(
    world: World, tmp_path: Path
) -> None:
    healed, path = tmp_path / "healed", tmp_path / "items"
    run = world.wait_state(world.start("demo.items", count=10_000, healed=str(healed), path=str(path)))
    assert (run.state, run.done, run.total, run.failed) == ("partial", 10_000, 10_000, 100)
    assert run.error == "100 items failed: see them, then retry those alone"
    failed = list(Task.objects.filter(run=run, state="failed").order_by("key").values_list("key", "error"))
    assert [key for key, _ in failed] == [f"item-{number:05}" for number in range(99, 10_000, 100)]
    assert failed[0][1] == "item 99 is broken, password=***"
    healed.touch()
    path.unlink()
    services.retry_failed(SYSTEM, run.pk)
    again = world.wait_state(run)
    assert (again.state, again.done, again.total, again.failed, again.error) == ("succeeded", 100, 100, 0, "")
    assert path.read_text().split() == [key for key, _ in failed]
    assert not Task.objects.filter(run=run, state="failed").exists()


def test_a_failing_run_is_retried_with_growing_waits_and_then_fails(world: World) -> None:
    run = world.start("demo.failing")
    seen = world.wait_state(run, State.RETRYING)
    assert seen.retry_at is not None
    assert seen.error == "RuntimeError: no luck with https://me:***@example.test/"
    run = world.wait_state(run)
    assert (run.state, run.attempts) == ("failed", 3)
    assert "hunter2" not in str(list(LogLine.objects.filter(run=run).values_list("message", "fields")))
    assert [line.fields["api_key"] for line in queries.log_lines(run.pk) if "api_key" in line.fields] == [
        "***"
    ] * 3


def test_a_run_that_fails_at_first_succeeds_in_the_end(world: World) -> None:
    run = world.wait_state(world.start("demo.failing", until=1))
    assert (run.state, run.attempts, run.error) == ("succeeded", 2, "")


def test_what_can_never_succeed_is_not_tried_twice(world: World) -> None:
    run = world.wait_state(world.start("demo.failing", hopeless=True))
    assert (run.state, run.attempts, run.error) == ("failed", 1, "this can never succeed")


def test_a_running_run_stops_at_its_next_checkpoint(world: World) -> None:
    run = world.wait_state(world.start("demo.slow", seconds=60), State.RUNNING)
    services.stop(SYSTEM, run.pk)
    took = wait(lambda: world.state(run) is State.STOPPED, seconds=30)
    assert took < 15


def test_a_body_that_listens_is_ended_in_time(world: World) -> None:
    run = world.wait_state(world.start("demo.endless", seconds=60))
    assert (run.state, run.error) == ("failed", "lasted longer than 0:00:01: see the log for where")


def test_progress_moves_the_version_and_keeps_the_lease(world: World) -> None:
    run = world.wait_state(world.start("demo.slow", seconds=60), State.RUNNING)
    wait(lambda: (Run.objects.get(pk=run.pk).done or 0) > 10)
    first = Run.objects.get(pk=run.pk)
    wait(lambda: Run.objects.get(pk=run.pk).done > first.done)
    second = Run.objects.get(pk=run.pk)
    assert second.version > first.version
    assert second.lease_until is not None
    assert first.lease_until is not None
    assert second.lease_until > first.lease_until
    assert second.total == 3000
    assert queries.rate(second).items_per_second > 10
    (worker,) = queries.workers(SYSTEM)
    assert [held.pk for held in worker.runs] == [run.pk]
    services.stop(SYSTEM, run.pk)
    world.wait_state(run)


def test_a_talkative_run_keeps_a_bounded_log_that_says_so(world: World) -> None:
    run = world.wait_state(world.start("demo.talkative", lines=6_000), seconds=60)
    assert run.log_lines == 5_000
    last = queries.log_lines(run.pk, after=4_999)
    assert [line.message for line in last] == ["the log ends here: a job keeps 5,000 lines"]
    page = queries.log_lines(run.pk, after=100, limit=50)
    assert [line.n for line in page] == list(range(101, 151))
