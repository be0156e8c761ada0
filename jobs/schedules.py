"""Schedules: kinds of runs that are started again and again. What people do with them; jobs.beat starts the runs.

**Why not django-celery-beat's DatabaseScheduler.** Its rows are used (PeriodicTask, CrontabSchedule, IntervalSchedule say when
and whether), its scheduler is not: it sends messages to the broker, so that nothing would start while Valkey is down; it keeps
in memory what is due, so that two beats fire twice; and it leaves out of sight (2.9, `enabled_models_qs`) every daily schedule
more than two hours away from its hour, so that one missed while beat was down waits for the next day. Here the row holds the
moment it is due (`next_at`), and a beat that moves it on from the very moment it has read inserts the run in the same
transaction: two beats cannot both succeed, a message is not needed, and any number of missed times is one run.

Kind and subject never change, and arguments only by the service whose kind it is (`put`): they were checked for the rights of
whoever made the schedule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from access.check import member_projects, system_permissions_of
from access.principal import Principal, ProjectRef
from access.table import P, Permission
from audit.actions import Draft, action
from core import cron as crons
from core.errors import AlreadyExists, Conflict, NotFound
from jobs import kinds, queries, schedule_rows, services
from jobs.encoding import encoded
from jobs.kinds import Kind
from jobs.models import MAX_KEY, MAX_NAME, Run, Schedule
from jobs.subjects import NOTHING, Subject

MOST_SHOWN = 100


class ScheduleUnknown(NotFound):
    """No such schedule for this caller."""


@dataclass(frozen=True, slots=True)
class Default:
    """A schedule every installation has."""

    kind: str
    cron: str
    time_zone: str = "UTC"


def visible_schedules(actor: Principal) -> QuerySet[Schedule]:
    """Administrators: all; members: those of projects in which they hold what the kind names. By kind and subject."""
    rows = Schedule.objects.select_related("periodic__crontab", "periodic__interval")
    return rows.filter(_seen_by(actor)).order_by("kind", "subject_name", "id")


def _seen_by(actor: Principal) -> Q:
    if actor.grants is not None:
        return Q(pk__in=[])
    if actor.is_admin and actor.is_whole:
        return Q()
    watches = P.JOBSERVICE_MONITOR_LIST in system_permissions_of(actor)
    seen = Q(project_id__isnull=True) if watches else Q(pk__in=[])
    for permission in {kind.permission for kind in kinds.kinds()}:
        named = [kind.name for kind in kinds.kinds() if kind.permission is permission]
        seen |= Q(project_id__in=member_projects(actor, permission), kind__in=named)
    return seen


def schedule(actor: Principal, schedule_id: int) -> Schedule:
    """Raises ScheduleUnknown, also for one the actor may not see."""
    found = visible_schedules(actor).filter(pk=schedule_id).first()
    if found is None:
        raise ScheduleUnknown(f"no schedule {schedule_id}", schedule=schedule_id)
    return found


def schedule_of(actor: Principal, kind: str, subject: Subject = NOTHING) -> Schedule | None:
    """The schedule of that kind about that subject, if there is one the actor may see."""
    about = {"subject_type": subject.type, "subject_id": subject.id}
    return visible_schedules(actor).filter(kind=kind, **about).first()


def single(kind: str) -> Schedule | None:
    """The schedule of a kind that is about nothing, whoever asks. For the service whose kind it is, which checks the right."""
    rows = Schedule.objects.select_related("periodic__crontab", "periodic__interval")
    return rows.filter(kind=kind, subject_type="", subject_id="").first()


def are_paused() -> bool:
    """Whether every schedule is off. No secret: anybody signed in may ask."""
    return not Schedule.objects.filter(next_at__isnull=False).exists()


def next_runs(cron: str, time_zone: str, n: int = 5) -> list[datetime]:
    """The next `n` (at most 100) times from now on, in UTC. Raises InvalidInput, which says what is wrong."""
    return crons.next_runs(cron, time_zone, min(n, MOST_SHOWN), after=schedule_rows.now())


def upcoming(row: Schedule, n: int = 5) -> list[datetime]:
    """The next `n` times the schedule starts a run; none while it is off."""
    if row.next_at is None or n < 1:
        return []
    return [row.next_at, *crons.next_runs(row.cron, row.time_zone, min(n, MOST_SHOWN) - 1, after=row.next_at)]


def create(
    actor: Principal,
    kind: str,
    *,
    cron: str,
    time_zone: str = "UTC",
    arguments: Mapping[str, Any] | None = None,
    subject: Subject = NOTHING,
    project: ProjectRef | None = None,
    permission: Permission | None = None,
    enabled: bool = True,
) -> Schedule:
    """A new schedule, on unless `enabled` is False. Needs jobservice-monitor:stop and what the kind names, in the system.

    A service that makes schedules of a project's own things names the `permission` that counts instead, and vouches that
    `arguments` and `subject` are of that project. Raises Denied, KindUnknown, InvalidInput, AlreadyExists (one schedule for a
    kind and subject).
    """
    return _create(
        actor,
        Default(kind, cron, time_zone),
        arguments=arguments or {},
        subject=subject,
        project=project,
        permission=permission,
        enabled=enabled,
        system=False,
    )


def install(actor: Principal, defaults: Iterable[Default]) -> list[Schedule]:
    """Make those system schedules that are not there; what administrators changed stays as it is."""
    made = []
    for default in defaults:
        if Schedule.objects.filter(kind=default.kind, subject_type="", subject_id="").exists():
            continue
        try:
            made.append(_create(actor, default, system=True))
        except AlreadyExists:
            continue  # another host starts on this database at the same moment
    return made


def _create(
    actor: Principal,
    wanted: Default,
    *,
    system: bool,
    arguments: Mapping[str, Any] | None = None,
    subject: Subject = NOTHING,
    project: ProjectRef | None = None,
    permission: Permission | None = None,
    enabled: bool = True,
) -> Schedule:
    known = kinds.kind(wanted.kind)
    with action(actor, *_authority_to_create(permission, project), name="schedule.create") as draft:
        queries.require_kind(actor, known.name, project)
        _check_schedulable(known)
        when = schedule_rows.parsed(wanted.cron, wanted.time_zone)
        encoded(arguments or {})
        row = Schedule(
            kind=known.name,
            arguments=dict(arguments or {}),
            project_id=project.id if project else None,
            subject_type=subject.type,
            subject_id=subject.id,
            subject_name=subject.name[:MAX_KEY],
            system=system,
            next_at=schedule_rows.after(when, wanted.time_zone) if enabled else None,
            changed_by=actor.name[:MAX_NAME],
        )
        row.periodic = schedule_rows.periodic(known.name, subject, enabled=enabled)
        schedule_rows.point(row.periodic, when, wanted.time_zone)
        schedule_rows.insert(row)
        _about(draft, row)
        draft.after(_state(row))
    return row


def update(
    actor: Principal, schedule_id: int, *, cron: str | None = None, time_zone: str | None = None
) -> Schedule:
    """Another expression or time zone; None leaves it. A time that was due and not yet noticed is given up.

    Raises ScheduleUnknown, Denied, InvalidInput.
    """
    row = schedule(actor, schedule_id)
    with action(actor, *_authority(row), name="schedule.update") as draft:
        row = _locked(row)
        draft.before(_state(row))
        _point(row, cron, time_zone)
        _changed(actor, row, draft)
    return row


def _point(row: Schedule, cron: str | None, time_zone: str | None) -> None:
    where = row.time_zone if time_zone is None else time_zone
    when = schedule_rows.parsed(row.cron if cron is None else cron, where)
    old = (row.periodic.crontab, row.periodic.interval)
    schedule_rows.point(row.periodic, when, where)
    row.periodic.save()
    for gone in old:
        if gone is not None:
            gone.delete()
    row.next_at = schedule_rows.after(when, where) if row.enabled else None


def put(
    actor: Principal,
    kind: str,
    *,
    permission: Permission,
    cron: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    enabled: bool = True,
) -> Schedule:
    """Say anew when (in UTC) a kind that is about nothing is started, with what, and whether at all, as one act.

    For the service whose kind it is: `permission` is what counts, and it vouches for `arguments`. None leaves what there is.
    Raises Denied, InvalidInput; ScheduleUnknown where the schedule was never made and `cron` is None.
    """
    known = single(kind)
    if known is None and cron is not None:
        return create(actor, kind, cron=cron, arguments=arguments, permission=permission, enabled=enabled)
    with action(actor, permission, name="schedule.update") as draft:
        if known is None:
            raise ScheduleUnknown(f"{kind} has no schedule", kind=kind)
        row = _locked(known)
        draft.before(_whole(row))
        row.periodic.enabled = enabled
        row.arguments = row.arguments if arguments is None else dict(arguments)
        encoded(row.arguments)
        _point(row, cron, None if cron is None else "UTC")
        row.note = ""
        row.save(update_fields=["arguments"])
        _changed(actor, row, draft)
        draft.after(_whole(row))
    return row


def enable(actor: Principal, schedule_id: int) -> Schedule:
    """From now on: times that passed while it was off start nothing. Raises ScheduleUnknown, Denied."""
    return _switch(actor, schedule_id, enabled=True)


def disable(actor: Principal, schedule_id: int) -> Schedule:
    """Start nothing more; a run under way goes on. Raises ScheduleUnknown, Denied."""
    return _switch(actor, schedule_id, enabled=False)


def _switch(actor: Principal, schedule_id: int, *, enabled: bool) -> Schedule:
    row = schedule(actor, schedule_id)
    with action(actor, *_authority(row), name="schedule.enable" if enabled else "schedule.disable") as draft:
        row = _locked(row)
        if row.enabled is enabled:
            draft.discard()
            return row
        draft.before(_state(row))
        row.periodic.enabled = enabled
        row.periodic.save()
        row.next_at = (
            schedule_rows.after(schedule_rows.parsed(row.cron, row.time_zone), row.time_zone)
            if enabled
            else None
        )
        row.note = ""
        _changed(actor, row, draft)
    return row


def delete(actor: Principal, schedule_id: int) -> None:
    """Remove a schedule; its runs stay. Raises ScheduleUnknown, Denied, Conflict for one that Wharf itself made."""
    row = schedule(actor, schedule_id)
    with action(actor, *_authority(row), name="schedule.delete") as draft:
        row = _locked(row)
        if row.system:
            raise Conflict(f"'{row.kind}' is part of Wharf and cannot be deleted: switch it off instead")
        draft.before(_state(row))
        _about(draft, row)
        when, periodic = (row.periodic.crontab, row.periodic.interval), row.periodic
        row.delete()
        periodic.delete()
        for gone in when:
            if gone is not None:
                gone.delete()


def run_now(actor: Principal, schedule_id: int) -> Run:
    """Start what the schedule starts, now; its times stay.

    Raises ScheduleUnknown, KindUnknown, Denied, AlreadyActive, Conflict.
    """
    row = schedule(actor, schedule_id)
    needed, project = _authority(row)
    with action(actor, needed, project, name="schedule.run") as draft:
        _about(draft, row)
        queries.require_kind(actor, row.kind, project)
        _check_schedulable(kinds.kind(row.kind))
        run = services.start(
            row.kind,
            actor=actor,
            arguments=row.arguments,
            subject=Subject(row.subject_type, row.subject_id, row.subject_name),
            project=schedule_rows.project_of(row),
        )
        draft.after({"job": run.pk})
    return run


def _check_schedulable(kind: Kind) -> None:
    if not kind.schedulable:
        raise Conflict(f"'{kind.name}' is started by what it belongs to: it has no schedule", kind=kind.name)


def _authority_to_create(
    permission: Permission | None, project: ProjectRef | None
) -> tuple[Permission, ProjectRef | None]:
    return (P.JOBSERVICE_MONITOR_STOP, None) if permission is None else (permission, project)


def _authority(row: Schedule) -> tuple[Permission, ProjectRef | None]:
    """What changing it takes: in a project what the kind names, else a system administrator."""
    try:
        project = schedule_rows.project_of(row)
    except Conflict:
        project = None  # deleted: what is left of it is the administrators' to clear away
    return (
        (P.JOBSERVICE_MONITOR_STOP, None) if project is None else (kinds.kind(row.kind).permission, project)
    )


def _locked(row: Schedule) -> Schedule:
    current = schedule_rows.locked(row.pk)
    if current is None:
        raise ScheduleUnknown(f"no schedule {row.pk}", schedule=row.pk)
    return current


def _changed(actor: Principal, row: Schedule, draft: Draft) -> None:
    row.changed_at, row.changed_by = schedule_rows.now(), actor.name[:MAX_NAME]
    row.save(update_fields=["next_at", "note", "changed_at", "changed_by"])
    _about(draft, row)
    draft.after(_state(row))


def _about(draft: Draft, row: Schedule) -> None:
    draft.resource("schedule", row.pk, str(row))


def _whole(row: Schedule) -> dict[str, Any]:
    return {**_state(row), "arguments": row.arguments}


def _state(row: Schedule) -> dict[str, Any]:
    return {"cron": row.cron, "time_zone": row.time_zone, "enabled": row.enabled}
