"""The lease of a run: taken by one guarded statement, renewed by progress, and asked for by every later write.

A message that arrives twice finds the run no longer queued and has no effect. A worker that lost its lease matches no row: the
owner and the number of the attempt fence it. Times are the database's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from database import sql
from jobs import identity

LEASE: Final = timedelta(seconds=60)
RENEW: Final = timedelta(seconds=20)

LAZILY: Final = "(SELECT set_config('synchronous_commit', 'off', true)) AS lazily"
"""An item of FROM: this statement's own transaction does not wait for the disk. What a crash of the server takes back is done
again: a claim is claimed, a message sent, a figure counted anew."""

HELD: Final = "id = %(id)s AND state = 'running' AND lease_owner = %(owner)s AND attempts = %(attempt)s"
"""The condition of every write by the holder."""

WISHES: Final = "stop_requested_at IS NOT NULL, retry_at IS NOT NULL"
"""What every write of the holder brings back: whether to stop, and whether to give the run back."""

_CLAIM = f"""
    UPDATE job_run SET state = 'running', attempts = attempts + 1, lease_owner = %(owner)s,
      lease_until = now() + %(lease)s, heartbeat_at = now(), started_at = now(), phase_started_at = now(),
      phase = '', current = '', done = 0, total = NULL, bytes_done = 0, bytes_total = NULL, failed = 0,
      error = '', retry_at = NULL, version = version + 1
    FROM {LAZILY}
    WHERE id = %(id)s AND state = 'queued' AND sent_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM job_queue WHERE name = queue AND paused_at IS NOT NULL)
    RETURNING id, kind, arguments, attempts, max_attempts, only_failed, log_lines,
      actor_kind, actor_id, actor_name, project_id
"""
_RENEW = f"""
    UPDATE job_run SET lease_until = now() + %(lease)s, heartbeat_at = now() FROM {LAZILY}
    WHERE {HELD} RETURNING {WISHES}
"""
GIVE_BACK: Final = """
    UPDATE job_run SET retry_at = now() WHERE state = 'running' AND sent_at IS NOT NULL AND starts_with(lease_owner, %s)
"""
"""A worker that stops asks the runs of its children back: a running run with `retry_at` goes to another worker, at no
attempt's cost."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a run and to say how it went."""

    run_id: int
    owner: str
    attempt: int

    @property
    def facts(self) -> dict[str, Any]:
        """Parameters of `HELD`, and the length of a lease."""
        return {"id": self.run_id, "owner": self.owner, "attempt": self.attempt, "lease": LEASE}


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a worker needs to know of the run it took; `attempts` includes this one."""

    id: int
    kind: str
    arguments: dict[str, Any]
    attempts: int
    max_attempts: int
    only_failed: bool
    log_lines: int
    actor_kind: str
    actor_id: int
    actor_name: str
    project_id: int | None


def claim(run_id: int) -> tuple[Claimed, Lease] | None:
    """Take the run, or None: it is under way, ended, taken back, or its queue is paused. Raises DatabaseError."""
    owner = identity.own()
    found = sql.row(_CLAIM, {"id": run_id, "owner": owner, "lease": LEASE})
    if found is None:
        return None
    number, kind, arguments, *rest = found
    # A raw cursor gives JSON as text.
    run = Claimed(number, kind, json.loads(arguments), *rest)
    return run, Lease(run_id, owner, run.attempts)


class Lost(Exception):
    """The run is no longer ours."""


def renew(lease: Lease) -> tuple[bool, bool]:
    """Hold on for another while; the `WISHES`. Raises Lost, DatabaseError."""
    found = sql.row(_RENEW, lease.facts)
    if found is None:
        raise Lost
    return found[0], found[1]
