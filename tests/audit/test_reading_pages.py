"""Pages: each entry once, however many are written meanwhile; the same from both ends; bounded counts; hostile cursors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit.reading.cursor import Cursor
from audit.reading.filter import Filter
from audit.reading.scope import Own, Scope
from audit.reading.search import BOUND, MOST, Count, count, search
from core.errors import InvalidInput
from database import sql
from tests.audit.entries import ALL, YEAR, event, found, ids, now, pages, pull

pytestmark = pytest.mark.django_db

SOMETIME = datetime(2026, 1, 1, tzinfo=UTC)
SOME = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, operation, result, ts, project_id)
    SELECT 'user', 1, 'alice', 'session', 'tag.create', 'ok', now() - n / 10 * interval '1 s', 5 FROM generate_series(1, %s) n
"""


def test_each_entry_is_read_once_though_others_are_written_between_the_pages():
    there = [write(ago) for ago in range(20, 40) for write in (event, pull, event)]
    read, after, rounds = [], None, 0
    while True:
        page = search(ALL, Filter(), after=after, size=7)
        read += ids(page.entries)
        rounds += 1
        for ago in (0, 25, 60):  # ahead of the page, about where it is, and behind
            event(ago + rounds / 100, actor_name="late")
        if page.next is None or rounds > 40:
            break
        after = page.next
    assert len(read) == len(set(read))
    assert set(there) <= set(read)


def test_entries_of_one_moment_are_parted_by_their_ids():
    at = now() - timedelta(seconds=9)
    there = [write(ts=at) for _ in range(11) for write in (event, pull)]
    assert ids(pages(Filter(), size=3)) == sorted(there, reverse=True)
    assert ids(pages(Filter(), size=3, oldest_first=True)) == sorted(there)


@pytest.mark.parametrize("size", [1, 2, 5, 24, 25, 26, 500])
def test_pages_of_any_size_are_the_same_list(size: int):
    for ago in range(25):
        (pull if ago % 3 else event)(ago)
    whole = ids(search(ALL, Filter(), size=500).entries)
    assert len(whole) == 25
    assert ids(pages(Filter(), size=size)) == whole
    assert ids(pages(Filter(), size=size, oldest_first=True)) == whole[::-1]


def test_several_operations_and_projects_are_merged_in_the_order_of_time():
    there = [
        event(ago, operation=("tag.create", "tag.delete", "user.create")[ago % 3], project_id=ago % 4)
        for ago in range(30)
    ]
    wanted = Filter(operations=("tag.create", "user.create"))
    assert found(wanted) == [id_ for ago, id_ in enumerate(there) if ago % 3 != 1]
    wanted = Filter(project_ids=(1, 2))
    assert ids(pages(wanted, size=4)) == [id_ for ago, id_ in enumerate(there) if ago % 4 in (1, 2)]
    many = Filter(project_ids=tuple(range(1, 40)))
    assert ids(pages(many, size=4)) == [id_ for ago, id_ in enumerate(there) if ago % 4]


def test_what_two_reasons_show_is_shown_once():
    both = event(3, project_id=5, actor_id=9)
    there, own = event(2, project_id=5, actor_id=8), event(1, project_id=6, actor_id=9)
    event(1, project_id=6, actor_id=8)
    pulled = pull(4, project_id=5, actor_id=9)
    scope = Scope(project_ids=(5,), own=Own("user", 9))
    assert found(Filter(), scope) == [own, there, both, pulled]
    assert ids(pages(Filter(), scope, size=1)) == [own, there, both, pulled]
    assert count(scope, Filter()) == Count(4, exact=True)


def test_without_a_beginning_a_search_reads_seven_days():
    inside = event(6.99 * 86400)
    event(7.01 * 86400)
    assert found(Filter()) == [inside]
    until = now() - timedelta(days=7)
    assert len(found(Filter(until=until))) == 1
    assert len(found(YEAR.of())) == 2


def test_the_beginning_is_in_and_the_end_is_not():
    id_ = event(100)
    at = now() - timedelta(seconds=100)
    step = timedelta(microseconds=1)
    assert found(Filter(since=at, until=at + step)) == [id_]
    assert found(Filter(since=at - step, until=at)) == []
    assert found(Filter(since=at, until=at)) == []
    assert found(Filter(since=at + step, until=at)) == []


