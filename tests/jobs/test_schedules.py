"""Schedules as people see and change them: rights, refusals, the audit trail, and defaults that are never reset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from access.principal import ProjectRef
from access.table import P
from audit.models import AuditEvent
from core.errors import AlreadyExists, Conflict, Denied, InvalidInput, NotFound
from database import sql
from jobs import schedules, services
from jobs.models import Run, Schedule, Trigger
from jobs.schedules import Default
from jobs.subjects import Subject
from projects.models import Project
from tests import people
from tests.jobs import demonstration
from tests.people import SYSTEM
from wharf.default_schedules import DEFAULTS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds() -> None:
    demonstration.install()


@pytest.fixture
def project() -> Project:
    return people.make_project()


def ref(project: Project) -> ProjectRef:
    return ProjectRef(project.pk, project.name, project.public)


def of_project(project: Project, **options: Any) -> Schedule:
    """As a service of the project's policies makes it."""
    subject = Subject("policy", "7", "nightly")
    return schedules.create(
        SYSTEM, "demo.each", cron="30 2 * * *", subject=subject, project=ref(project),
        permission=P.REPOSITORY_DELETE, **options,
    )  # fmt: skip


def events(row_id: int) -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(resource_type="schedule", resource_id=str(row_id)).order_by("id")
    return list(found.values_list("operation", "result"))


def test_a_schedule_is_due_when_its_expression_says_in_its_zone() -> None:
    made = schedules.create(SYSTEM, "demo.noop", cron="30  2 * * mon", time_zone="Europe/Berlin")
    row = schedules.schedule(SYSTEM, made.pk)
    assert (row.cron, row.time_zone, row.enabled) == ("30 2 * * mon", "Europe/Berlin", True)
    assert row.in_words == "At 02:30 AM, only on Monday Europe/Berlin"
    assert row.next_at == schedules.next_runs("30 2 * * 1", "Europe/Berlin", 1)[0]
    assert schedules.upcoming(row, 3) == schedules.next_runs("30 2 * * 1", "Europe/Berlin", 3)


