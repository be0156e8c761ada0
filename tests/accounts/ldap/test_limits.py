"""Time and number are bounded whatever the directory does. The clock is ours."""

from __future__ import annotations

import pytest

from accounts.ldap import limits
from accounts.ldap.limits import OPEN_SECONDS, PROBE_SECONDS, Circuits, Deadline
from core.errors import DirectoryUnavailable

pytestmark = pytest.mark.unit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


FAILURE = DirectoryUnavailable("it is dead", hint="wake it")


def test_a_server_that_failed_is_not_asked_for_a_while_and_then_by_one_alone() -> None:
    clock = Clock()
    circuits = Circuits(clock)
    assert circuits.refusal("a") is None
    circuits.failed("a", FAILURE)
    refusal = circuits.refusal("a")
    assert refusal is not None
    assert (refusal.reason, refusal.hint) == ("it is dead", "wake it")
    assert circuits.refusal("b") is None
    clock.now += OPEN_SECONDS
    assert circuits.refusal("a") is None
    assert circuits.refusal("a") is not None
    clock.now += PROBE_SECONDS
    assert circuits.refusal("a") is None
    circuits.answered("a")
    assert circuits.refusal("a") is None
    assert circuits.refusal("a") is None


def test_only_so_many_failures_are_kept() -> None:
    circuits = Circuits(Clock())
    for number in range(limits.MAX_CIRCUITS + 1):
        circuits.failed(number, FAILURE)
    assert circuits.refusal(0) is None
    assert circuits.refusal(limits.MAX_CIRCUITS) is not None


def test_a_deadline_ends_once_for_all_steps() -> None:
    clock = Clock()
    deadline = Deadline(5, clock)
    part = deadline.part(3)
    assert (deadline.left(), deadline.left(2), part.left()) == (5, 2, 3)
    clock.now += 4
    assert deadline.left(2) == 1
    with pytest.raises(DirectoryUnavailable):
        part.left()
    clock.now += 1
    with pytest.raises(DirectoryUnavailable, match="cannot be checked now"):
        deadline.left()


def test_slots_are_given_back() -> None:
    for _ in range(limits.MAX_CALLS * 2):
        with limits.slot():
            pass
    with pytest.raises(RuntimeError), limits.slot():
        raise RuntimeError
    with limits.slot():
        pass