def test_times_of_other_zones_and_from_the_edge_of_the_calendar():
    id_ = event(100)
    local = (now() - timedelta(seconds=101)).astimezone(ZoneInfo("Asia/Kathmandu"))
    assert found(Filter(since=local)) == [id_]
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert found(Filter(since=first, until=last)) == [id_]
    assert found(Filter(until=first)) == []
    assert found(Filter(since=last)) == []


def test_entries_dated_ahead_are_found_unless_an_end_is_given():
    id_ = pull(-3600)
    assert found(Filter()) == [id_]
    assert found(Filter(until=now())) == []


def test_a_cursor_takes_nobody_further_back_than_he_asks():
    there = [event(ago) for ago in (10, 20, 30, 40, 50)]
    page = search(ALL, YEAR.of(), size=2)
    assert ids(page.entries) == there[:2]
    since = now() - timedelta(seconds=40)
    assert ids(search(ALL, Filter(since=since), after=page.next).entries) == there[2:4]
    assert ids(search(ALL, Filter(), after=page.next).entries) == there[2:]


def test_numbers_are_told_as_they_were_written():
    numbers = (
        "18446744073709551616",
        "9" * 400,
        "-" + "9" * 30,
        "7",
        "1.5",
        "9" * 5000,
        "1" + "0" * 400 + ".5",
    )
    for ago, number in enumerate(numbers):
        event(ago, detail=f'{{"after": {{"n": {number}}}, "digest": "{"1" * 64}"}}')
    told = [each.detail["after"]["n"] for each in pages(Filter())]
    assert told == [2**64, int("9" * 400), -int("9" * 30), 7, 1.5, *numbers[5:]]


def test_skipping_gives_the_page_that_reading_would():
    sql.execute(SOME, [60])
    whole = ids(search(ALL, Filter(), size=60).entries)
    assert ids(search(ALL, Filter(), size=7, skip=20).entries) == whole[20:27]
    assert ids(search(ALL, Filter(), size=7, skip=58).entries) == whole[58:]
    page = search(ALL, Filter(), size=7, skip=20)
    assert page.next is not None
    assert ids(search(ALL, Filter(), size=7, after=page.next).entries) == whole[27:34]


@pytest.mark.parametrize(("size", "skip"), [(0, 0), (MOST + 1, 0), (50, -1), (50, BOUND + 1)])
def test_pages_without_bounds_are_refused(size: int, skip: int):
    with pytest.raises(InvalidInput, match="a page has"):
        search(ALL, Filter(), size=size, skip=skip)


def test_counting_stops_where_nobody_counts():
    sql.execute(SOME, [BOUND])
    assert count(ALL, Filter()) == Count(BOUND, exact=True)
    event(1)
    assert count(ALL, Filter()) == Count(BOUND, exact=False)
    assert count(Scope(project_ids=(5,), own=Own("user", 1)), Filter()) == Count(BOUND, exact=False)
    assert count(ALL, Filter(project_ids=(6,))) == Count(0, exact=True)


def test_a_cursor_keeps_the_beginning_of_the_search():
    for ago in range(5):
        event(ago)
    page = search(ALL, Filter(), size=2)
    assert page.next is not None
    assert Cursor.parse(str(page.next)) == page.next
    assert page.next.since == now() - timedelta(days=7)
    moved = replace(page.next, since=now() - timedelta(seconds=3))
    assert len(search(ALL, Filter(), after=moved).entries) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "A" * 10_000,
        "AQAAAA==",
        "\0",
        "../..",
        str(Cursor(SOMETIME, 1, SOMETIME))[:-1],
    ],
)
def test_a_hostile_cursor_is_refused(text: str):
    with pytest.raises(InvalidInput, match="no cursor"):
        Cursor.parse(text)


def test_a_forged_cursor_shows_nothing_that_the_search_would_not():
    event(1, project_id=6)
    forged = Cursor(datetime.max.replace(tzinfo=UTC), 2**63 - 1, datetime.min.replace(tzinfo=UTC))
    found_ = search(Scope(project_ids=(5,)), Filter(), after=Cursor.parse(str(forged)))
    assert found_.entries == []
