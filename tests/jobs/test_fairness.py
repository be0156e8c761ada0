"""Whose turn it is, and what nobody may take from the others."""

from __future__ import annotations

import pytest

from jobs import fairness
from jobs.fairness import Load
from jobs.kinds import Lane, Queue

pytestmark = pytest.mark.unit

SCANS = Queue("scans", limit=10)
COPIES = Queue("copies", limit=10)
SHORT = Queue("short", limit=4, lane=Lane.SHORT)
ALL = (SCANS, COPIES, SHORT)


def loads(**in_flight: int) -> list[Load]:
    return fairness.loads(ALL, limits={}, in_flight=in_flight, paused=frozenset())


def test_a_queue_never_hands_out_more_than_its_limit() -> None:
    assert fairness.rooms(loads(short=3), slots=16, long_queues=2)["short"] == 1
    assert fairness.rooms(loads(short=9), slots=16, long_queues=2)["short"] == 0


def test_an_administrator_may_change_the_limit_and_pause() -> None:
    found = fairness.loads(ALL, limits={"short": 1}, in_flight={}, paused=frozenset({"scans"}))
    assert {load.name: load.limit for load in found} == {"copies": 10, "short": 1}


@pytest.mark.parametrize("slots", [2, 4, 8])
def test_no_long_queue_takes_what_the_other_long_ones_could_have(slots: int) -> None:
    rooms = fairness.rooms(loads(), slots=slots, long_queues=2)
    assert rooms["scans"] == max(1, slots - 2)


def test_long_runs_together_leave_a_process_free() -> None:
    waiting = {"scans": [1, 2, 3, 4], "copies": [5, 6, 7, 8], "short": [9]}
    picked = fairness.turns(loads(), waiting, long_room=fairness.long_slots(4))
    assert (len(picked), picked.count(9)) == (4, 1)
    assert {1, 5} < set(picked)


def test_queues_take_turns_and_the_idle_one_comes_first() -> None:
    waiting = {"scans": [1, 2], "copies": [5, 6], "short": [9, 10]}
    assert fairness.turns(loads(copies=1), waiting, long_room=9) == [1, 9, 5, 2, 10, 6]


def test_one_process_still_does_everything() -> None:
    assert fairness.long_slots(1) == 1
    assert fairness.rooms(loads(), slots=1, long_queues=2)["scans"] == 1