def test_an_interval_is_kept_as_an_interval() -> None:
    made = schedules.create(SYSTEM, "demo.noop", cron="@every 90s")
    row = schedules.schedule(SYSTEM, made.pk)
    assert (row.cron, row.in_words, row.periodic.crontab) == ("@every 90s", "every 90 seconds", None)
    assert row.next_at == sql.value("SELECT now() + interval '90 seconds'")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"cron": "99 * * * *"}, "minute '99'"),
        ({"cron": "0 0 31 2 *"}, "never happens"),
        ({"cron": "* * * * *", "time_zone": "Mars/Olympus"}, "is no time zone"),
        ({"cron": "* * * * *", "arguments": {"x": object()}}, "must be JSON"),
        ({"cron": "* * * * *", "arguments": {"x": "y" * 9_000}}, "exceed"),
        ({"cron": "* * * * *", "subject": Subject("policy", "9" * 250)}, "too long"),
    ],
)
def test_a_wrong_schedule_is_refused_with_the_reason_and_leaves_no_row(
    options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        schedules.create(SYSTEM, "demo.noop", **options)
    assert not Schedule.objects.exists()
    assert not PeriodicTask.objects.exists()
    assert not CrontabSchedule.objects.exists()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(NotFound, match=r"no kind of job is named 'demo\.nosuch'"):
        schedules.create(SYSTEM, "demo.nosuch", cron="@daily")


def test_a_kind_has_one_schedule_for_each_subject() -> None:
    schedules.create(SYSTEM, "demo.each", cron="@daily", subject=Subject("policy", "1"))
    schedules.create(SYSTEM, "demo.each", cron="@daily", subject=Subject("policy", "2"))
    with pytest.raises(AlreadyExists, match="change that one"):
        schedules.create(SYSTEM, "demo.each", cron="@hourly", subject=Subject("policy", "1"))
    found = schedules.schedule_of(SYSTEM, "demo.each", Subject("policy", "2"))
    assert found is not None
    assert schedules.schedule_of(SYSTEM, "demo.each", Subject("policy", "3")) is None


def test_every_change_is_one_event_and_what_changes_nothing_is_none() -> None:
    row = schedules.create(SYSTEM, "demo.noop", cron="@daily")
    schedules.update(SYSTEM, row.pk, cron="@every 10m")
    schedules.enable(SYSTEM, row.pk)
    schedules.disable(SYSTEM, row.pk)
    schedules.enable(SYSTEM, row.pk)
    schedules.run_now(SYSTEM, row.pk)
    schedules.delete(SYSTEM, row.pk)
    names = ["create", "update", "disable", "enable", "run", "delete"]
    assert events(row.pk) == [(f"schedule.{name}", "ok") for name in names]
    update = AuditEvent.objects.get(operation="schedule.update", resource_id=str(row.pk))
    assert update.detail["before"]["cron"] == "0 0 * * *"
    assert update.detail["after"]["cron"] == "@every 10m"
    assert not PeriodicTask.objects.exists()
    assert not CrontabSchedule.objects.exists()
    assert not IntervalSchedule.objects.exists()


def test_an_update_moves_the_next_time_and_keeps_what_is_not_given() -> None:
    row = schedules.create(SYSTEM, "demo.noop", cron="0 3 * * *", time_zone="Asia/Tokyo")
    changed = schedules.update(SYSTEM, row.pk, cron="0 4 * * *")
    assert (changed.time_zone, changed.next_at) == (
        "Asia/Tokyo",
        schedules.next_runs("0 4 * * *", "Asia/Tokyo", 1)[0],
    )
    moved = schedules.update(SYSTEM, row.pk, time_zone="UTC")
    assert (moved.cron, moved.next_at) == ("0 4 * * *", schedules.next_runs("0 4 * * *", "UTC", 1)[0])
    with pytest.raises(InvalidInput):
        schedules.update(SYSTEM, row.pk, cron="nonsense")
    assert schedules.schedule(SYSTEM, row.pk).cron == "0 4 * * *"
    assert CrontabSchedule.objects.count() == 1


def test_a_schedule_that_is_off_is_never_due_and_counts_from_now_when_switched_on() -> None:
    row = schedules.create(SYSTEM, "demo.noop", cron="@every 1h", enabled=False)
    assert (row.next_at, schedules.upcoming(row)) == (None, [])
    assert schedules.update(SYSTEM, row.pk, cron="@every 2h").next_at is None
    on = schedules.enable(SYSTEM, row.pk)
    assert on.next_at == sql.value("SELECT now()") + timedelta(hours=2)


def test_running_it_now_starts_the_same_run_by_the_person_and_leaves_the_times(project: Project) -> None:
    row = of_project(project, arguments={"seconds": 0})
    admin = people.principal(people.make_user("admin", is_admin=True))
    run = schedules.run_now(admin, row.pk)
    assert (run.kind, run.arguments, run.project_id) == ("demo.each", {"seconds": 0}, project.pk)
    assert (run.trigger, run.actor_name, run.subject_name) == (Trigger.MANUAL, admin.name, "nightly")
    assert schedules.schedule(SYSTEM, row.pk).next_at == row.next_at
    with pytest.raises(services.AlreadyActive, match=f"see job {run.pk}"):
        schedules.run_now(admin, row.pk)


def test_only_administrators_see_and_change_schedules_of_the_system(project: Project) -> None:
    row = schedules.create(SYSTEM, "demo.noop", cron="@daily")
    for name, actor in people.people_of(project).all().items():
        seen = [found.pk for found in schedules.visible_schedules(actor)]
        assert seen == ([row.pk] if name == "admin" else []), name
        if name != "admin":
            with pytest.raises(NotFound):
                schedules.disable(actor, row.pk)
            with pytest.raises(Denied):
                schedules.create(actor, "demo.slow", cron="@daily")


def test_those_who_may_edit_a_project_see_and_change_its_schedules(project: Project) -> None:
    row = of_project(project)
    editors = {"admin", "project_admin", "maintainer"}
    changes: list[Callable[..., Any]] = [schedules.disable, schedules.enable, schedules.delete]
    everybody = people.people_of(project).all()
    for name, actor in everybody.items():
        seen = [found.pk for found in schedules.visible_schedules(actor)]
        assert seen == ([row.pk] if name in editors else []), name
        if name not in editors:
            for change in changes:
                with pytest.raises(NotFound):
                    change(actor, row.pk)
    for change in changes:
        change(everybody["maintainer"], row.pk)
    assert not Schedule.objects.exists()


def test_what_a_deleted_project_leaves_is_the_administrators(project: Project) -> None:
    row = of_project(project)
    Project.objects.filter(pk=project.pk).update(deleted_at=sql.value("SELECT now()"))
    with pytest.raises(Conflict, match="project has been deleted"):
        schedules.run_now(SYSTEM, row.pk)
    assert not Run.objects.exists()
    schedules.delete(SYSTEM, row.pk)


def test_the_defaults_are_made_once_and_never_reset() -> None:
    assert [row.kind for row in schedules.install(SYSTEM, DEFAULTS)] == [default.kind for default in DEFAULTS]
    fold = schedules.schedule_of(SYSTEM, "statistics.fold")
    purge = schedules.schedule_of(SYSTEM, "repositories.purge")
    assert fold is not None
    assert purge is not None
    schedules.update(SYSTEM, fold.pk, cron="@every 1m")
    schedules.disable(SYSTEM, purge.pk)
    assert schedules.install(SYSTEM, DEFAULTS) == []
    assert schedules.install(SYSTEM, [*DEFAULTS, Default("demo.noop", "@daily")])[0].kind == "demo.noop"
    assert schedules.schedule(SYSTEM, fold.pk).cron == "@every 1m"
    assert not schedules.schedule(SYSTEM, purge.pk).enabled


def test_a_default_is_switched_off_not_deleted() -> None:
    (row,) = schedules.install(SYSTEM, [Default("demo.noop", "@daily")])
    with pytest.raises(Conflict, match="switch it off instead"):
        schedules.delete(SYSTEM, row.pk)
    assert not schedules.disable(SYSTEM, row.pk).enabled


@pytest.mark.parametrize(
    "cron", ["*/5 * * * *", "0 0 29 2 *", "1,2,3 4-6/2 1-7 jan-mar sun", "0 9 * * 7", "59 23 31 12 *"]
)
def test_every_expression_has_words(cron: str) -> None:
    made = schedules.create(SYSTEM, "demo.noop", cron=cron)
    assert schedules.schedule(SYSTEM, made.pk).in_words.endswith(" UTC")
