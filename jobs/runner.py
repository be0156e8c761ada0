"""Carries out one run: takes the lease, calls the body, and says how it ended, whatever happens in between.

May be called any number of times for the same run, in any process: only one call has an effect.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from audit.detail import encode
from core.errors import Denied, InvalidInput, NotFound, WharfError
from database import sql
from jobs import kinds, leases
from jobs.keeper import Keeper
from jobs.leases import HELD, Claimed
from jobs.models import MAX_TEXT, State
from jobs.progress import GivenBack, LeaseLost, Progress, Stopped, TimedOut
from jobs.redaction import redacted
from jobs.wake import WAKE

LONGEST_BACKOFF: Final = timedelta(hours=1)
# How long the end of a run waits for the database to come back before it is left to the reaper.
SETTLE_SECONDS: Final = 600.0
FRAMES: Final = 12

log = structlog.get_logger(__name__)
keeper = Keeper()
R = TypeVar("R")

SETTLE: Final = f"""
    UPDATE job_run SET
      state = CASE WHEN %(state)s::text IN ('retrying', 'queued') AND stop_requested_at IS NOT NULL THEN 'stopped'
        ELSE %(state)s::text END,
      finished_at = CASE WHEN %(state)s::text IN ('retrying', 'queued') AND stop_requested_at IS NULL THEN NULL ELSE now() END,
      retry_at = CASE WHEN %(state)s::text = 'retrying' AND stop_requested_at IS NULL
        THEN now() + %(wait)s::interval * (0.5 + random() / 2) END,
      sent_at = CASE WHEN %(state)s::text IN ('retrying', 'queued') THEN NULL ELSE sent_at END,
      attempts = attempts - (%(state)s::text = 'queued')::integer,
      error = %(error)s, result = %(result)s::jsonb, phase = %(phase)s, current = '', done = %(done)s, total = %(total)s,
      bytes_done = %(bytes_done)s, bytes_total = %(bytes_total)s, failed = %(failed)s, log_lines = %(log_lines)s,
      heartbeat_at = now(), lease_until = NULL, version = version + 1
    WHERE {HELD}
    RETURNING state, CASE WHEN EXISTS (
      SELECT FROM job_run w WHERE w.queue = job_run.queue AND w.state = 'queued' AND w.sent_at IS NULL) THEN {WAKE} END
"""
"""One statement an end. The relay hears of it when a run of the same queue waits for the place that is free now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; FAILED becomes RETRYING where the kind has attempts left and trying again may help."""

    state: State
    error: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    may_help: bool = False


def perform(run_id: int) -> State | None:
    """Work on the run now, in this process. Its new state, or None when there was nothing to do or it was taken from us.

    Raises DatabaseError when the run could not even be claimed.
    """
    claimed = leases.claim(run_id)
    if claimed is None:
        return None
    run, lease = claimed
    progress = Progress.of(run, lease)
    kind = _kind(run.kind)
    if kind is None:
        return _settle(run, progress, Outcome(State.FAILED, _no_kind(run)))
    late = Outcome(State.FAILED, f"lasted longer than {kind.timeout}: see the log for where", may_help=True)
    keeper.watch(
        progress,
        seconds=kind.timeout.total_seconds(),
        give_up=partial(_settle_once, run, progress, late),
    )
    try:
        outcome = _carry_out(run, progress, kind.body, late)
        return None if outcome is None else _settle(run, progress, outcome)
    finally:
        keeper.forget()


def _kind(name: str) -> kinds.Kind | None:
    try:
        return kinds.kind(name)
    except kinds.KindUnknown:
        return None


def _no_kind(run: Claimed) -> str:
    return f"this version of Wharf knows no kind of job named {run.kind}: start a worker of the version that made it"


def _carry_out(run: Claimed, progress: Progress, body: kinds.Body, late: Outcome) -> Outcome | None:
    """None: the run is not ours any more."""
    try:
        result = body(**run.arguments, progress=progress) or {}
        return _whole(run, progress, result)
    except Stopped:
        progress.log.info("stopped on request")
        return Outcome(State.STOPPED)
    except GivenBack:
        progress.log.info("given back by a worker that stops")
        return Outcome(State.QUEUED)
    except LeaseLost:
        log.warning("a job was taken from this worker", run=run.id, attempt=run.attempts)
        return None
    except TimedOut:
        return late
    except Exception as error:  # noqa: BLE001 - whatever a body raises is told to people, not to Celery
        return _failure(run, progress, error)


def _whole(run: Claimed, progress: Progress, result: Mapping[str, Any]) -> Outcome:
    """The body came to its end: all went well, or some of its items did not."""
    failed = _patiently(partial(_failed_items, progress))
    if not failed:
        return Outcome(State.SUCCEEDED, result=result)
    done = progress.figures.done
    if not run.only_failed and progress.tracked.failed == done:
        return Outcome(State.FAILED, f"all {failed} items failed: see the log", result)
    return Outcome(State.PARTIAL, f"{failed} items failed: see them, then retry those alone", result)


def _failed_items(progress: Progress) -> int:
    progress.end()
    return progress.tracked.still_failed()


def _failure(run: Claimed, progress: Progress, error: Exception) -> Outcome:
    known = isinstance(error, WharfError)
    text = str(error) if known else f"{type(error).__name__}: {error}"
    progress.log.error(text, attempt=run.attempts, where=_where(error))
    log.warning("a job failed", run=run.id, kind=run.kind, attempt=run.attempts, error=redacted(text))
    hopeless = isinstance(error, InvalidInput | NotFound | Denied)
    return Outcome(State.FAILED, redacted(text, MAX_TEXT), may_help=not hopeless)


def _where(error: Exception) -> list[str]:
    """The innermost frames, without values of variables."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _settle(run: Claimed, progress: Progress, outcome: Outcome) -> State | None:
    """Say how it ended, however long the database takes to come back (up to ten minutes: then the lease has ended too)."""
    return _patiently(partial(_settle_once, run, progress, outcome))


def _patiently(call: Callable[[], R]) -> R:
    deadline, pause = time.monotonic() + SETTLE_SECONDS, 0.2
    while True:
        try:
            return call()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline:
                raise
            log.warning("waiting for the database to say how a job ended", error=str(error).strip())
            _drop_connection()
            time.sleep(pause)
            pause = min(pause * 2, 5.0)


def _drop_connection() -> None:
    try:
        connection.close()
    except DatabaseError as error:
        log.info("connection not closed", error=str(error).strip())


def _settle_once(run: Claimed, progress: Progress, outcome: Outcome) -> State | None:
    progress.end()
    retried = outcome.state is State.FAILED and outcome.may_help and run.attempts < run.max_attempts
    figures = progress.figures
    found = sql.row(
        SETTLE,
        {
            **progress.lease.facts,
            "state": str(State.RETRYING if retried else outcome.state),
            "wait": wait_before(run.kind, run.attempts),
            "error": outcome.error,
            "result": encode(outcome.result),
            "phase": figures.phase,
            "done": figures.done,
            "total": figures.total,
            "bytes_done": figures.bytes_done,
            "bytes_total": figures.bytes_total,
            "failed": progress.tracked.failed,
            "log_lines": progress.log.written,
        },
    )
    return None if found is None else State(found[0])


def wait_before(kind_name: str, attempts: int) -> timedelta:
    """The longest wait after so many attempts; the real one is between half of it and all of it."""
    kind = _kind(kind_name)
    first = kind.backoff if kind else timedelta(seconds=10)
    doublings = max(0, min(attempts - 1, 20))
    return min(first * (1 << doublings), LONGEST_BACKOFF)
