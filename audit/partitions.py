"""Partitions of events (by month) and of pulls (by day), created ahead of time; works for the role that owns no table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import structlog

from database import sql

MONTHS_AHEAD = 3
DAYS_AHEAD = 7

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    EXISTS = "exists"
    CREATED = "created"
    LEFT_IN_DEFAULT = "left in default"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Partition:
    name: str
    outcome: Outcome


def ensure(months: int = MONTHS_AHEAD) -> list[Partition]:
    """Create the partitions of this month (UTC) and the next `months`.

    A month whose events already went to the DEFAULT partition stays there (LEFT_IN_DEFAULT), and one whose
    table could not be locked within 4 s is tried again at the next run (BUSY): events are never refused for
    want of a partition.
    """
    found = sql.rows("SELECT partition, outcome FROM audit_ensure_partitions(%s::integer)", (months,))
    return _told(found)


def ensure_pulls(days: int = DAYS_AHEAD) -> list[Partition]:
    """As `ensure`, the partitions of today (UTC) and the next `days`, at most 31."""
    found = sql.rows(
        """
        SELECT partition, outcome FROM audit_ensure_pull_days(
          (now() AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date + %s::integer)
        """,
        (days,),
    )
    return _told(found)


def ensure_days(days: Collection[date]) -> list[Partition]:
    """The partitions of these days, where they are neither 400 days past nor 31 ahead: such a time is a broken clock's."""
    made: list[Partition] = []
    for day in sorted(days):
        made += _told(sql.rows("SELECT partition, outcome FROM audit_ensure_pull_days(%s, %s)", (day, day)))
    return made


def _told(found: list[sql.Row]) -> list[Partition]:
    partitions = [Partition(name, Outcome(outcome)) for name, outcome in found]
    for partition in partitions:
        if partition.outcome in (Outcome.LEFT_IN_DEFAULT, Outcome.BUSY):
            log.warning(
                "audit partition not created", partition=partition.name, reason=str(partition.outcome)
            )
    return partitions


def strays() -> dict[str, int]:
    """Rows in the DEFAULT partition of each table, counted up to 10,000.

    Anything but 0 means that a partition was not made in time, or, of pulls, that the clock of a host is wrong.
    """
    return dict(sql.rows("SELECT parent, strays FROM audit_strays()"))
