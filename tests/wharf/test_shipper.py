"""The loop of the shipper's process: what is due is done, what fails is tried again, and nobody waits for another."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

from audit.forward.forwarder import STOP_SECONDS
from wharf import front
from wharf.environment import Environment, Role
from wharf.shipper import FIRST_PAUSE, LAST_SECONDS, Step, run


def run_until(done: threading.Event, steps: list[Step], seconds: float = 20.0) -> float:
    """Seconds until `done` was set."""
    stopping = threading.Event()
    loop = threading.Thread(target=run, args=(steps, stopping))
    begun = time.monotonic()
    loop.start()
    try:
        assert done.wait(seconds)
        return time.monotonic() - begun
    finally:
        stopping.set()
        loop.join(5)
        assert not loop.is_alive()


def counting(wanted: int, answer: object = None) -> tuple[list[float], threading.Event, Callable[[], object]]:
    """When a step ran; set at its `wanted`th time."""
    times: list[float] = []
    done = threading.Event()

    def step() -> object:
        times.append(time.monotonic())
        if len(times) == wanted:
            done.set()
        return answer

    return times, done, step


def test_a_step_runs_at_once_and_then_at_its_interval():
    times, done, step = counting(4)
    run_until(done, [Step("quick", step, 0.05)])
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(times))


def test_a_step_that_has_more_to_do_goes_on_at_once():
    _, done, step = counting(50, True)
    assert run_until(done, [Step("busy", step, 60.0)]) < 10


def test_a_step_that_has_more_to_do_lets_the_others_have_their_turn():
    _, _, busy = counting(10**9, True)
    _, done, step = counting(3)
    run_until(done, [Step("busy", busy, 60.0), Step("quick", step, 0.01)])


def test_a_step_that_fails_is_tried_again_after_growing_pauses_and_holds_nobody_up():
    failures: list[float] = []

    def fail() -> None:
        failures.append(time.monotonic())
        raise OSError("no")

    _, done, step = counting(20)
    run_until(done, [Step("failing", fail, 0.0), Step("quick", step, 0.1)])
    assert 2 <= len(failures) <= 3
    assert failures[1] - failures[0] >= FIRST_PAUSE


def test_a_step_that_recovers_keeps_its_interval_again():
    left = [2]

    def twice() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError("no")

    step = Step("recovering", twice, 7.0)
    for _ in range(2):
        step.take()
    assert step.pause == FIRST_PAUSE * 2
    step.take()
    assert step.pause == 0
    assert 6 < step.due - time.monotonic() <= 7


def test_a_stop_is_over_long_before_the_supervisor_kills():
    [command] = front.commands(Environment(role=Role.SHIPPER), listener=-1)
    assert command.grace / 2 > LAST_SECONDS + STOP_SECONDS
