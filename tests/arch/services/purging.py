"""Rows of the purge of the audit log: how it is started, scheduled, watched and stopped."""

from __future__ import annotations

from access.principal import Principal
from access.table import P
from config import audit_purge
from config.audit_purge import KIND, Wish
from jobs import schedules, services
from jobs.models import Run, Schedule
from tests import schedules as shared
from tests.arch.callers import Scene
from tests.arch.services.row import Rows, look, system
from tests.people import SYSTEM

DAYS = 90


def none_active(_scene: Scene, _actor: Principal) -> None:
    shared.end(Run.objects.filter(kind=KIND))


def started(scene: Scene, actor: Principal) -> int:
    none_active(scene, actor)
    return int(audit_purge.start(SYSTEM, days=DAYS).pk)


def scheduled(_scene: Scene, _actor: Principal) -> None:
    shared.remove(Schedule.objects.filter(kind=KIND))
    schedules.create(SYSTEM, KIND, cron="0 3 * * *")


ROWS: Rows = {
    "config/audit_purge.py:start": system(
        lambda _s, actor, _: audit_purge.start(actor, days=DAYS),
        "audit.purge-start",
        given=none_active,
        confirmed=True,
    ),
    "config/audit_purge.py:run": look(lambda _s, actor, id_: audit_purge.run(actor, id_), given=started),
    "config/audit_purge.py:runs": look(lambda _s, actor, _: audit_purge.runs(actor)),
    "config/audit_purge.py:schedule": look(lambda _s, actor, _: audit_purge.schedule(actor)),
    "jobs/services.py:stop_own": system(
        lambda _s, actor, id_: services.stop_own(actor, id_, kind=KIND, permission=P.PURGE_AUDIT_STOP),
        "job.stop",
        given=started,
    ),
    "jobs/schedules.py:put": system(
        lambda _s, actor, _: schedules.put(
            actor,
            KIND,
            permission=P.PURGE_AUDIT_UPDATE,
            cron="0 4 * * *",
            arguments=Wish(days=DAYS).arguments,
        ),
        "schedule.update",
        given=scheduled,
        confirmed=True,
    ),
}
