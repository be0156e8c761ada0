"""Rows of jobs, schedules and settings: of the system, and of the project to whoever may edit it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from access.principal import Principal
from config import queries as settings
from config import services as config
from config.catalogue.limits import REQUESTS_PER_MINUTE
from jobs import queries, schedules, services
from jobs.models import Run, Schedule, Task
from jobs.schedules import Default
from projects.queries import ref
from tests import schedules as shared
from tests.arch.callers import Scene
from tests.arch.services.row import ADMINS, MAINTAINERS, OPERATORS, Refusal, Row, Rows, look, system
from tests.people import SYSTEM

KIND = "audit.partitions"
DIRECTORY = "ldap.sync"
QUEUE = "maintenance"


def run(scene: Scene, *, state: str, project: bool = True) -> int:
    """A run of the project or the system, with an item that failed."""
    made = Run.objects.create(
        kind=KIND,
        queue=QUEUE,
        state=state,
        actor_kind="system",
        actor_id=0,
        actor_name="tests",
        project_id=scene.project.pk if project else None,
    )
    Task.objects.create(run_id=made.pk, key="item", state="failed")
    return int(made.pk)


def schedule(scene: Scene, _actor: Principal, *, project: bool = True) -> int:
    """One of the project or the system, that starts a job if it is told to."""
    shared.end(Run.objects.filter(kind=KIND))
    shared.remove(Schedule.objects.filter(kind=KIND))
    made = schedules.create(
        SYSTEM, KIND, cron="0 3 * * *", project=ref(scene.project) if project else None, enabled=True
    )
    return int(made.pk)


def disabled(scene: Scene, actor: Principal) -> int:
    return int(schedules.disable(SYSTEM, schedule(scene, actor)).pk)


def of_project(call: Any, event: str, given: Any) -> Row:
    """Of whoever may edit the project; to all others there is no such thing."""
    return Row(call, MAINTAINERS, event, given=given, refusal=Refusal.HIDDEN)


def of_system(call: Any, event: str, given: Any, *, allowed: frozenset[str] = OPERATORS) -> Row:
    return Row(call, allowed, event, given=given, refusal=Refusal.HIDDEN)


def both(call: Any, event: str, state: str) -> tuple[Row, ...]:
    """The same of a run of the project, and of one of the system."""
    return (
        of_project(call, event, lambda scene, _actor: run(scene, state=state)),
        of_system(call, event, lambda scene, _actor: run(scene, state=state, project=False)),
    )


def again(call: Any, event: str) -> tuple[Row, ...]:
    """As `both`, of what has something done: in the system that takes what the kind does as well."""
    return doing(both(call, event, "failed"))


def both_schedules(call: Any, event: str) -> tuple[Row, ...]:
    return (
        of_project(call, event, schedule),
        of_system(call, event, lambda scene, actor: schedule(scene, actor, project=False)),
    )


def doing(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Who has but the brakes of the queues sees what is of the system, and is told what he lacks."""
    in_project, in_system = rows
    return (in_project, replace(in_system, allowed=ADMINS, knowing=OPERATORS))


RUNS: Rows = {
    "jobs/services.py:stop": both(lambda _s, actor, id_: services.stop(actor, id_), "job.stop", "queued"),
    "jobs/services.py:retry": again(lambda _s, actor, id_: services.retry(actor, id_), "job.retry"),
    "jobs/services.py:retry_failed": again(
        lambda _s, actor, id_: services.retry_failed(actor, id_), "job.retry-failed"
    ),
    "jobs/services.py:stop_waiting": system(
        lambda _s, actor, _: services.stop_waiting(actor, QUEUE), "queue.stop"
    ),
    "jobs/services.py:stop_running": system(
        lambda _s, actor, _: services.stop_running(actor), "job.stop-all"
    ),
    "jobs/services.py:pause_queue": system(
        lambda _s, actor, _: services.pause_queue(actor, QUEUE), "queue.pause"
    ),
    "jobs/services.py:resume_queue": system(
        lambda _s, actor, _: services.resume_queue(actor, QUEUE),
        "queue.resume",
        given=lambda _scene, _actor: services.pause_queue(SYSTEM, QUEUE),
    ),
    "jobs/services.py:limit_queue": system(
        lambda _s, actor, _: services.limit_queue(actor, QUEUE, 2), "queue.limit"
    ),
    "jobs/queries.py:queues": look(lambda _s, actor, _: queries.queues(actor)),
    "jobs/queries.py:workers": look(lambda _s, actor, _: queries.workers(actor)),
}


def no_schedules(_scene: Scene, _actor: Principal) -> None:
    shared.remove(Schedule.objects.filter(kind__in=(KIND, DIRECTORY)))


SCHEDULES: Rows = {
    "jobs/schedules.py:create": system(
        lambda _s, actor, _: schedules.create(actor, KIND, cron="0 3 * * *"),
        "schedule.create",
        ADMINS,
        given=no_schedules,
    )
    # A robot that may change people, too, has the directory read.
    + system(
        lambda _s, actor, _: schedules.create(actor, DIRECTORY, cron="0 3 * * *"),
        "schedule.create",
        given=no_schedules,
        confirmed=True,
    ),
    "jobs/schedules.py:install": system(
        lambda _s, actor, _: schedules.install(actor, [Default(KIND, "0 3 * * *")]),
        "schedule.create",
        ADMINS,
        given=no_schedules,
    ),
    "jobs/schedules.py:update": both_schedules(
        lambda _s, actor, id_: schedules.update(actor, id_, cron="0 4 * * *"), "schedule.update"
    ),
    "jobs/schedules.py:enable": (
        of_project(lambda _s, actor, id_: schedules.enable(actor, id_), "schedule.enable", disabled),
    ),
    "jobs/schedules.py:disable": both_schedules(
        lambda _s, actor, id_: schedules.disable(actor, id_), "schedule.disable"
    ),
    "jobs/schedules.py:delete": both_schedules(
        lambda _s, actor, id_: schedules.delete(actor, id_), "schedule.delete"
    ),
    "jobs/schedules.py:run_now": doing(
        both_schedules(lambda _s, actor, id_: schedules.run_now(actor, id_), "schedule.run")
    ),
}
# Settings are never a robot's.
SETTINGS: Rows = {
    "config/services.py:change": system(
        lambda _s, actor, _: config.change(actor, {REQUESTS_PER_MINUTE.key: 1000}),
        "configuration.update",
        ADMINS,
        confirmed=True,
    ),
    "config/services.py:reset": system(
        lambda _s, actor, _: config.reset(actor, [REQUESTS_PER_MINUTE.key]),
        "configuration.update",
        ADMINS,
        given=lambda _scene, _actor: config.change(SYSTEM, {REQUESTS_PER_MINUTE.key: 1000}),
        confirmed=True,
    ),
    "config/services.py:reseal": system(
        lambda _s, actor, _: config.reseal(actor), "configuration.reseal", ADMINS, confirmed=True
    ),
    "config/queries.py:visible_settings": look(lambda _s, actor, _: settings.visible_settings(actor), ADMINS),
}

ROWS: Rows = {**RUNS, **SCHEDULES, **SETTINGS}
