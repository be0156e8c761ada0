"""Finds what got lost: messages the broker forgot, and runs whose worker is gone. May run in several copies at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from database import sql
from jobs import identity
from jobs.models import Run
from jobs.runner import wait_before
from jobs.wake import WAKE

Backlog = Callable[[], int]
"""How many messages wait in the broker; raises when the broker does not answer."""

# After the database was away, the workers' leases may all have ended while they could not be renewed.
GRACE_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 15.0
"""A longer pause between two looks counts as an absence."""
FORGOTTEN: Final = "5 seconds"
OVERDUE: Final = "2 minutes"

log = structlog.get_logger(__name__)

_AGAIN = f"""
    UPDATE job_run SET sent_at = NULL
    WHERE state = 'queued' AND sent_at < now() - %s::interval
    RETURNING id, {WAKE}
"""
_RUNNING = "SELECT id, lease_owner FROM job_run WHERE state = 'running' AND sent_at IS NOT NULL"
_FREE = "UPDATE job_run SET lease_until = now() - interval '1 second' WHERE id = %s AND state = 'running' AND lease_owner = %s"
_ENDED = """
    SELECT * FROM job_run WHERE state = 'running' AND sent_at IS NOT NULL AND lease_until < now() ORDER BY id LIMIT 200
"""
# A worker that stopped on purpose had asked its runs back (`retry_at`): that costs no attempt.
_REAP = f"""
    UPDATE job_run SET
      state = CASE WHEN stop_requested_at IS NOT NULL THEN 'stopped' WHEN retry_at IS NOT NULL THEN 'queued'
        WHEN attempts < max_attempts THEN 'retrying' ELSE 'failed' END,
      attempts = attempts - (stop_requested_at IS NULL AND retry_at IS NOT NULL)::integer,
      finished_at = CASE WHEN {{goes_on}} THEN NULL ELSE now() END,
      sent_at = CASE WHEN {{goes_on}} THEN NULL ELSE sent_at END,
      retry_at = CASE WHEN {{goes_on}} AND retry_at IS NULL THEN now() + %(wait)s::interval * (0.5 + random() / 2) END,
      error = %(error)s, current = '', lease_until = NULL, version = version + 1
    WHERE id = %(id)s AND state = 'running' AND lease_owner = %(owner)s AND attempts = %(attempt)s AND lease_until < now()
    RETURNING state, {WAKE}
""".format(goes_on="stop_requested_at IS NULL AND (retry_at IS NOT NULL OR attempts < max_attempts)")


@dataclass(slots=True)
class Reaper:
    """`since`: since when the database has been watched without a gap."""

    since: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)

    def tick(self, backlog: Backlog) -> int:
        """Put right what is lost; how many runs. Raises DatabaseError."""
        freed, ended = self._dead_owners(), list(Run.objects.raw(_ENDED))
        # Asked first, judged afterwards: a database that froze in between was away for everybody's leases.
        now = time.monotonic()
        if now - self.looked > PAUSE_SECONDS:
            self.since = now
        self.looked = now
        watched = now - self.since >= GRACE_SECONDS
        reaped = sum(self._reap(run) for run in ended if watched or run.pk in freed)
        return reaped + self._messages(backlog)

    def _dead_owners(self) -> frozenset[int]:
        """Leases of processes of this machine that are gone end at once."""
        found = [(run_id, owner) for run_id, owner in sql.rows(_RUNNING) if identity.is_dead(owner)]
        return frozenset(run_id for run_id, owner in found if sql.execute(_FREE, [run_id, owner]))

    def _reap(self, run: Run) -> int:
        found = sql.row(
            _REAP,
            {
                "id": run.pk,
                "owner": run.lease_owner,
                "attempt": run.attempts,
                "wait": wait_before(run.kind, run.attempts),
                "error": _error(run),
            },
        )
        if found is None:
            return 0
        log.warning("a job lost its worker", run=run.pk, kind=run.kind, owner=run.lease_owner, now=found[0])
        return 1

    def _messages(self, backlog: Backlog) -> int:
        """Queued runs whose message is gone are handed out again: soon when the broker holds none, else after a while."""
        oldest = sql.value(
            "SELECT min(sent_at) < now() - %s::interval FROM job_run WHERE state = 'queued' AND sent_at IS NOT NULL",
            [FORGOTTEN],
        )
        if not oldest:
            return 0
        again = sql.rows(_AGAIN, [FORGOTTEN if _empty(backlog) else OVERDUE])
        if again:
            log.warning("messages were lost; handing out again", runs=len(again))
        return len(again)


def _empty(backlog: Backlog) -> bool:
    try:
        return backlog() == 0
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the database knows what to do
        log.info("the broker does not say how much it holds", error=repr(error))
        return False


def _error(run: Run) -> str:
    host = run.lease_owner.partition("/")[0]
    pid = run.lease_owner.rpartition("/")[2].partition("-")[0]
    return (
        f"the worker (process {pid} on {host}) ended or stopped answering in attempt {run.attempts} of {run.max_attempts}; "
        "its log tells why (killed, out of memory, machine lost)"
    )
