"""Histograms: aligned to the clock of the reader, never more buckets than fit, and no entry lost or counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from audit.reading.filter import Filter
from audit.reading.histogram import MOST_BUCKETS, edges_of, histogram
from audit.reading.limits import Span
from audit.reading.scope import Own, Scope
from core.errors import InvalidInput
from tests.audit.entries import ALL, event, found, now, pull

BERLIN, KATHMANDU, LORD_HOWE = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
)
# No test makes so many projects: what others left in the log does not count.
OWN = 2**40
OF_OWN = Scope(project_ids=(OWN,))
ZONES = (UTC, BERLIN, KATHMANDU, LORD_HOWE)
SPANS = [
    timedelta(seconds=each)
    for each in (1, 59, 61, 3599, 7200, 86_399, 86_400, 604_800, 31_536_000, 900_000_000)
]


@pytest.mark.unit
@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("length", SPANS, ids=str)
def test_any_span_has_a_few_aligned_buckets_that_cover_it(length: timedelta, zone: ZoneInfo):
    for since in (
        datetime(2026, 3, 28, 22, 17, 31, 5, tzinfo=UTC),
        datetime(2026, 10, 24, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 4, 4, 14, 59, tzinfo=UTC),
    ):
        edges = edges_of(Span(since, since + length), zone)
        assert 2 <= len(edges) <= MOST_BUCKETS + 1
        assert edges[0] <= since < edges[1]
        assert edges[-2] < since + length <= edges[-1]
        assert all(one < other for one, other in pairwise(edges))


@pytest.mark.unit
def test_days_are_those_of_the_reader_also_where_one_has_23_hours():
    span = Span(datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC))
    edges = edges_of(span, BERLIN)
    assert {edge.astimezone(BERLIN).hour for edge in edges} == {0}
    assert {(other - one) // timedelta(hours=1) for one, other in pairwise(edges)} == {23, 24}


@pytest.mark.unit
def test_the_hour_that_comes_twice_is_two_buckets():
    span = Span(datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC))
    widths = {other - one for one, other in pairwise(edges_of(span, BERLIN))}
    assert widths == {timedelta(minutes=30)}


@pytest.mark.unit
def test_hours_begin_where_the_clock_on_the_wall_says_so():
    span = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert {edge.astimezone(KATHMANDU).minute for edge in edges_of(span, KATHMANDU)} == {0}


@pytest.mark.unit
def test_weeks_begin_on_mondays():
    span = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert {edge.weekday() for edge in edges_of(span, UTC)} == {0}


@pytest.mark.unit
def test_no_time_has_no_buckets():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert edges_of(Span(at, at), UTC) == []


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_entry_that_a_search_finds_is_in_one_bucket(zone: ZoneInfo):
    for number in range(40):
        event(number * 15_000, project_id=5, actor_id=number % 3)
        pull(number * 15_000 + 7, project_id=6, actor_id=9)
    for scope in (ALL, Scope(project_ids=(5,), own=Own("user", 1)), Scope(project_ids=(6,)), Scope()):
        for wanted in (
            Filter(),
            Filter(since=now() - timedelta(days=2), until=now() - timedelta(hours=7)),
            Filter(since=now() - timedelta(days=100)),
        ):
            buckets = histogram(scope, wanted, zone)
            assert sum(bucket.n for bucket in buckets) == len(found(wanted, scope))


@pytest.mark.django_db
def test_a_bucket_counts_what_lies_in_it():
    at = now() - timedelta(hours=30)
    for ts in (at, at + timedelta(hours=1), at + timedelta(hours=1, minutes=1)):
        event(ts=ts, project_id=OWN)
    buckets = [bucket for bucket in histogram(OF_OWN, Filter(since=now() - timedelta(days=2))) if bucket.n]
    assert all(bucket.end - bucket.start == timedelta(hours=1) for bucket in buckets)
    assert sum(bucket.n for bucket in buckets) == 3
    assert buckets[0].start <= at < buckets[0].end


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_whole_calendar_is_divided_up_to_where_there_may_be_entries(zone: ZoneInfo):
    event(5, project_id=OWN)
    pull(5, project_id=OWN)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for since in (first, datetime(1970, 1, 1, tzinfo=UTC), now() - timedelta(days=1)):
        buckets = histogram(OF_OWN, Filter(since=since, until=last), zone)
        assert sum(each.n for each in buckets) == 2
        assert len(buckets) <= MOST_BUCKETS
    assert histogram(ALL, Filter(since=datetime(9000, 1, 1, tzinfo=UTC), until=last), zone) == []


@pytest.mark.unit
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_what_no_buckets_fit_is_refused(zone: ZoneInfo):
    for since, until in ((1970, 9998), (9500, 9999), (1000, 2000)):
        span = Span(datetime(since, 1, 1, tzinfo=UTC), datetime(until, 12, 31, tzinfo=UTC))
        with pytest.raises(InvalidInput, match="too long a time"):
            edges_of(span, zone)
