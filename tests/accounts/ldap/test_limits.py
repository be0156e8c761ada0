"""Time and number are bounded whatever the directory does. The clock is ours."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from accounts.ldap import limits
from accounts.ldap.limits import OPEN_SECONDS, PROBE_SECONDS, Circuits, Deadline, Slots
from core.errors import DirectoryUnavailable

PATIENCE_SECONDS = 60.0
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
    slots = Slots()
    for _ in range(limits.MAX_CALLS * 2):
        with slots.one(Deadline(5), "192.0.2.1"):
            pass
    with pytest.raises(RuntimeError), slots.one(Deadline(5), "192.0.2.1"):
        raise RuntimeError
    assert slots.asking.total() == 0


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would have to wait is refused instead."""
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.001)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits does it until a test lets him go on."""
    monkeypatch.setattr(limits, "WAIT_SECONDS", PATIENCE_SECONDS)


def client(number: int) -> str:
    return f"192.0.2.{number}"


def refused(slots: Slots, name: str) -> bool:
    try:
        with slots.one(Deadline(PATIENCE_SECONDS), name):
            return False
    except DirectoryUnavailable as error:
        return "checked already" in error.reason


@pytest.mark.usefixtures("no_waiting")
def test_one_client_leaves_slots_to_others() -> None:
    slots = Slots()
    with ExitStack() as held:
        for _ in range(limits.CALLS_OF_CLIENT):
            held.enter_context(slots.one(Deadline(PATIENCE_SECONDS), client(1)))
        assert refused(slots, client(1))
        assert not refused(slots, client(2))
    assert not refused(slots, client(1))


@pytest.mark.usefixtures("no_waiting")
def test_there_are_only_so_many_for_all_together() -> None:
    slots = Slots()
    with ExitStack() as held:
        for number in range(limits.MAX_CALLS):
            held.enter_context(slots.one(Deadline(PATIENCE_SECONDS), client(number) if number % 2 else ""))
        assert refused(slots, client(99))
        assert refused(slots, "")
    assert slots.asking == slots.waiting == {}


@contextmanager
def crowd(slots: Slots, names: Iterable[str]) -> Iterator[list[Future[bool]]]:
    """Each of these waits for a slot, one after the other."""
    with ThreadPoolExecutor(limits.MAX_WAITING) as pool:
        futures: list[Future[bool]] = []
        before = slots.waiting.total()
        for name in names:
            futures.append(pool.submit(refused, slots, name))
            begun = time.monotonic()
            while slots.waiting.total() < before + len(futures):
                assert time.monotonic() - begun < PATIENCE_SECONDS, "it does not wait"
                time.sleep(0.001)
        yield futures


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("name", ["", client(1)])
def test_who_finds_none_free_gets_the_next(name: str) -> None:
    slots = Slots()
    with ExitStack() as held:
        calls = limits.CALLS_OF_CLIENT if name else limits.MAX_CALLS
        for _ in range(calls):
            held.enter_context(slots.one(Deadline(PATIENCE_SECONDS), name))
        with crowd(slots, [name, name]) as waiting:
            held.close()
            assert [each.result() for each in waiting] == [False, False]
    assert slots.asking == slots.waiting == {}


@pytest.mark.usefixtures("patience")
def test_only_so_many_wait_and_few_of_one_client() -> None:
    slots = Slots()
    clients = limits.MAX_WAITING // limits.WAITING_OF_CLIENT
    with ExitStack() as held:
        for _ in range(limits.MAX_CALLS):
            held.enter_context(slots.one(Deadline(PATIENCE_SECONDS)))
        with crowd(slots, [client(1)] * limits.WAITING_OF_CLIENT) as first:
            assert refused(slots, client(1))
            others = [client(number) for number in range(2, clients + 1)] * limits.WAITING_OF_CLIENT
            with crowd(slots, others) as rest:
                assert refused(slots, client(99))
                held.close()
                assert not any(each.result() for each in [*first, *rest])


def test_the_wait_ends_with_the_deadline() -> None:
    slots, clock = Slots(), Clock()
    deadline = Deadline(5, clock)
    with ExitStack() as held:
        for _ in range(limits.MAX_CALLS):
            held.enter_context(slots.one(Deadline(PATIENCE_SECONDS)))
        clock.now += 4.999
        with pytest.raises(DirectoryUnavailable, match="cannot be checked now"), slots.one(deadline):
            pass
        clock.now += 1
        with pytest.raises(DirectoryUnavailable, match="cannot be checked now") as late, slots.one(deadline):
            pass
        assert "5 seconds" in late.value.reason
    assert slots.waiting == {}
