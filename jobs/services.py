"""What people and other packages do with runs: start, stop, retry, and the brakes of a queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from access.principal import Principal, ProjectRef
from access.table import P, Permission
from audit.actions import Draft, action
from core.errors import Conflict, InvalidInput, NotFound
from database import sql
from database.transactions import RaceLost, retried
from jobs import kinds, queries
from jobs.encoding import encoded
from jobs.kinds import Kind, Single
from jobs.models import MAX_KEY, MAX_NAME, QueueControl, Run, Trigger
from jobs.subjects import NOTHING, Subject
from jobs.wake import WAKE

_ACTIVE = "state IN ('queued', 'running', 'retrying')"
# The row is its own outbox entry: it waits with `sent_at` NULL until the relay hands it out.
_INSERT = f"""
    INSERT INTO job_run (kind, queue, trigger, actor_kind, actor_id, actor_name, project_id,
                         subject_type, subject_id, subject_name, arguments, parent_id, single_key, max_attempts)
    VALUES (%(kind)s, %(queue)s, %(trigger)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(project_id)s,
            %(subject_type)s, %(subject_id)s, %(subject_name)s, %(arguments)s::jsonb, %(parent_id)s, %(single_key)s,
            %(max_attempts)s)
    ON CONFLICT (single_key) WHERE {_ACTIVE} AND NOT (single_key = '') DO NOTHING
    RETURNING *, {WAKE}
"""
_STOP = f"""
    WITH former AS (SELECT id, state FROM job_run WHERE id = %s AND {_ACTIVE} FOR NO KEY UPDATE)
    UPDATE job_run run SET stop_requested_at = coalesce(run.stop_requested_at, now()), version = run.version + 1,
      state = CASE WHEN former.state = 'running' THEN former.state ELSE 'stopped' END,
      finished_at = CASE WHEN former.state = 'running' THEN NULL ELSE now() END, retry_at = NULL
    FROM former WHERE run.id = former.id RETURNING former.state, run.state
"""
_STOP_WAITING = """
    UPDATE job_run SET state = 'stopped', stop_requested_at = now(), finished_at = now(), retry_at = NULL,
      version = version + 1
    WHERE queue = %s AND state IN ('queued', 'retrying')
"""
_STOP_RUNNING = """
    UPDATE job_run SET stop_requested_at = now(), version = version + 1
    WHERE state = 'running' AND sent_at IS NOT NULL AND stop_requested_at IS NULL
"""
_AGAIN = f"""
    UPDATE job_run SET state = 'queued', version = version + 1, only_failed = %(only_failed)s,
      actor_kind = %(actor_kind)s, actor_id = %(actor_id)s, actor_name = %(actor_name)s,
      max_attempts = %(max_attempts)s, attempts = 0, phase = '', phase_started_at = NULL, current = '', done = 0,
      total = NULL, bytes_done = 0, bytes_total = NULL, failed = 0, error = '', result = '{{}}', lease_owner = '',
      lease_until = NULL, heartbeat_at = NULL, stop_requested_at = NULL, sent_at = NULL, started_at = NULL,
      finished_at = NULL, retry_at = NULL
    WHERE id = %(id)s AND NOT {_ACTIVE}
    RETURNING id, {WAKE}
