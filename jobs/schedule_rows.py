"""Rows of a schedule as django-celery-beat wants them: a PeriodicTask with a CrontabSchedule or IntervalSchedule of its own."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from psycopg.errors import UniqueViolation

from access.principal import ProjectRef
from core import cron as crons
from core.cron import Cron, Every, When
from core.errors import AlreadyExists, Conflict, InvalidInput
from database import sql
from jobs.models import Schedule
from jobs.subjects import Subject

# Never sent: the name only says whose rows these are.
TASK = "wharf.schedule"
MAX_TASK_NAME = 200
_PERIODS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def locked(schedule_id: int) -> Schedule | None:
    """The row as it is now, kept from beats and other people until the transaction ends."""
    rows = Schedule.objects.select_for_update(of=("self",))
    return rows.select_related("periodic__crontab", "periodic__interval").filter(pk=schedule_id).first()


def periodic(kind: str, subject: Subject, *, enabled: bool) -> PeriodicTask:
    """A task row, not yet saved. Raises InvalidInput when kind and subject make too long a name."""
    name = f"{kind} {subject.type} {subject.id}".strip()
    if len(name) > MAX_TASK_NAME:
        raise InvalidInput("the kind and subject of a schedule are too long: name the subject by its id")
    return PeriodicTask(name=name, task=TASK, enabled=enabled)


def insert(row: Schedule) -> None:
    """Raises AlreadyExists."""
    taken = AlreadyExists(f"{row.kind} has a schedule already: change that one", kind=row.kind)
    try:
        with transaction.atomic():
            row.periodic.save()
            row.save()
    except ValidationError as error:  # what save() of a PeriodicTask finds out about its name
        raise taken from error
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise taken from error
        raise


def parsed(cron: str, time_zone: str) -> When:
    crons.zone_named(time_zone)
    return crons.parse(cron)


def after(when: When, time_zone: str) -> datetime:
    return when.after(now(), crons.zone_named(time_zone))


def now() -> datetime:
    found: datetime = sql.value("SELECT now()")
    return found


def point(periodic: PeriodicTask, when: When, time_zone: str) -> None:
    """Give the task rows of its own that say `when`. What it pointed to is the caller's to remove."""
    periodic.crontab = periodic.interval = None
    if isinstance(when, Every):
        count, unit = when.text.removeprefix("@every ")[:-1], when.text[-1]
        periodic.interval = IntervalSchedule.objects.create(every=int(count), period=_PERIODS[unit])
    else:
        periodic.crontab = _crontab(when, time_zone)


def _crontab(when: Cron, time_zone: str) -> CrontabSchedule:
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    fields = dict(zip(names, when.text.split(), strict=True))
    return CrontabSchedule.objects.create(timezone=crons.zone_named(time_zone), **fields)


def project_of(row: Schedule) -> ProjectRef | None:
    """The schedule's project, if it has one. Raises Conflict when that has been deleted."""
    if row.project_id is None:
        return None
    found = sql.row(
        "SELECT id, name, public FROM project WHERE id = %s AND deleted_at IS NULL", [row.project_id]
    )
    if found is None:
        raise Conflict("its project has been deleted")
    return ProjectRef(*found)
