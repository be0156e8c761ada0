"""Reading runs: everyone his own, those who may edit a project its runs, who watches the queues those of the system,
administrators all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.apps import apps
from django.db.models import Q, QuerySet

from access.check import done_by, member_projects, permissions_of, require, system_permissions_of, visible
from access.principal import ActorKind, Principal, ProjectRef
from access.table import P, Permission
from core.errors import NotFound
from database import sql
from jobs import kinds
from jobs.kinds import Lane, Queue
from jobs.models import LogLine, QueueControl, Run, State, Task, Worker

SILENT: Final = timedelta(seconds=30)
"""A worker that was not heard of for so long counts as gone."""
MAX_PAGE: Final = 2_000
# Below this share of the work an estimate of the rest is a guess.
ESTIMATE_FROM: Final = 0.1

_EDIT: Final = P.REPOSITORY_DELETE


class RunUnknown(NotFound):
    """No such run for this caller."""


def visible_runs(actor: Principal) -> QuerySet[Run]:
    """The runs the actor may see, newest first; keyset pages go by (created_at, id)."""
    return Run.objects.filter(_seen_by(actor)).order_by("-created_at", "-id")


def run(actor: Principal, run_id: int) -> Run:
    """Raises RunUnknown, also for a run the actor may not see."""
    found = visible_runs(actor).filter(pk=run_id).first()
    if found is None:
        raise RunUnknown(f"no job {run_id}", run=run_id)
    return found


def _seen_by(actor: Principal) -> Q:
    if actor.grants is not None or actor.kind is ActorKind.ANONYMOUS:
        return Q(pk__in=[])
    if actor.is_admin and actor.is_whole:
        return Q()
    # Own runs too only while the project may be seen: another member may have one done again, and it tells what is there.
    readable = apps.get_model("projects", "Project").objects.filter(visible(actor)).values("pk")
    own = done_by(actor) & (Q(project_id__isnull=True) | Q(project_id__in=readable))
    if P.JOBSERVICE_MONITOR_LIST in system_permissions_of(actor):
        own |= Q(project_id__isnull=True)
    return own | _in_projects(actor)


def _in_projects(actor: Principal) -> Q:
    """Where the actor holds the permission that a run's kind names."""
    special: dict[Permission, list[str]] = {}
    for kind in kinds.kinds():
        if kind.permission != _EDIT:
            special.setdefault(kind.permission, []).append(kind.name)
    named = [name for names in special.values() for name in names]
    seen = Q(project_id__in=member_projects(actor, _EDIT)) & ~Q(kind__in=named)
    for permission, names in special.items():
        seen |= Q(project_id__in=member_projects(actor, permission), kind__in=names)
    return seen


def authority(actor: Principal, run: Run) -> tuple[Permission, ProjectRef | None]:
    """What the actor needs, and where, to stop a run he sees: his own needs less."""
    needed, project = authority_to_start(run)
    if project is not None and run.actor_kind == actor.kind and run.actor_id == actor.id:
        return P.PROJECT_READ, project
    return needed, project


def authority_to_start(run: Run) -> tuple[Permission, ProjectRef | None]:
    """What anybody needs, and where, to have the run done again: who once started it may have lost the right to."""
    project = _project(run.project_id)
    return (P.JOBSERVICE_MONITOR_STOP, None) if project is None else (_permission(run), project)


def require_kind(actor: Principal, kind: str, project: ProjectRef | None) -> None:
    """Without a project, whoever has a kind done holds what it does: who may stop runs may not do all that runs can.

    In a project the act itself has asked for it. Raises KindUnknown, Denied, ConfirmationNeeded.
    """
    if project is None:
        require(actor, kinds.kind(kind).permission, None)


def is_personal(actor: Principal, run: Run) -> bool:
    """Whether it is the actor's own, of a kind that is nobody else's business: he may stop it, whatever his rights."""
    own = run.actor_kind == actor.kind and run.actor_id == actor.id
    return own and actor.is_whole and run.kind in {kind.name for kind in kinds.kinds() if kind.personal}


def may_stop(actor: Principal, run: Run) -> bool:
    """Whether `stop` would be allowed; for showing buttons."""
    if is_personal(actor, run):
        return True
    permission, project = authority(actor, run)
    if project is None:
        return permission in system_permissions_of(actor)
    return permission in permissions_of(actor, project)


def _permission(run: Run) -> Permission:
    try:
        return kinds.kind(run.kind).permission
    except kinds.KindUnknown:
        return _EDIT


def _project(project_id: int | None) -> ProjectRef | None:
    if project_id is None:
        return None
    found = sql.row("SELECT id, name, public FROM project WHERE id = %s", [project_id])
    return None if found is None else ProjectRef(*found)


