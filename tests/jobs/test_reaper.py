"""What is done about workers that are gone and messages that are lost."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from access.principal import Principal
from jobs import identity, leases, reaper, runner, services
from jobs.models import Run, State
from jobs.progress import LeaseLost, Progress
from jobs.reaper import Reaper
from tests import people

pytestmark = pytest.mark.django_db
SYSTEM = Principal.system("tests", people.ORIGIN)
ELSEWHERE = "far-host/another-boot/7-1/8-2"


def watching() -> Reaper:
    """One that has watched for long enough to judge."""
    return Reaper(since=time.monotonic() - reaper.GRACE_SECONDS, looked=time.monotonic())


def running(owner: str, *, attempts: int = 1, ended: bool = True) -> Run:
    run = services.start("demo.mark", actor=SYSTEM)
    until = Now() - timedelta(seconds=1) if ended else Now() + timedelta(seconds=60)
    Run.objects.filter(pk=run.pk).update(
        state=State.RUNNING, sent_at=Now(), lease_owner=owner, lease_until=until, attempts=attempts
    )
    return run


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def nothing_waits() -> int:
    return 0


def test_a_run_whose_lease_has_ended_is_tried_again_later() -> None:
    run = running(ELSEWHERE)
    assert watching().tick(nothing_waits) == 1
    found = fresh(run)
    assert (found.state, found.sent_at) == ("retrying", None)
    assert found.retry_at is not None
    assert "process 8 on far-host" in found.error
    assert "attempt 1 of 3" in found.error


def test_after_the_last_attempt_it_has_failed() -> None:
    run = running(ELSEWHERE, attempts=3)
    watching().tick(nothing_waits)
    assert fresh(run).state == "failed"
    assert fresh(run).finished_at is not None


def test_a_stop_of_a_run_without_a_worker_takes_effect_when_its_lease_ends() -> None:
    run = running(ELSEWHERE, ended=False)
    services.stop(SYSTEM, run.pk)
    assert watching().tick(nothing_waits) == 0
    Run.objects.filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=1))
    watching().tick(nothing_waits)
    assert fresh(run).state == "stopped"


def test_leases_that_ended_while_nobody_could_renew_them_get_some_grace() -> None:
    run = running(ELSEWHERE)
    assert Reaper().tick(nothing_waits) == 0
    assert fresh(run).state == "running"
    after_a_gap = watching()
    after_a_gap.looked -= 2 * reaper.PAUSE_SECONDS
    assert after_a_gap.tick(nothing_waits) == 0


def test_a_dead_process_of_this_machine_is_known_at_once_and_a_living_one_is_left_alone() -> None:
    other = subprocess.Popen(["sleep", "60"])
    name = f"{identity.worker(os.getpid())}/{other.pid}-{identity._started(other.pid)}"
    run, own = running(name, ended=False), running(identity.own(), ended=False)
    assert Reaper().tick(nothing_waits) == 0
    other.kill()
    other.wait()
    assert Reaper().tick(nothing_waits) == 1
    assert fresh(run).state == "retrying"
    assert fresh(own).state == "running"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_run_can_say_nothing_about_it_any_more() -> None:
    run = services.start("demo.mark", actor=SYSTEM)
    Run.objects.filter(pk=run.pk).update(sent_at=Now())
    claimed = leases.claim(run.pk)
    assert claimed is not None
    Run.objects.filter(pk=run.pk).update(attempts=2)  # given to another, who is at it
    progress = Progress.of(*claimed)
    with pytest.raises(LeaseLost):
        progress.phase("too late")
    assert runner._settle(claimed[0], progress, runner.Outcome(State.FAILED, "too late")) is None
    assert (fresh(run).state, fresh(run).error, fresh(run).phase) == ("running", "", "")


@pytest.mark.parametrize(("age", "waiting", "again"), [(3, 0, 0), (6, 0, 1), (6, 5, 0), (121, 5, 1)])
def test_a_lost_message_is_sent_again(age: int, waiting: int, again: int) -> None:
    run = services.start("demo.mark", actor=SYSTEM)
    Run.objects.filter(pk=run.pk).update(sent_at=Now() - timedelta(seconds=age))
    assert watching().tick(lambda: waiting) == again
    assert (fresh(run).sent_at is None) is bool(again)


def test_a_broker_that_does_not_answer_is_no_reason_to_fail() -> None:
    run = services.start("demo.mark", actor=SYSTEM)
    Run.objects.filter(pk=run.pk).update(sent_at=Now() - timedelta(seconds=6))

    def gone() -> int:
        raise ConnectionError("no broker")

    assert watching().tick(gone) == 0
