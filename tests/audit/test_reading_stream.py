"""All entries in one stream, for exports; and the log as it is written."""

from __future__ import annotations

import time
from typing import Any

import pytest

from audit.reading import stream, tail
from audit.reading.filter import Filter
from audit.reading.scope import Own, Scope
from audit.reading.search import Page, search
from audit.reading.stream import entries
from audit.reading.tail import Tail
from audit.streams import Stream
from core.errors import SearchTooLong
from database import sql
from tests.audit.entries import ALL, event, ids, pages, pull
from tests.audit.sealing import Log

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH FORWARD%%'"


def fill(log: Log) -> None:
    for number in range(30):
        event(number, project_id=5, actor_id=number % 2)
        pull(number + 0.5, project_id=6, actor_id=1)


def test_a_stream_is_all_pages_from_the_oldest_on(log: Log):
    fill(log)
    for scope in (ALL, Scope(project_ids=(5,), own=Own("user", 1)), Scope()):
        for wanted in (
            Filter(),
            Filter(operations=("artifact.pull",)),
            Filter(project_ids=(5, 6), actor_id=1),
        ):
            with entries(scope, wanted) as found:
                assert list(found) == pages(wanted, scope, size=500)[::-1]


def test_it_shows_the_moment_at_which_it_began(log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream, "ROWS", 5)
    fill(log)
    with entries(ALL, Filter(streams=frozenset([Stream.EVENTS]))) as found:
        first = next(found)
        event(0)
        event(20)
        assert len([first, *found]) == 30


def test_leaving_it_ends_the_query(log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream, "ROWS", 5)
    fill(log)
    with entries(ALL, Filter()) as found:
        next(found)
        assert sql.value(OPEN) == 1
    for _ in range(50):
        if sql.value(OPEN) == 0:
            return
        time.sleep(0.1)
    raise AssertionError("the server still holds the cursor")


def test_what_finds_nothing_in_time_is_ended_with_advice(log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream, "FETCH", "200ms")
    fill(log)
    with log.admin.transaction():
        log.admin.execute("LOCK TABLE audit_agent IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(SearchTooLong, match="shorter time"), entries(ALL, Filter()) as found:
            list(found)


def test_a_tail_shows_each_entry_once_as_it_comes(log: Log):
    old = [event(60), event(50), event(3)]
    following = Tail(ALL, Filter(), 2)
    assert ids(following.new()) == old[1:]
    assert following.new() == []
    late, new, pulled = event(10), event(0), pull(-3600)  # by a clock that is an hour ahead
    assert ids(following.new()) == [late, new, pulled]
    again = event(0)
    assert ids(following.new()) == [again]
    assert following.new() == []


def test_a_tail_begins_with_an_empty_log_and_shows_what_its_filter_finds(log: Log):
    following = Tail(ALL, Filter(operations=("tag.delete",)), 1)
    assert following.new() == []
    wanted = [event(0, operation="tag.delete") for _ in range(3)]
    event(0)
    assert ids(following.new()) == wanted


def test_what_is_written_while_a_tail_begins_is_shown(log: Log, monkeypatch: pytest.MonkeyPatch):
    written = [event(60)]

    def writing(*given: Any, **how: Any) -> Page:
        page = search(*given, **how)
        written.append(event(0))
        return page

    monkeypatch.setattr(tail, "search", writing)
    following = Tail(ALL, Filter(), 5)
    shown = ids(following.new())
    monkeypatch.setattr(tail, "search", search)
    shown += ids(following.new())
    assert len(written) > 2
    assert shown == written


def test_a_transaction_that_takes_its_time_is_seen_when_it_ends(log: Log):
    following = Tail(ALL, Filter(), 5)
    with log.admin.transaction():
        log.write(1)
        later = event(0)
        time.sleep(0.1)
        assert ids(following.new()) == [later]
    assert [each.actor_name for each in following.new()] == ["alice"]
    assert following.new() == []


def test_what_was_there_and_is_not_shown_is_not_new(log: Log):
    fill(log)
    following = Tail(ALL, Filter(), 3)
    assert len(following.new()) == 3
    assert following.new() == []
