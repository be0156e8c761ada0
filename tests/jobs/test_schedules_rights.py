"""Having something done in the system takes what it does, not only the brakes of the queues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from access.principal import Principal
from access.table import P, Permission
from accounts.services import forgetting
from audit.models import AuditEvent
from core.errors import Conflict, Denied, InvalidInput
from jobs import kinds, schedules, services
from jobs.models import Run, Schedule
from tests import keys
from tests.jobs import demonstration
from tests.people import SYSTEM, make_user

pytestmark = pytest.mark.django_db

BRAKES = frozenset({P.JOBSERVICE_MONITOR_LIST, P.JOBSERVICE_MONITOR_STOP})
FORGET = "people.forget"


@pytest.fixture(autouse=True)
def _kinds() -> None:
    demonstration.install()


def robot(*more: Permission) -> Principal:
    return keys.robot(keys.in_system(BRAKES | set(more))).principal


def failed(kind: str) -> Run:
    run = services.start(kind, actor=SYSTEM)
    Run.objects.filter(pk=run.pk).update(state="failed")
    return run


@pytest.mark.parametrize("kind", [each.name for each in kinds.kinds() if not each.name.startswith("demo.")])
def test_the_brakes_of_the_queues_have_nothing_done(kind: str) -> None:
    actor = robot()
    with pytest.raises(Denied, match=str(kinds.kind(kind).permission)):
        schedules.create(actor, kind, cron="@daily")
    assert AuditEvent.objects.filter(actor_id=actor.id, operation="schedule.create", result="denied").exists()
    run = failed(kind)
    for again in (services.retry, services.retry_failed):
        with pytest.raises(Denied):
            again(actor, run.pk)
    assert Run.objects.get(pk=run.pk).state == "failed"
    assert not Schedule.objects.exists()


def test_the_brakes_and_what_the_kind_does_are_enough() -> None:
    actor = robot(P.USER_UPDATE)
    row = schedules.create(actor, "ldap.sync", cron="@daily")
    with pytest.raises(Denied):
        schedules.run_now(robot(), row.pk)
    run = schedules.run_now(actor, row.pk)
    with pytest.raises(Denied):
        services.retry(robot(), run.pk)
    Run.objects.filter(pk=run.pk).update(state="failed")
    assert services.retry(actor, run.pk).state == "queued"
    # Brakes are brakes: they are put on and let go by who may stop runs.
    assert not schedules.disable(robot(), row.pk).enabled
    assert schedules.enable(robot(), row.pk).enabled
    assert services.stop(robot(), run.pk).state == "stopped"


def test_nobody_schedules_the_forgetting_of_a_person() -> None:
    user = make_user()
    with pytest.raises(Conflict, match="no schedule"):
        schedules.create(SYSTEM, FORGET, cron="@daily", arguments={"user_id": user.pk})
    assert not Schedule.objects.exists()


def test_a_schedule_from_before_forgets_nobody_either() -> None:
    row = schedules.create(SYSTEM, "demo.noop", cron="@daily")
    Schedule.objects.filter(pk=row.pk).update(kind=FORGET, arguments={"user_id": make_user().pk})
    with pytest.raises(Conflict, match="no schedule"):
        schedules.run_now(SYSTEM, row.pk)
    assert not Run.objects.exists()


def test_whoever_has_an_account_is_not_forgotten() -> None:
    body: Callable[..., Any] = kinds.kind(FORGET).body
    user = make_user()
    with pytest.raises(InvalidInput, match="has an account"):
        body(user_id=user.pk, progress=None)
    assert forgetting.names_of(2**62)["names"] == []
