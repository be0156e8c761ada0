"""What a beat does: start a run for every schedule that is due. Any number of beats may do it at once, on any hosts.

The claim is one guarded statement: `next_at` is moved on from the very moment that was read, and the run is inserted in the
same transaction. Another beat that read the same moment moves nothing and starts nothing; a beat that dies before its COMMIT
has done nothing. Only the database's clock counts. The broker takes no part: runs wait as rows until a worker's relay comes.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import DatabaseError, connection, transaction

from access.principal import Origin, Principal
from core import cron as crons
from core.errors import WharfError
from database import sql
from database.transactions import RaceLost
from jobs import identity, schedule_rows, services
from jobs.models import MAX_NAME, Run, Schedule, Trigger
from jobs.subjects import Subject

# An edited schedule is noticed as late as this.
LONGEST_PAUSE: Final = 5.0
SHORTEST_PAUSE: Final = 0.05
RETRY_PAUSE: Final = 2.0
# Between two signs of life.
QUIET: Final = 2.0
BATCH: Final = 100
# A schedule whose run cannot be inserted at all waits so long before it is tried again.
BROKEN_PAUSE: Final = timedelta(minutes=1)
# Who starts what nobody started.
SCHEDULER: Final = Principal.system("schedule", Origin(agent="beat"))

log = structlog.get_logger(__name__)

_DUE = f"SELECT id, now() FROM job_schedule WHERE next_at <= now() ORDER BY next_at LIMIT {BATCH}"
_CLAIM = """
    UPDATE job_schedule SET next_at = %(following)s, due_at = next_at, fired_at = now()
    WHERE id = %(id)s AND next_at = %(due)s
"""
_NOTE = "UPDATE job_schedule SET last_run = %(run)s, note = %(note)s WHERE id = %(id)s"
_COUNT = """
    UPDATE django_celery_beat_periodictask SET last_run_at = now(), total_run_count = total_run_count + 1 WHERE id = %s
"""
_POSTPONE = "UPDATE job_schedule SET next_at = now() + %s, note = %s WHERE id = %s AND next_at = %s"
_NEXT = "SELECT extract(epoch FROM min(next_at) - now())::float8 FROM job_schedule WHERE next_at IS NOT NULL"
_ALIVE = """
    INSERT INTO job_beat (name, host, pid) VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE SET ticked_at = now()
"""


def fire_due() -> list[Run]:
    """Start the runs of all schedules that are due; those this caller started. Raises DatabaseError."""
    fired = []
    for schedule_id, now in sql.rows(_DUE):
        run = _fire_safely(schedule_id, now)
        if run is not None:
            fired.append(run)
    return fired


def _fire_safely(schedule_id: int, now: datetime) -> Run | None:
    row = (
        Schedule.objects.select_related("periodic__crontab", "periodic__interval")
        .filter(pk=schedule_id)
        .first()
    )
    if row is None or row.next_at is None or row.next_at > now:
        return None  # another beat, or a person, was faster
    try:
        return fire(row, now)
    except DatabaseError:
        raise
    except RaceLost:
        return None  # what was in the way has just ended: the next look succeeds
    except Exception as error:  # one schedule that cannot be read must not hold up the others
        log.exception("schedule not fired", schedule=row.pk, kind=row.kind)
        note = f"could not be started: {error}"
        sql.execute(_POSTPONE, [BROKEN_PAUSE, note, row.pk, row.next_at])
        return None


@transaction.atomic
def fire(row: Schedule, now: datetime) -> Run | None:
    """Claim the moment `row` was read with and start its run; None when another beat has it, or when nothing was to start.

    However many moments have passed by `now`, they are one run; the next is the first after `now`.
    """
    when, where = schedule_rows.parsed(row.cron, row.time_zone), crons.zone_named(row.time_zone)
    following = when.after(now, where, last=row.next_at)
    if not sql.execute(_CLAIM, {"id": row.pk, "due": row.next_at, "following": following}):
        return None
    run, note = _start(row)
    sql.execute(_NOTE, {"id": row.pk, "run": None if run is None else run.pk, "note": note})
    if run is not None:
        sql.execute(_COUNT, [row.periodic_id])
        log.debug("schedule fired", schedule=row.pk, kind=row.kind, job=run.pk, due=str(row.next_at))
    return run


def _start(row: Schedule) -> tuple[Run | None, str]:
    """The run, or why there is none: the one before has not ended, the kind or the project is gone."""
    try:
        run = services.start(
            row.kind,
            actor=SCHEDULER,
            arguments=row.arguments,
            subject=Subject(row.subject_type, row.subject_id, row.subject_name),
            project=schedule_rows.project_of(row),
            trigger=Trigger.SCHEDULE,
        )
    except WharfError as reason:
        log.debug("schedule skipped", schedule=row.pk, kind=row.kind, reason=reason.message)
        return None, f"skipped: {reason.message}"
    return run, ""


@dataclass(slots=True)
class Ticker:
    """One beat process. `tick` never raises a DatabaseError: while the database is away it looks again every two seconds."""

    name: str = field(default_factory=lambda: identity.worker(os.getpid())[:MAX_NAME])
    _said_away: bool = False
    _alive_at: float = 0.0

    def tick(self) -> float:
        """Fire what is due; seconds until the next look."""
        try:
            fire_due()
            self._say_alive()
            pause = sql.value(_NEXT)
        except DatabaseError as error:
            return self._away(error)
        finally:
            connection.close()
        self._said_away = False
        return min(max(LONGEST_PAUSE if pause is None else pause, SHORTEST_PAUSE), LONGEST_PAUSE)

    def leave(self) -> None:
        """This beat ends in good order."""
        try:
            sql.execute("DELETE FROM job_beat WHERE name = %s", [self.name])
        except DatabaseError as error:
            log.info("beat not signed off", error=str(error).strip())
        finally:
            connection.close()

    def _say_alive(self) -> None:
        if self._alive_at and time.monotonic() - self._alive_at < QUIET:
            return
        if not self._alive_at:
            sql.execute("DELETE FROM job_beat WHERE ticked_at < now() - interval '1 day'")
        sql.execute(_ALIVE, [self.name, socket.gethostname()[:MAX_NAME], os.getpid()])
        self._alive_at = time.monotonic()

    def _away(self, error: DatabaseError) -> float:
        if not self._said_away:
            log.warning("the database does not answer; schedules wait", error=str(error).strip())
        self._said_away = True
        return RETRY_PAUSE
