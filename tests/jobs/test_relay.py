"""What the relay hands out, and how events become runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from access.principal import Principal
from jobs import events, relay, services
from jobs.models import Outbox, QueueControl, Run, State, Worker
from jobs.subjects import Subject
from tests import people

pytestmark = pytest.mark.django_db
SYSTEM = Principal.system("tests", people.ORIGIN)


def start(kind: str, count: int = 1) -> list[int]:
    return [services.start(kind, actor=SYSTEM).pk for _ in range(count)]


def handed_out() -> list[int]:
    sent: list[int] = []
    relay.tick(sent.extend)
    return sent


def add_slots(count: int) -> None:
    Worker.objects.create(name="w", host="h", pid=1, slots=count)


def test_a_queue_is_filled_to_its_limit_in_order() -> None:
    runs = start("demo.ordered", 3)
    assert handed_out() == runs[:1]
    assert handed_out() == []
    Run.objects.filter(pk=runs[0]).update(state=State.SUCCEEDED)
    assert handed_out() == runs[1:2]


def test_long_scans_never_hold_back_replications_nor_short_work() -> None:
    add_slots(4)
    scans, copies, marks = start("demo.scan", 5), start("demo.copy", 5), start("demo.mark", 5)
    sent = handed_out()
    assert [run for run in sent if run in scans] == scans[:1]
    assert [run for run in sent if run in copies] == copies[:2]
    assert [run for run in sent if run in marks] == marks
    assert set(sent[:3]) == {scans[0], copies[0], marks[0]}


def test_a_paused_queue_hands_out_nothing_until_it_is_resumed() -> None:
    runs = start("demo.mark", 2)
    services.pause_queue(SYSTEM, "demo")
    assert handed_out() == []
    services.resume_queue(SYSTEM, "demo")
    assert handed_out() == runs


def test_runs_of_a_paused_long_queue_hold_their_processes_all_the_same() -> None:
    add_slots(2)
    scans = start("demo.scan")
    assert handed_out() == scans
    Run.objects.filter(pk__in=scans).update(state=State.RUNNING)
    services.pause_queue(SYSTEM, "scans")
    start("demo.copy")
    (mark,) = start("demo.mark")
    assert handed_out() == [mark], "the last free process is for short work"


def test_an_administrators_limit_counts() -> None:
    QueueControl.objects.create(name="demo", limit=2)
    runs = start("demo.mark", 5)
    assert handed_out() == runs[:2]


def test_what_the_broker_does_not_take_waits_again() -> None:
    (run,) = start("demo.mark")

    def refuse(_ids: Sequence[int]) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        relay.tick(refuse)
    assert Run.objects.get(pk=run).sent_at is None
    assert handed_out() == [run]


def test_a_retry_is_handed_out_when_its_time_has_come() -> None:
    (run,) = start("demo.mark")
    Run.objects.filter(pk=run).update(state=State.RETRYING, retry_at="2999-01-01T00:00:00Z")
    assert handed_out() == []
    Run.objects.filter(pk=run).update(retry_at="2001-01-01T00:00:00Z")
    assert handed_out() == [run]
    assert Run.objects.get(pk=run).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_many_relays_at_once_hand_out_every_run_once() -> None:
    runs = start("demo.noop", 200)
    sent: list[int] = []

    def work() -> None:
        try:
            for _ in range(20):
                relay.tick(sent.extend)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    relay.tick(sent.extend)
    assert sorted(sent) == runs


def test_an_event_starts_what_subscribed_once_its_transaction_has_committed() -> None:
    subject = Subject("repository", "7", "library/alpine")
    events.publish("demo.happened", {"path": "x"}, actor=SYSTEM, subject=subject)
    assert relay.events() == 1
    assert not Outbox.objects.exists()
    (run,) = Run.objects.all()
    assert (run.kind, run.trigger, run.arguments) == ("demo.mark", "event", {"path": "x", "name": "heard"})
    assert (run.subject_name, run.actor_name) == ("library/alpine", "tests")
    with transaction.atomic():
        events.publish("demo.happened", {"path": "x"}, actor=SYSTEM)
        transaction.set_rollback(True)
    assert relay.events() == 0


def test_an_event_nobody_waits_for_leaves_nothing() -> None:
    events.publish("demo.unheard-of", {}, actor=SYSTEM)
    assert relay.events() == 1
    assert not Run.objects.exists()


def test_an_event_during_a_run_of_its_subject_comes_again_and_is_not_lost() -> None:
    payload = {"seconds": 0, "path": "x"}
    events.publish("demo.changed", payload, actor=SYSTEM)
    assert relay.events() == 1
    events.publish("demo.changed", payload, actor=SYSTEM)
    assert relay.events() == 1, "the queued run has seen nothing yet: it will see this too"
    Run.objects.update(state=State.RUNNING, sent_at=Now())
    events.publish("demo.changed", payload, actor=SYSTEM)
    assert relay.events() == 0
    Run.objects.update(state=State.SUCCEEDED)
    Outbox.objects.update(available_at="2001-01-01T00:00:00Z")
    assert relay.events() == 1
    assert Run.objects.filter(state=State.QUEUED).count() == 1


def test_an_event_that_cannot_be_understood_does_not_stop_the_others() -> None:
    events.publish("demo.happened", {"wrong": 1}, actor=SYSTEM)
    events.publish("demo.happened", {"path": "x"}, actor=SYSTEM)
    assert relay.events() == 1
    assert Outbox.objects.count() == 1
    assert Run.objects.count() == 1
