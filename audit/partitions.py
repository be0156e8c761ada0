"""Monthly partitions of the audit log, created ahead of time; works for the role that owns no table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import structlog

from database import sql

MONTHS_AHEAD = 3

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
    partitions = [Partition(name, Outcome(outcome)) for name, outcome in found]
    for partition in partitions:
        if partition.outcome in (Outcome.LEFT_IN_DEFAULT, Outcome.BUSY):
            log.warning(
                "audit partition not created", partition=partition.name, reason=str(partition.outcome)
            )
    return partitions


def default_rows() -> int:
    """Events in the DEFAULT partition: anything but 0 means that `ensure` did not run in time."""
    return int(sql.value("SELECT count(*) FROM audit_event_default"))
