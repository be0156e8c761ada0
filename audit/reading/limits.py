"""The transaction of a search: it ends in time, and is planned for what is looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import OperationalError, connection, transaction

from audit.reading.filter import DEFAULT_SPAN, Filter
from audit.streams import Stream
from core.errors import SearchTooLong
from database import sql
from database.transactions import sqlstate

SECONDS: Final = 5
CANCELLED: Final = "57014"
TABLES: Final[Mapping[Stream, str]] = {Stream.EVENTS: "audit_event", Stream.PULLS: "audit_pull"}

# A plan is for these values: which partitions, which index, is another question for each. Few rows are looked up by what was
# found, but the newest rows are the least known to the planner: it must not read a table for their sake.
_SETTINGS: Final[Mapping[str, str]] = {
    "statement_timeout": f"{SECONDS}s",
    "plan_cache_mode": "force_custom_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
SET: Final = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', true)" for name, value in _SETTINGS.items()
)
"""By itself and first: a limit does not hold for the statement that sets it."""
BEGIN: Final = """
    SELECT now(), (SELECT json_agg(json_build_array(parent, lower_bound, upper_bound)) FROM audit_covered())
"""


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` up to `until`, which is left out; both with a zone."""

    since: datetime
    until: datetime

    def within(self, other: Span | None) -> Span:
        if other is None:
            return self
        return Span(max(self.since, other.since), min(self.until, other.until))

    @property
    def is_empty(self) -> bool:
        return self.since >= self.until


@dataclass(frozen=True, slots=True)
class Times:
    """When the search began, and what the partitions of each table cover; nothing for one with rows beside its partitions."""

    now: datetime
    covered: Mapping[Stream, Span]


START_OF_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


def span_of(wanted: Filter, now: datetime) -> Span:
    """The stretch a filter means. A search that names no end reads what is dated ahead of the database's clock, too."""
    until = _sane(wanted.until or END_OF_TIME)
    return Span(_sane(wanted.since or min(until, now) - DEFAULT_SPAN), until)


def _sane(moment: datetime) -> datetime:
    """There is nothing beyond, and further out times cannot be reckoned with."""
    return min(max(moment, START_OF_TIME), END_OF_TIME)


@contextmanager
def bounded() -> Iterator[Times]:
    """A transaction in which no statement takes longer than SECONDS. Raises SearchTooLong."""
    with in_time(), transaction.atomic(), _restored():
        sql.one(SET)
        yield begin(sql.one(BEGIN))


@contextmanager
def in_time() -> Iterator[None]:
    """A statement that was cut off for its length raises SearchTooLong."""
    try:
        yield
    except OperationalError as failure:
        if sqlstate(failure) != CANCELLED:
            raise
        raise SearchTooLong(
            "the search takes too long: name a shorter time (since, until), or one more filter (operation, actor, project, "
            "resource, address)"
        ) from failure


def begin(row: sql.Row) -> Times:
    covered = {
        stream: Span(datetime.fromisoformat(lower), datetime.fromisoformat(upper))
        for table, lower, upper in row[-1] or ()
        for stream, name in TABLES.items()
        if name == table
    }
    return Times(row[0], covered)


@contextmanager
def _restored() -> Iterator[None]:
    """In a transaction of somebody else's the settings are taken back; at the end of one's own they go by themselves."""
    if not connection.savepoint_ids:
        yield
        return
    names = list(_SETTINGS)
    before = sql.one(f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}")
    yield
    changes = ", ".join(f"set_config('{name}', %s, true)" for name in names)
    sql.execute(f"SELECT {changes}", before)