"""


class AlreadyActive(Conflict):
    """The kind allows one active run (of the subject), and `run_id` is it."""

    def __init__(self, kind: str, run_id: int) -> None:
        told = f"'{kinds.label_of(kind)}' is under way already: see job {run_id}, or stop it first"
        super().__init__(told, run=run_id)
        self.run_id = run_id


class QueueUnknown(NotFound):
    """No queue of that name."""


def start(
    kind: str,
    *,
    actor: Principal,
    arguments: Mapping[str, Any] | None = None,
    subject: Subject = NOTHING,
    project: ProjectRef | None = None,
    trigger: Trigger = Trigger.MANUAL,
    parent: int | None = None,
) -> Run:
    """Insert a queued run in the caller's transaction; it begins when that commits. The caller's act is the audit event.

    `arguments`: ids, as JSON of at most 8 KiB; `parent`: the run whose body starts this one.
    Raises KindUnknown, AlreadyActive, InvalidInput.
    """
    known = kinds.kind(kind)
    row = {
        "kind": known.name,
        "queue": known.queue,
        "trigger": str(trigger),
        "actor_kind": str(actor.kind),
        "actor_id": actor.id,
        "actor_name": actor.name[:MAX_NAME],
        "project_id": project.id if project else None,
        "subject_type": subject.type,
        "subject_id": subject.id,
        "subject_name": subject.name[:MAX_KEY],
        "arguments": encoded(arguments or {}),
        "parent_id": parent,
        "single_key": _single_key(known, subject),
        "max_attempts": known.max_attempts,
    }
    return insert(row)


@retried
def insert(row: Mapping[str, Any]) -> Run:
    """The run of that row. Raises AlreadyActive."""
    for run in Run.objects.raw(_INSERT, row):
        return run
    active = sql.value(f"SELECT id FROM job_run WHERE single_key = %s AND {_ACTIVE}", [row["single_key"]])
    if active is None:
        raise RaceLost  # it ended between the two statements
    raise AlreadyActive(str(row["kind"]), active)


def _single_key(kind: Kind, subject: Subject) -> str:
    if kind.single_active is Single.ANY:
        return ""
    about = f":{subject.type}:{subject.id}" if kind.single_active is Single.ONE_PER_SUBJECT else ""
    return f"{kind.name}{about}"


@retried
def stop(actor: Principal, run_id: int) -> Run:
    """A queued or retrying run is stopped at once, a running one at its next checkpoint; a finished one stays as it is.

    Raises RunUnknown, Denied.
    """
    run = queries.run(actor, run_id)
    anyone = queries.is_personal(actor, run)
    with action(actor, *queries.authority(actor, run), name="job.stop", anyone=anyone) as draft:
        _stop(draft, run)
    return queries.run(actor, run_id)


@retried
def stop_own(actor: Principal, run_id: int, *, kind: str, permission: Permission) -> None:
    """As `stop`, for the service whose kind it is: that names what counts instead. Raises Denied, RunUnknown."""
    with action(actor, permission, name="job.stop") as draft:
        run = Run.objects.filter(kind=kind, pk=run_id).first()
        if run is None:
            raise queries.RunUnknown(f"no job {run_id} of {kind}", run=run_id)
        _stop(draft, run)


def _stop(draft: Draft, run: Run) -> None:
    _about(draft, run)
    stopped = sql.row(_STOP, [run.pk])
    if stopped is None:
        draft.discard()
    else:
        draft.before({"state": stopped[0], "stop_requested": run.stop_requested_at is not None})
        draft.after({"state": stopped[1], "stop_requested": True})
    _wake()


@retried
def stop_waiting(actor: Principal, queue: str) -> int:
    """Stop every run of the queue that is queued or retrying; how many. Raises QueueUnknown, Denied."""
    _check_queue(queue)
    with action(actor, P.JOBSERVICE_MONITOR_STOP, name="queue.stop") as draft:
        draft.resource("queue", queue, queue)
        stopped = sql.execute(_STOP_WAITING, [queue])
        draft.after({"stopped": stopped})
    return stopped


@retried
def stop_running(actor: Principal) -> int:
    """Ask every running run to stop; how many had not been asked before. Raises Denied."""
    with action(actor, P.JOBSERVICE_MONITOR_STOP, name="job.stop-all") as draft:
        draft.resource("job", None, "all running")
        asked = sql.execute(_STOP_RUNNING)
        draft.after({"stopped": asked})
    return asked


@retried
def retry(actor: Principal, run_id: int) -> Run:
    """Do a finished run again from its beginning, as the same row. Raises RunUnknown, Denied, Conflict, AlreadyActive."""
    run = queries.run(actor, run_id)
    needed, project = queries.authority_to_start(run)
    with action(actor, needed, project, name="job.retry") as draft:
        _about(draft, run)
        queries.require_kind(actor, run.kind, project)
        sql.execute("DELETE FROM job_task WHERE run_id = %s", [run.pk])
        _again(actor, run, draft, only_failed=False)
    return queries.run(actor, run_id)


@retried
def retry_failed(actor: Principal, run_id: int) -> Run:
    """Do only the failed items of a finished run again. Raises RunUnknown, Denied, Conflict (also: none failed)."""
    run = queries.run(actor, run_id)
    needed, project = queries.authority_to_start(run)
    with action(actor, needed, project, name="job.retry-failed") as draft:
        _about(draft, run)
        queries.require_kind(actor, run.kind, project)
        if not sql.value(
            "SELECT EXISTS (SELECT FROM job_task WHERE run_id = %s AND state = 'failed')", [run.pk]
        ):
            raise Conflict(f"no item of job {run.pk} has failed: retry the whole job instead", run=run.pk)
        _again(actor, run, draft, only_failed=True)
    return queries.run(actor, run_id)


def _again(actor: Principal, run: Run, draft: Draft, *, only_failed: bool) -> None:
    """Whoever asks for it is from now on the one for whom the body acts. Raises Conflict."""
    if kinds.kind(run.kind).personal and (run.actor_kind, run.actor_id) != (str(actor.kind), actor.id):
        raise Conflict(f"job {run.pk} is for {run.actor_name} alone, who can start it anew", run=run.pk)
    facts = {
        "id": run.pk,
        "only_failed": only_failed,
        "max_attempts": kinds.kind(run.kind).max_attempts,
        "actor_kind": str(actor.kind),
        "actor_id": actor.id,
        "actor_name": actor.name[:MAX_NAME],
    }
    try:
        with transaction.atomic():
            restarted = sql.row(_AGAIN, facts)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise _blocked(run) from error
        raise
    if restarted is None:
        raise Conflict(f"job {run.pk} has not ended: stop it first", run=run.pk)
    draft.before({"state": run.state, "actor": run.actor_name})
    draft.after({"state": "queued", "actor": actor.name})


def _blocked(run: Run) -> Conflict:
    active = sql.value(f"SELECT id FROM job_run WHERE single_key = %s AND {_ACTIVE}", [run.single_key])
    return AlreadyActive(run.kind, active or run.pk)


def _about(draft: Draft, run: Run) -> None:
    draft.resource("job", run.pk, f"{run.kind} {run.subject_name}".strip())


@retried
def pause_queue(actor: Principal, name: str) -> QueueControl:
    """Hand out no more runs of the queue; those running go on. Raises QueueUnknown, Denied."""
    _check_queue(name)
    with action(actor, P.JOBSERVICE_MONITOR_STOP, name="queue.pause") as draft:
        draft.resource("queue", name, name)
        draft.before(_control(name))
        sql.execute(
            """
            INSERT INTO job_queue (name, paused_at, paused_by) VALUES (%(name)s, now(), %(by)s)
            ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(job_queue.paused_at, now()),
              paused_by = CASE WHEN job_queue.paused_at IS NULL THEN %(by)s ELSE job_queue.paused_by END
            """,
            {"name": name, "by": actor.name[:MAX_NAME]},
        )
        sql.execute(
            "UPDATE job_run SET sent_at = NULL WHERE queue = %s AND state = 'queued' AND sent_at IS NOT NULL",
            [name],
        )
        _tell_change(draft, name)
    return QueueControl.objects.get(pk=name)


def resume_queue(actor: Principal, name: str) -> QueueControl:
    """Hand out runs of the queue again. Raises QueueUnknown, Denied."""
    _check_queue(name)
    with action(actor, P.JOBSERVICE_MONITOR_STOP, name="queue.resume") as draft:
        draft.resource("queue", name, name)
        draft.before(_control(name))
        sql.execute(
            """
            INSERT INTO job_queue (name) VALUES (%s)
            ON CONFLICT (name) DO UPDATE SET paused_at = NULL, paused_by = ''
            """,
            [name],
        )
        _tell_change(draft, name)
        _wake()
    return QueueControl.objects.get(pk=name)


def limit_queue(actor: Principal, name: str, limit: int | None) -> QueueControl:
    """Change how many runs of the queue may be under way at once; None: the built-in number. Raises as above, InvalidInput."""
    _check_queue(name)
    if limit is not None and limit < 1:
        raise InvalidInput("a queue runs at least one job at a time: pause it instead")
    with action(actor, P.JOBSERVICE_MONITOR_STOP, name="queue.limit") as draft:
        draft.resource("queue", name, name)
        draft.before(_control(name))
        sql.execute(
            'INSERT INTO job_queue (name, "limit") VALUES (%(name)s, %(limit)s) '
            'ON CONFLICT (name) DO UPDATE SET "limit" = %(limit)s',
            {"name": name, "limit": limit},
        )
        _tell_change(draft, name)
        _wake()
    return QueueControl.objects.get(pk=name)


def _control(name: str) -> dict[str, Any]:
    """How the queue is handed out, its row locked where it has one."""
    found = sql.row(
        'SELECT paused_at IS NOT NULL, "limit" FROM job_queue WHERE name = %s FOR NO KEY UPDATE', [name]
    )
    return {"paused": found[0], "limit": found[1]} if found else {"paused": False, "limit": None}


def _tell_change(draft: Draft, name: str) -> None:
    """No event where nothing is otherwise than before."""
    draft.after(_control(name))
    if draft.detail["before"] == draft.detail["after"]:
        draft.discard()


def _check_queue(name: str) -> None:
    if name not in {queue.name for queue in kinds.queues()}:
        raise QueueUnknown(f"no queue is named '{name}'", queue=name)


def _wake() -> None:
    sql.value(f"SELECT {WAKE}")
