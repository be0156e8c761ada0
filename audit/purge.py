"""Purging: whole partitions are dropped, rows never deleted. The database refuses what is too young, held or not sealed.

Events are dropped a month at a time, with the seals of that month after them; pulls a day at a time. What was dropped is told
by the next seal (last row, head, count), so that verification knows a purge from a theft.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import structlog

from access.principal import Principal
from access.table import P
from audit import operations
from audit.actions import action
from audit.seal.keys import Ring
from audit.streams import Stream
from audit.verification import verify
from core.errors import Conflict, InvalidInput
from database import sql

FLOOR_DAYS: Final = 30
"""Nothing younger is dropped, whoever asks; audit_drop_partition() knows it too."""

log = structlog.get_logger(__name__)

_DUE: Final = """
    SELECT parent, partition, lower_bound, upper_bound, pg_total_relation_size(quote_ident(partition)::regclass)
    FROM audit_partitions()
    WHERE parent = ANY(%(parents)s::text[]) AND upper_bound <= now() - make_interval(days => %(days)s::integer)
    ORDER BY parent, lower_bound
"""


# Seals go after the events they seal.
PARENTS: Final = {Stream.EVENTS: ("audit_event", "audit_seal"), Stream.PULLS: ("audit_pull",)}
PULL_KIND: Final = "pull_artifact"
HARBOR_KINDS: Final = frozenset(
    {
        "create_artifact",
        "delete_artifact",
        "create_project",
        "delete_project",
        "update_project",
        "delete_repository",
        "login_user",
        "logout_user",
        "create_user",
        "delete_user",
        "update_user",
        "create_robot",
        "delete_robot",
        "update_configuration",
        "create_member",
        "update_member",
        "delete_member",
    }
)
"""Harbor's kinds of events but for pulls (features design, E1)."""


class Outcome(StrEnum):
    DROPPED = "dropped"
    BUSY = "busy"
    HELD = "held"
    TOO_YOUNG = "too young"
    NOT_SEALED = "not sealed"
    IN_USE = "in use"
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Partition:
    """One that is old enough. `size` in bytes, with its indexes."""

    parent: str
    name: str
    lower: datetime
    upper: datetime
    size: int

    @property
    def is_of_events(self) -> bool:
        return self.parent == "audit_event"

    def rows(self) -> int:
        """Counted through its parent, where the run-time role may read."""
        query = f"SELECT count(*) FROM {self.parent} WHERE ts >= %s AND ts < %s"
        return int(sql.value(query, (self.lower, self.upper)))


Before = Callable[[Partition], Mapping[str, Any] | None]
"""Called with each partition before it is dropped: what it raises keeps the partition, what it gives stands in the event."""


def streams(kinds: Iterable[str]) -> frozenset[Stream]:
    """The streams Harbor's `include_event_types` stands for. Raises InvalidInput.

    Events of all kinds lie in one partition, so they are purged together or not at all: naming some of them alone is refused,
    because keeping the others would be no purge and deleting single rows is what makes Harbor's table choke.
    """
    named = {kind.strip() for kind in kinds if kind.strip()}
    # Our catalogue has more kinds than Harbor: naming them is no mistake, leaving them out neither.
    unknown = named - HARBOR_KINDS - set(operations.harbor_event_types())
    if unknown:
        raise InvalidInput(f"there is no kind of event named {min(unknown)!r}", kind=min(unknown))
    lacking = HARBOR_KINDS - named
    if named - {PULL_KIND} and lacking:
        raise InvalidInput(
            f"events are purged together, whatever their kind: name all ({min(lacking)} is missing) or {PULL_KIND} alone"
        )
    if not named:
        raise InvalidInput(f"nothing to purge: name {PULL_KIND}, or all other kinds of events, or both")
    chosen = {Stream.PULLS} if PULL_KIND in named else set()
    return frozenset(chosen | {Stream.EVENTS} if named - {PULL_KIND} else chosen)


def due(keep: dict[Stream, int]) -> list[Partition]:
    """The partitions of each stream that are older than so many days, oldest first, events before seals."""
    found: list[Partition] = []
    for stream, days in sorted(keep.items()):
        facts = {"parents": list(PARENTS[stream]), "days": max(days, FLOOR_DAYS)}
        found += [Partition(*row) for row in sql.rows(_DUE, facts)]
    return found


def drop(
    actor: Principal, partition: Partition, keep_days: int, before: Collection[Before] = ()
) -> tuple[Outcome, int]:
    """Drop a partition; what became of it and how many rows it held. Raises Denied, and what `before` raises."""
    # Counted first: a row that arrives while `before` verifies and writes out keeps the partition for the next run.
    rows = partition.rows()
    told: dict[str, Any] = {}
    for each in before:
        told |= each(partition) or {}
    with action(actor, P.PURGE_AUDIT_CREATE, name="audit.purge") as draft:
        draft.resource("partition", None, partition.name)
        draft.before(facts(partition) | {"rows": rows})
        draft.detail |= {"keep_days": keep_days} | told
        found = sql.value(
            "SELECT audit_drop_partition(%s, %s::integer, %s::bigint, %s)",
            (partition.name, keep_days, rows, actor.name),
        )
        outcome = Outcome(found)
        if outcome is not Outcome.DROPPED:
            draft.discard()
    if outcome is not Outcome.DROPPED:
        log.warning("audit partition not dropped", partition=partition.name, reason=str(outcome))
    return outcome, rows


def facts(partition: Partition) -> dict[str, Any]:
    return {
        "partition": partition.name,
        "from": partition.lower.date().isoformat(),
        "to": partition.upper.date().isoformat(),
        "bytes": partition.size,
    }


def proven_whole(ring: Ring) -> Before:
    """A month of events that does not verify is not dropped: the drop would hide what was done to it."""

    def prove(partition: Partition) -> None:
        if not partition.is_of_events:
            return
        # Rows are sealed after they were written, by a few seconds if the sealer runs.
        report = verify(ring, since=partition.lower, until=partition.upper + timedelta(days=1))
        if report.first is not None:
            raise Conflict(
                f"{partition.name} is not dropped, it was tampered with ({report.first.text}): look into it with `wharf audit "
                "verify`, then purge it with --although-changed"
            )

    return prove