def log_lines(run_id: int, after: int = 0, limit: int = 200) -> list[LogLine]:
    """Lines with n > `after`, in order, at most `limit`. The caller has checked that the run may be seen."""
    lines = LogLine.objects.filter(run_id=run_id, n__gt=after).order_by("n")
    return list(lines[: min(limit, MAX_PAGE)])


def tasks(run_id: int, after: str = "", limit: int = 200) -> list[Task]:
    """The items that failed at some time, by key, keys > `after`."""
    found = Task.objects.filter(run_id=run_id, key__gt=after).order_by("key")
    return list(found[: min(limit, MAX_PAGE)])


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the present phase. `left` is None while less than a tenth is done or the whole is not known."""

    items_per_second: float
    bytes_per_second: float
    left: timedelta | None


def rate(run: Run) -> Rate:
    """How fast the run goes, by the database's clock at its last sign of life; zeros before there is anything."""
    end = run.finished_at or run.heartbeat_at
    if run.phase_started_at is None or end is None:
        return Rate(0.0, 0.0, None)
    seconds = max((end - run.phase_started_at).total_seconds(), 0.001)
    return Rate(run.done / seconds, run.bytes_done / seconds, _left(run, seconds))


def _left(run: Run, seconds: float) -> timedelta | None:
    done, total = (run.done, run.total) if run.total else (run.bytes_done, run.bytes_total)
    if run.state != State.RUNNING or not total or done < total * ESTIMATE_FROM:
        return None
    return timedelta(seconds=max(total - done, 0) * seconds / done)


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue now. `oldest_waiting`: how long the first in line has been waiting."""

    name: str
    limit: int
    lane: Lane
    waiting: int
    oldest_waiting: timedelta | None
    running: int
    retrying: int
    failed_24h: int
    paused_at: datetime | None
    paused_by: str


_COUNTS = """
    SELECT queue, count(*) FILTER (WHERE state = 'queued'),
      now() - min(created_at) FILTER (WHERE state = 'queued'),
      count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'retrying')
    FROM job_run WHERE state IN ('queued', 'running', 'retrying') GROUP BY queue
"""
_FAILED = """
    SELECT queue, count(*) FROM job_run WHERE state = 'failed' AND finished_at > now() - interval '24 hours'
    GROUP BY queue
"""


def queues(actor: Principal) -> list[QueueFacts]:
    """Every queue, by name (three queries). Raises Denied."""
    require(actor, P.JOBSERVICE_MONITOR_LIST, None)
    counts = {name: rest for name, *rest in sql.rows(_COUNTS)}
    failed: dict[str, int] = dict(sql.rows(_FAILED))
    controls = QueueControl.objects.in_bulk()
    return [
        _facts(
            queue,
            counts.get(queue.name, [0, None, 0, 0]),
            failed.get(queue.name, 0),
            controls.get(queue.name),
        )
        for queue in kinds.queues()
    ]


def _facts(queue: Queue, counts: list[object], failed: int, control: QueueControl | None) -> QueueFacts:
    waiting, oldest, running, retrying = counts
    assert isinstance(waiting, int)
    assert isinstance(running, int)
    assert isinstance(retrying, int)
    return QueueFacts(
        name=queue.name,
        limit=control.limit if control and control.limit is not None else queue.limit,
        lane=queue.lane,
        waiting=waiting,
        oldest_waiting=oldest if isinstance(oldest, timedelta) else None,
        running=running,
        retrying=retrying,
        failed_24h=failed,
        paused_at=control.paused_at if control else None,
        paused_by=control.paused_by if control else "",
    )


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker process, the newest sign of life, and what its children work on. `alive`: heard of within 30 s."""

    name: str
    host: str
    pid: int
    queues: tuple[str, ...]
    slots: int
    started_at: datetime
    heartbeat_at: datetime
    alive: bool
    runs: tuple[Run, ...]


def workers(actor: Principal) -> list[WorkerFacts]:
    """Workers heard of within the last hour, the newest sign of life first (three queries). Raises Denied."""
    require(actor, P.JOBSERVICE_MONITOR_LIST, None)
    now = sql.value("SELECT now()")
    held: dict[str, list[Run]] = {}
    for each in Run.objects.filter(state=State.RUNNING, sent_at__isnull=False).order_by("id"):
        held.setdefault(each.lease_owner.rpartition("/")[0], []).append(each)
    known = Worker.objects.filter(heartbeat_at__gt=now - timedelta(hours=1)).order_by("-heartbeat_at", "name")
    return [_worker(each, now, tuple(held.get(each.name, ()))) for each in known]


def _worker(worker: Worker, now: datetime, runs: tuple[Run, ...]) -> WorkerFacts:
    return WorkerFacts(
        name=worker.name,
        host=worker.host,
        pid=worker.pid,
        queues=tuple(worker.queues),
        slots=worker.slots,
        started_at=worker.started_at,
        heartbeat_at=worker.heartbeat_at,
        alive=now - worker.heartbeat_at < SILENT,
        runs=runs,
    )
