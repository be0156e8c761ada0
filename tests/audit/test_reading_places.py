"""A few searches at once: the others wait a moment without a connection, and are then told to come back."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import psycopg
import pytest
from django.db import connection

from access.principal import Principal
from audit.reading import limits, places, search
from audit.reading.filter import Filter
from audit.reading.places import AT_ONCE, EACH, Places
from core.errors import SearchTooLong, Unavailable
from tests.audit.entries import ALL
from tests.audit.sealing import Log
from tests.people import SYSTEM

ALICE, BOB, CAROL = (replace(SYSTEM, id=number) for number in (1, 2, 3))


@pytest.fixture(autouse=True)
def released(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a connection was given back; nobody has one here."""
    given: list[int] = []
    monkeypatch.setattr(places, "release_connection", lambda: given.append(1))
    monkeypatch.setattr(places, "WAIT", 0.2)
    return given


def taken(stack: ExitStack, given: Places, *actors: Principal) -> None:
    for actor in actors:
        stack.enter_context(given.one(actor))


@pytest.mark.unit
def test_one_caller_leaves_places_to_others(released: list[int]) -> None:
    given = Places()
    with ExitStack() as stack:
        taken(stack, given, *[ALICE] * EACH)
        with pytest.raises(Unavailable, match="try again") as refusal, given.one(ALICE):
            pass
        assert refusal.value.retry_after > 0
        assert released == [1]
        taken(stack, given, BOB, CAROL)
        assert EACH + 2 == AT_ONCE
        with pytest.raises(Unavailable), given.one(replace(SYSTEM, id=4)):
            pass
    with ExitStack() as stack:
        taken(stack, given, BOB, BOB, ALICE, ALICE)


@pytest.mark.unit
def test_who_waits_gets_the_place_that_becomes_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WAIT", 20.0)
    given, done = Places(), threading.Event()

    def search_too() -> None:
        with given.one(ALICE):
            done.set()

    with given.one(ALICE):
        with given.one(ALICE):
            waiting = threading.Thread(target=search_too)
            waiting.start()
            assert not done.wait(0.1)
        assert done.wait(10)
    waiting.join()


@pytest.mark.unit
def test_who_comes_later_does_not_overtake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WAIT", 20.0)
    given, order = Places(), list[str]()

    def search_too() -> None:
        with given.one(ALICE):
            order.append("first")

    waiting = threading.Thread(target=search_too)
    with given.one(ALICE):
        with given.one(ALICE):
            waiting.start()
            while not given._waiting:
                time.sleep(0.01)
        with given.one(BOB), given.one(ALICE):
            order.append("second")
    waiting.join()
    assert order == ["first", "second"]


@pytest.mark.unit
def test_no_crowd_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_WAITING", 0)
    given = Places()
    with ExitStack() as stack:
        taken(stack, given, ALICE, ALICE)
        began = time.monotonic()
        with pytest.raises(Unavailable), given.one(ALICE):
            pass
        assert time.monotonic() - began < places.WAIT


@pytest.mark.unit
def test_a_search_that_fails_gives_its_place_back() -> None:
    given = Places()
    for _ in range(EACH + 1):
        with pytest.raises(ZeroDivisionError), given.one(ALICE):
            raise ZeroDivisionError


def test_the_first_statement_of_a_search_is_bounded_too(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SET", limits.SET.replace(f"'{limits.SECONDS}s'", "'300ms'"))
    settings = connection.settings_dict
    where = {"host": settings["HOST"], "dbname": settings["NAME"], "user": "postgres"}
    with psycopg.connect(**where) as other:
        # What says how far the partitions reach waits for this one.
        other.execute("LOCK TABLE audit_pull_default IN ACCESS EXCLUSIVE MODE")
        other.execute("SET LOCAL statement_timeout = '8s'")
        began = time.monotonic()
        with pytest.raises(SearchTooLong):
            search.count(ALL, Filter())
        assert time.monotonic() - began < 3
        other.rollback()
