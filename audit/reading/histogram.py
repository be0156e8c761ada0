"""How many entries in each stretch of time."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from audit.reading.conditions import Question, branches, together
from audit.reading.filter import Filter
from audit.reading.limits import TABLES, Span, bounded
from audit.reading.parameters import Parameters
from audit.reading.scope import Scope
from audit.streams import Stream
from core.errors import InvalidInput
from database import sql

MOST_BUCKETS: Final = 60
_JUST = timedelta(microseconds=1)
_SECOND, _MINUTE, _HOUR, _DAY = (timedelta(seconds=each) for each in (1, 60, 3600, 86400))
# Each is a part of a day, or whole days: days are days of the calendar, also where one has 23 hours.
WIDTHS: Final = (
    *(_SECOND * each for each in (1, 5, 15, 30)),
    *(_MINUTE * each for each in (1, 5, 15, 30)),
    *(_HOUR * each for each in (1, 3, 6, 12)),
    *(_DAY * each for each in (1, 7, 28, 91, 364, 3640)),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """From `start` (UTC) up to `end`; the first and the last may reach beyond the search, and count only what is in it."""

    start: datetime
    end: datetime
    n: int


def histogram(scope: Scope, wanted: Filter, zone: tzinfo = UTC) -> list[Bucket]:
    """At most MOST_BUCKETS, oldest first, empty ones too; days and hours are those of `zone`.

    Up to now, or as far ahead as there are partitions: nothing lies beyond. Raises SearchTooLong, InvalidInput.
    """
    with bounded() as times:
        if wanted.until is None:
            wanted = replace(wanted, until=times.now + _JUST)
        question = Question(scope, wanted, times)
        edges = edges_of(_covered(question), zone)
        found = _counts(question, edges) if len(edges) > 1 else Counter()
    return [Bucket(start, end, found[n]) for n, (start, end) in enumerate(pairwise(edges), 1)]


def _covered(question: Question) -> Span:
    span = question.span
    ends = (question.within(stream).until for stream in Stream)
    return Span(span.since, min(span.until, max(question.times.now + _JUST, *ends)))


def edges_of(span: Span, zone: tzinfo) -> list[datetime]:
    """Where buckets begin, and the end of the last, in UTC; at most MOST_BUCKETS + 1. None for an empty span.

    Raises InvalidInput for a span of more than six centuries, and at the end of the calendar.
    """
    if span.is_empty:
        return []
    for width in WIDTHS:
        # Whatever it is aligned to: one more bucket than the span has room for, and one for a day of 25 hours.
        if (span.until - span.since) / width <= MOST_BUCKETS - 2:
            break
    else:
        raise _too_wide()
    edges: list[datetime] = []
    try:
        for edge in _steps(span.since, width, zone):
            if not edges or edge > edges[-1]:
                edges.append(edge)
            if edge >= span.until:
                break
    except OverflowError:
        raise _too_wide() from None
    return edges[max(0, bisect_right(edges, span.since) - 1) :]


def _too_wide() -> InvalidInput:
    return InvalidInput("this is too long a time, or too far ahead, to be divided: name a nearer end")


def _steps(since: datetime, width: timedelta, zone: tzinfo) -> Iterator[datetime]:
    """Edges from one before `since` on. Up to an hour they are steps of real time, above that of the clock on the wall."""
    local = since.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    wall = midnight.replace(tzinfo=None)
    if width <= _HOUR:
        # A clock is set by whole quarters of an hour: so much further on, `since` stands where it would without.
        into = local.replace(tzinfo=None) - wall
        step = since.astimezone(UTC) - into % width
        while True:
            yield step
            step += width
    if width >= _DAY:
        wall -= timedelta(days=(wall.toordinal() - 1) % width.days)  # weeks begin on Mondays
    while True:
        yield wall.replace(tzinfo=zone).astimezone(UTC)
        wall += width


def _counts(question: Question, edges: list[datetime]) -> Counter[int]:
    parameters = Parameters()
    bounds = parameters.add(edges)
    parts = [
        f"SELECT width_bucket(r.ts, {bounds}::timestamptz[]), count(*) FROM {TABLES[stream]} r "
        f"WHERE {together(found, parameters)} GROUP BY 1"
        for stream in Stream
        if (found := branches(stream, question, parameters))
    ]
    counted: Counter[int] = Counter()
    for bucket, n in sql.rows(" UNION ALL ".join(parts), parameters) if parts else ():
        counted[bucket] += n
    return counted
