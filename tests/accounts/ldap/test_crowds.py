"""More people sign in at once than a slow directory answers: some wait, and nobody keeps everybody else out."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.ldap import Directory, limits
from accounts.ldap.limits import MAX_CALLS, MAX_WAITING
from core.errors import DirectoryUnavailable
from tests.accounts.ldap.conftest import Ask
from tests.ldap.slapd import Slapd

PASSWORD = "a password of ann"
PATIENCE_SECONDS = 60
pytestmark = pytest.mark.services


@pytest.fixture(scope="module", autouse=True)
def ann(server: Slapd) -> str:
    return server.add_person("ann", PASSWORD)


def until(condition: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < PATIENCE_SECONDS, "it never came true"
        time.sleep(0.001)


@pytest.fixture
def patient(ask: Ask, paused: Slapd, monkeypatch: pytest.MonkeyPatch) -> Directory:
    """Whoever asks waits until the test resumes the server, or gives a slot back."""
    monkeypatch.setattr("accounts.ldap.directory.PROVE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(limits, "WAIT_SECONDS", PATIENCE_SECONDS)
    return ask(timeout=PATIENCE_SECONDS, connect_timeout=PATIENCE_SECONDS)


def test_no_more_than_a_few_ask_a_slow_server_and_wait_for_it(patient: Directory, paused: Slapd) -> None:
    slots = limits.slots
    with ThreadPoolExecutor(MAX_CALLS + MAX_WAITING) as pool:
        asked = [pool.submit(patient.prove, "ann", PASSWORD) for _ in range(MAX_CALLS + MAX_WAITING)]
        until(lambda: slots.waiting.total() == MAX_WAITING)
        assert slots.asking.total() == MAX_CALLS
        with pytest.raises(DirectoryUnavailable) as refused:
            patient.prove("ann", PASSWORD)
        assert "already" in refused.value.reason
        paused.resume()
        assert all(each.result() for each in asked)
    assert slots.asking == slots.waiting == {}


def test_one_who_tries_many_names_at_once_keeps_nobody_else_out(patient: Directory, paused: Slapd) -> None:
    slots = limits.slots
    with ThreadPoolExecutor(MAX_CALLS + 1) as pool:
        names = (f"guess{number}" for number in range(MAX_CALLS))
        guesses = [pool.submit(patient.prove, name, "wrong", "192.0.2.1") for name in names]
        until(lambda: slots.asking.total() + slots.waiting.total() == MAX_CALLS)
        ann = pool.submit(patient.prove, "ann", PASSWORD, "192.0.2.2")
        until(lambda: slots.asking["192.0.2.2"] == 1)
        paused.resume()
        assert ann.result() is not None
        assert [each.result() for each in guesses] == [None] * MAX_CALLS
    assert slots.asking == slots.waiting == {}
