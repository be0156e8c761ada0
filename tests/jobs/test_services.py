"""Starting, stopping and retrying runs, and the brakes of a queue; each change by a person is an act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from access.principal import Principal
from audit.models import AuditEvent
from core.errors import Conflict, Denied, InvalidInput
from jobs import events, kinds, queries, services
from jobs.models import Outbox, QueueControl, Run, State, Task
from jobs.services import AlreadyActive, QueueUnknown
from jobs.subjects import Subject
from tests import people

pytestmark = pytest.mark.django_db
SYSTEM = Principal.system("tests", people.ORIGIN)
ADMIN_EVENTS = ("job.stop", "job.retry", "job.retry-failed", "queue.pause", "queue.resume", "queue.limit")


def start(kind: str = "demo.mark", **options: object) -> Run:
    return services.start(kind, actor=SYSTEM, **options)  # type: ignore[arg-type]


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("operation", flat=True))


def end(run: Run, state: State = State.PARTIAL) -> None:
    Run.objects.filter(pk=run.pk).update(state=state, finished_at=Now(), attempts=1, error="was so")


def test_a_start_that_is_rolled_back_leaves_no_run() -> None:
    with transaction.atomic():
        start()
        transaction.set_rollback(True)
    assert not Run.objects.exists()


def test_a_run_remembers_who_started_it_and_what_it_is_about() -> None:
    run = start(arguments={"path": "x"}, subject=Subject("repository", "7", "library/alpine"))
    run = Run.objects.get(pk=run.pk)
    assert (run.state, run.queue, run.trigger, run.max_attempts, run.version) == (
        "queued",
        "demo",
        "manual",
        3,
        1,
    )
    assert (run.actor_kind, run.actor_name, run.arguments) == ("system", "tests", {"path": "x"})
    assert (run.subject_type, run.subject_id, run.subject_name) == ("repository", "7", "library/alpine")


def test_a_kind_nobody_knows_and_arguments_that_are_no_ids_are_refused() -> None:
    with pytest.raises(kinds.KindUnknown):
        start("demo.unheard-of")
    for arguments in ({"path": object()}, {"path": "x" * 9000}, {"path": float("nan")}):
        with pytest.raises(InvalidInput):
            start(arguments=arguments)
    with pytest.raises(InvalidInput):
        events.publish("demo.happened", {"path": "x" * 9000}, actor=SYSTEM)
    assert not Run.objects.exists()
    assert not Outbox.objects.exists()


def test_a_second_start_of_a_single_kind_names_the_first() -> None:
    first = start("demo.once")
    with pytest.raises(AlreadyActive) as refused:
        start("demo.once")
    assert refused.value.run_id == first.pk
    assert f"job {first.pk}" in refused.value.message
    end(first, State.SUCCEEDED)
    second = start("demo.once")
    with pytest.raises(AlreadyActive):
        services.retry(SYSTEM, first.pk)
    assert Run.objects.get(pk=second.pk).state == "queued"


def test_one_of_each_subject_may_be_active() -> None:
    start("demo.each", subject=Subject("project", "1", "a"))
    start("demo.each", subject=Subject("project", "2", "b"))
    with pytest.raises(AlreadyActive):
        start("demo.each", subject=Subject("project", "1", "a"))


@pytest.mark.parametrize("state", [State.QUEUED, State.RETRYING])
def test_what_is_not_running_stops_at_once(state: State) -> None:
    run = start()
    Run.objects.filter(pk=run.pk).update(state=state, retry_at=Now() + timedelta(hours=1))
    stopped = services.stop(SYSTEM, run.pk)
    assert (stopped.state, stopped.retry_at) == ("stopped", None)
    assert stopped.finished_at is not None
    assert stopped.version == run.version + 1
    assert acts() == ["job.stop"]


def test_a_running_run_is_asked_to_stop_once() -> None:
    run = start()
    Run.objects.filter(pk=run.pk).update(state=State.RUNNING, sent_at=Now())
    asked = services.stop(SYSTEM, run.pk)
    assert asked.state == "running"
    assert asked.stop_requested_at is not None
    assert services.stop(SYSTEM, run.pk).stop_requested_at == asked.stop_requested_at


def test_stopping_what_has_ended_changes_nothing_and_is_no_act() -> None:
    run = start()
    end(run, State.SUCCEEDED)
    assert services.stop(SYSTEM, run.pk).state == "succeeded"
    assert acts() == []


def test_a_finished_run_is_done_again_from_its_beginning() -> None:
    run = start()
    Task.objects.create(run=run, key="a", state=State.FAILED)
    end(run)
    again = services.retry(SYSTEM, run.pk)
    assert (again.state, again.attempts, again.error, again.finished_at) == ("queued", 0, "", None)
    assert (again.only_failed, Task.objects.count()) == (False, 0)
    with pytest.raises(Conflict):
        services.retry(SYSTEM, run.pk)
    assert acts() == ["job.retry"]


def test_only_failed_items_are_done_again_if_there_are_any() -> None:
    run = start()
    end(run)
    with pytest.raises(Conflict, match="retry the whole job instead"):
        services.retry_failed(SYSTEM, run.pk)
    Task.objects.create(run=run, key="a", state=State.FAILED)
    assert services.retry_failed(SYSTEM, run.pk).only_failed
    assert Task.objects.count() == 1


def test_pausing_a_queue_takes_back_what_was_only_handed_out() -> None:
    sent, running = start(), start()
    Run.objects.filter(pk=sent.pk).update(sent_at=Now())
    Run.objects.filter(pk=running.pk).update(sent_at=Now(), state=State.RUNNING)
    assert services.pause_queue(SYSTEM, "demo").paused_by == "tests"
    assert Run.objects.get(pk=sent.pk).sent_at is None
    assert Run.objects.get(pk=running.pk).sent_at is not None
    assert services.limit_queue(SYSTEM, "demo", 3).limit == 3
    facts = {each.name: each for each in queries.queues(SYSTEM)}["demo"]
    assert (facts.limit, facts.waiting, facts.running, facts.paused_by) == (3, 1, 1, "tests")
    assert services.resume_queue(SYSTEM, "demo").paused_at is None
    assert QueueControl.objects.get(pk="demo").limit == 3
    assert acts() == ["queue.pause", "queue.limit", "queue.resume"]


def test_a_whole_queue_is_stopped_and_everything_running_asked_to() -> None:
    waiting, running, other = start(), start(), start("demo.scan")
    Run.objects.filter(pk=running.pk).update(state=State.RUNNING, sent_at=Now())
    assert services.stop_waiting(SYSTEM, "demo") == 1
    assert services.stop_running(SYSTEM) == 1
    assert Run.objects.get(pk=waiting.pk).state == "stopped"
    assert Run.objects.get(pk=running.pk).stop_requested_at is not None
    assert Run.objects.get(pk=other.pk).state == "queued"


def test_no_queue_of_that_name_and_no_right_to_it() -> None:
    outsider = people.principal(people.make_user())
    for change in (services.pause_queue, services.resume_queue):
        with pytest.raises(QueueUnknown):
            change(SYSTEM, "nowhere")
        with pytest.raises(Denied):
            change(outsider, "demo")
    with pytest.raises(InvalidInput):
        services.limit_queue(SYSTEM, "demo", 0)
