"""Hands waiting runs to the broker, and makes runs of events. Safe in several copies: one tick at a time over all of them.

A run is marked as sent in a transaction of its own and sent after it: what is lost in between, or by the broker, is handed out
again by the reaper, and what is sent twice has no effect (jobs.leases.claim). No message is needed for anything but speed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from django.db import transaction

from access.principal import ActorKind, Principal, ProjectRef
from database import sql
from database.transactions import RaceLost
from jobs import fairness, kinds, services
from jobs.kinds import Lane, Subscription
from jobs.leases import LAZILY
from jobs.models import Outbox, Trigger
from jobs.services import AlreadyActive
from jobs.subjects import Subject

Send = Callable[[Sequence[int]], None]
"""Gives run ids to the broker, in order; raises when the broker does not take them."""

EVENTS_AT_ONCE: Final = 200
RUNS_AT_ONCE: Final = 500
# Seconds after which an event comes again: one whose subject is being worked on, and one that is not understood.
SOON: Final = 5.0
LATER: Final = 300.0
LOCK: Final = "pg_try_advisory_xact_lock(hashtext('wharf.jobs.relay'))"

log = structlog.get_logger(__name__)

_DUE = f"""
    UPDATE job_run SET state = 'queued', retry_at = NULL, sent_at = NULL, version = version + 1
    FROM {LAZILY} WHERE state = 'retrying' AND retry_at <= now()
"""
_IN_FLIGHT = """
    SELECT queue, count(*) FROM job_run WHERE state IN ('queued', 'running') AND sent_at IS NOT NULL GROUP BY queue
"""
_CONTROLS = 'SELECT name, paused_at IS NOT NULL, "limit" FROM job_queue'
_SLOTS = "SELECT coalesce(sum(slots), 0) FROM job_worker WHERE heartbeat_at > now() - interval '30 seconds'"
_WAITING = """
    SELECT line.queue, run.id FROM unnest(%(queues)s::text[], %(rooms)s::integer[]) AS line (queue, room)
    CROSS JOIN LATERAL (
      SELECT id FROM job_run WHERE state = 'queued' AND sent_at IS NULL AND job_run.queue = line.queue
      ORDER BY id LIMIT line.room) run
    ORDER BY run.id
"""
_MARK = f"""
    UPDATE job_run SET sent_at = now() FROM {LAZILY}
    WHERE id = ANY(%s::bigint[]) AND state = 'queued' AND sent_at IS NULL RETURNING id
"""
_POSTPONE = """
    UPDATE job_outbox SET available_at = now() + make_interval(secs => wait)
    FROM unnest(%s::bigint[], %s::float8[]) AS later (event_id, wait) WHERE id = event_id
"""
_TAKE_BACK = """
    UPDATE job_run SET sent_at = NULL WHERE id = ANY(%s::bigint[]) AND state = 'queued'
"""


def tick(send: Send) -> int:
    """Make runs of due events, then hand out what has room; how many runs. Raises DatabaseError, and what `send` raises."""
    events()
    picked = _pick()
    if not picked:
        return 0
    try:
        send(picked)
    except Exception:
        # Some may have got out; they find themselves claimed once, and the others are sent again.
        sql.execute(_TAKE_BACK, [picked])
        raise
    return len(picked)


def _pick() -> list[int]:
    """Mark the next runs as sent, in the order of turns; empty also while another relay is at it."""
    with transaction.atomic():
        if not sql.value(f"SELECT {LOCK}"):
            return []
        sql.execute(_DUE)
        in_flight: dict[str, int] = dict(sql.rows(_IN_FLIGHT))
        loads = _loads(in_flight)
        slots = max(1, int(sql.value(_SLOTS)))
        waiting = _waiting(loads, slots)
        if not waiting:
            return []
        # Those of paused queues too: they hold their processes until they end.
        long_in_flight = sum(in_flight.get(each.name, 0) for each in kinds.queues() if each.lane is Lane.LONG)
        chosen = fairness.turns(loads, waiting, long_room=fairness.long_slots(slots) - long_in_flight)
        marked = {run_id for (run_id,) in sql.rows(_MARK, [chosen])} if chosen else set()
    return [run_id for run_id in chosen if run_id in marked]


def _loads(in_flight: Mapping[str, int]) -> list[fairness.Load]:
    controls = sql.rows(_CONTROLS)
    return fairness.loads(
        kinds.queues(),
        limits={name: limit for name, _, limit in controls if limit is not None},
        in_flight=in_flight,
        paused=frozenset(name for name, paused, _ in controls if paused),
    )


def _waiting(loads: list[fairness.Load], slots: int) -> dict[str, list[int]]:
    long_queues = sum(queue.lane is Lane.LONG for queue in kinds.queues())
    rooms = fairness.rooms(loads, slots=slots, long_queues=long_queues)
    asked = {name: min(room, RUNS_AT_ONCE) for name, room in rooms.items() if room}
    found: dict[str, list[int]] = {}
    if asked:
        for queue, run_id in sql.rows(_WAITING, {"queues": list(asked), "rooms": list(asked.values())}):
            found.setdefault(queue, []).append(run_id)
    return found


def events() -> int:
    """Make runs of due events; how many events are done. An event leaves in the transaction that inserts its runs."""
    done: list[int] = []
    later: dict[int, float] = {}
    with transaction.atomic():
        # Two relays would insert the single runs of their events in different orders, and wait for each other.
        if not sql.value(f"SELECT {LOCK}"):
            return 0
        for event in Outbox.objects.raw(
            f"SELECT * FROM job_outbox WHERE available_at <= now() ORDER BY available_at, id LIMIT {EVENTS_AT_ONCE} "
            "FOR UPDATE SKIP LOCKED"
        ):
            if wait := _start_all(event):
                later[event.pk] = wait
            else:
                done.append(event.pk)
        if done:
            sql.execute("DELETE FROM job_outbox WHERE id = ANY(%s::bigint[])", [done])
        if later:
            sql.execute(_POSTPONE, [list(later), list(later.values())])
    return len(done)


def _start_all(event: Outbox) -> float:
    """0 when the event has nothing left to start; else the seconds after which it should come again."""
    try:
        with transaction.atomic():
            for subscription in kinds.subscriptions(event.event):
                _start(event, subscription)
    except (_Later, RaceLost):
        return SOON
    except Exception as error:  # noqa: BLE001 - one event that cannot be understood must not stop the others
        log.error("event starts nothing", outbox=event.pk, name=event.event, error=f"{error!r}")
        return LATER
    return 0.0


class _Later(Exception):
    """A run of the same subject is under way and may have read what was before the event."""


def _start(event: Outbox, subscription: Subscription) -> None:
    arguments: Mapping[str, Any] | None = subscription.arguments(event.payload)
    if arguments is None:
        return
    try:
        services.start(
            subscription.kind,
            actor=Principal(ActorKind(event.actor_kind), event.actor_id, event.actor_name),
            arguments=arguments,
            subject=Subject(event.subject_type, event.subject_id, event.subject_name),
            project=ProjectRef(event.project_id, "", False) if event.project_id is not None else None,
            trigger=Trigger.EVENT,
        )
    except AlreadyActive as active:
        waits = "SELECT state = 'queued' FROM job_run WHERE id = %s"
        if not sql.value(waits, [active.run_id]):
            raise _Later from None
