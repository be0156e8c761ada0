"""Harbor's purge of the audit log: started, scheduled, watched and stopped in Harbor's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from access.table import P
from audit import purge
from audit.models import AuditEvent
from config.audit_purge import KIND
from jobs.models import ACTIVE, LogLine, Run, Schedule
from tests import keys, schedules
from tests.registry_api.client import basic
from tests.registry_api.rest.api import Caller, World

PATH = "/system/purgeaudit"
SCHEDULE = f"{PATH}/schedule"
ALL = ",".join([purge.PULL_KIND, *sorted(purge.HARBOR_KINDS, reverse=True)])
HISTORY = {
    "id",
    "job_name",
    "job_kind",
    "job_parameters",
    "schedule",
    "job_status",
    "deleted",
    "creation_time",
    "update_time",
}


@pytest.fixture(autouse=True)
def alone(world: World) -> Iterator[None]:
    """One purge at a time: those of other tests are over. The schedule is as every installation begins."""
    schedules.end(Run.objects.filter(kind=KIND))
    schedules.remove(Schedule.objects.filter(kind=KIND))
    world.schedule(kind=KIND, subject_type="", subject_id="", project_id=None, system=True)
    yield
    schedules.end(Run.objects.filter(kind=KIND))


def wish(type_: str = "Manual", cron: str | None = None, **parameters: Any) -> dict[str, Any]:
    parameters = {"audit_retention_hour": 2160, "include_event_types": ALL} | parameters
    return {"schedule": {"type": type_} | ({"cron": cron} if cron else {}), "parameters": parameters}


def put(world: World, body: dict[str, Any]) -> dict[str, Any]:
    assert world.admin.call("PUT", SCHEDULE, json=body).content == b""
    told: dict[str, Any] = world.admin.get(SCHEDULE).json()
    assert set(told) == HISTORY
    return told


def test_a_purge_is_started_by_hand_and_lies_where_its_location_says(world: World) -> None:
    answer = world.admin.call("POST", SCHEDULE, json=wish(dry_run=True))
    assert answer.status_code == 201
    told = world.admin.get(answer.headers["Location"]).json()
    assert set(told) == HISTORY
    assert (told["job_name"], told["job_kind"], told["job_status"]) == (
        "PURGE_AUDIT_LOG",
        "MANUAL",
        "Pending",
    )
    assert told["schedule"] == {"type": "Manual"}
    run = Run.objects.get(pk=told["id"])
    assert run.arguments["streams"] == ["events", "pulls"]
    assert (run.arguments["days"], run.arguments["dry_run"]) == (90, True)
    event = AuditEvent.objects.filter(operation="audit.purge-start", resource_id=str(run.pk)).get()
    assert event.detail["after"]["days"] == 90


def test_a_second_one_waits_for_the_first(world: World) -> None:
    assert world.admin.call("POST", SCHEDULE, json=wish()).status_code == 201
    assert world.admin.refused("POST", SCHEDULE, json=wish())[0] == 409


def test_what_was_asked_for_is_shown_word_for_word(world: World) -> None:
    told = put(world, wish("Daily", "0 0 0 * * *", audit_retention_hour=2161, dry_run=True))
    shown = json.loads(told["job_parameters"])
    assert shown == {"audit_retention_hour": 2161, "include_event_types": ALL, "dry_run": True}
    row = Schedule.objects.get(kind=KIND)
    assert (row.arguments["days"], row.cron, row.time_zone) == (91, "0 0 * * *", "UTC")


@pytest.mark.parametrize(
    ("type_", "cron", "expected"),
    [
        ("Hourly", "0 0 * * * *", ("Hourly", "0 0 * * * *")),
        ("Daily", None, ("Daily", "0 0 0 * * *")),
        ("Weekly", "0 0 0 * * 0", ("Weekly", "0 0 0 * * 0")),
        ("Custom", "0 0 0 * * *", ("Custom", "0 0 0 * * *")),
        ("Custom", "30 5 * * 1-5", ("Custom", "0 30 5 * * 1-5")),
        ("Schedule", "0 15 4 1 * *", ("Schedule", "0 15 4 1 * *")),
        ("Daily", "0 0 3 * * *", ("Custom", "0 0 3 * * *")),
    ],
)
def test_times_are_harbors(world: World, type_: str, cron: str | None, expected: tuple[str, str]) -> None:
    told = put(world, wish(type_, cron))
    assert (told["schedule"]["type"], told["schedule"]["cron"]) == expected
    assert told["schedule"]["next_scheduled_time"].endswith("Z")


def test_none_switches_it_off_and_another_schedule_on_again(world: World) -> None:
    assert world.admin.call("POST", SCHEDULE, json={"schedule": {"type": "None"}}).status_code == 201
    told = world.admin.get(SCHEDULE).json()
    assert told["schedule"] == {"type": "None"}
    assert Schedule.objects.get(kind=KIND).next_at is None
    assert put(world, wish("Weekly"))["schedule"]["type"] == "Weekly"
    row = Schedule.objects.get(kind=KIND)
    assert row.next_at is not None
    assert row.enabled
    event = AuditEvent.objects.filter(operation="schedule.update", resource_id=str(row.pk)).latest("id")
    assert (event.detail["before"]["enabled"], event.detail["after"]["enabled"]) == (False, True)
    assert event.detail["after"]["arguments"]["days"] == 90
    assert event.permission == "purge-audit:update"


def test_a_schedule_that_is_gone_is_made_anew(world: World) -> None:
    schedules.remove(Schedule.objects.filter(kind=KIND))
    assert world.admin.get(SCHEDULE).json()["schedule"] == {"type": "None"}
    assert world.admin.refused("PUT", SCHEDULE, json={"schedule": {"type": "None"}})[0] == 404
    assert put(world, wish("Daily"))["schedule"]["type"] == "Daily"


def test_what_the_settings_keep_is_told_where_nobody_said_otherwise(world: World) -> None:
    shown = json.loads(world.admin.get(SCHEDULE).json()["job_parameters"])
    assert shown["audit_retention_hour"] == 400 * 24
    assert set(shown["include_event_types"].split(",")) == purge.HARBOR_KINDS | {purge.PULL_KIND}


@pytest.mark.parametrize(
    ("parameters", "streams"),
    [
        ({"include_event_types": "pull_artifact"}, ["pulls"]),
        ({"include_event_types": ALL.replace("pull_artifact,", "")}, ["events"]),
        ({"include_event_types": None, "include_operations": "create,delete,pull"}, ["events", "pulls"]),
        ({"include_event_types": "", "include_operations": "pull"}, ["pulls"]),
    ],
)
def test_kinds_choose_what_goes(world: World, parameters: dict[str, Any], streams: list[str]) -> None:
    put(world, wish("Daily", **parameters))
    assert Schedule.objects.get(kind=KIND).arguments["streams"] == streams


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "schedule: "),
        ({"schedule": {"type": "Daily"}}, "parameters: "),
        ({"schedule": {"type": "Sometimes"}}, "schedule.type: "),
        (wish("Custom"), "schedule.cron: "),
        (wish("Custom", "nonsense"), "cron"),
        (wish("Custom", "7 0 0 * * *"), "second"),
        (wish(audit_retention_hour=719), "parameters.audit_retention_hour: at least 720"),
        (wish(audit_retention_hour=-1), "parameters.audit_retention_hour: "),
        (wish(audit_retention_hour="many"), "parameters.audit_retention_hour: "),
        (wish(audit_retention_hour=10**30), "parameters.audit_retention_hour: "),
        (wish(include_event_types="create_user"), "purged together"),
        (wish(include_event_types="no_such_kind"), "no_such_kind"),
        (wish(include_event_types=None), "nothing to purge"),
        (wish(include_event_types=None, include_operations="create"), "purged together"),
        (wish(include_event_types=None, include_operations="explode"), "parameters.include_operations: "),
        (wish(dry_run="perhaps"), "parameters.dry_run: "),
        ({"schedule": {"type": "Daily"}, "parameters": []}, "parameters"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(world: World, body: dict[str, Any], told: str) -> None:
    before = Schedule.objects.values().get(kind=KIND)
    for method in ("POST", "PUT"):
        status, message = world.admin.refused(method, SCHEDULE, json=body)
        assert status == 400
        assert told in message
    assert Schedule.objects.values().get(kind=KIND) == before
    assert not Run.objects.filter(kind=KIND, state__in=ACTIVE).exists()


def test_the_history_is_filtered_in_harbors_words(world: World) -> None:
    made = {
        state: world.run(kind=KIND, state=state).pk for state in ("succeeded", "failed", "partial", "stopped")
    }
    other = world.run(state="succeeded").pk
    query = f"id={{{' '.join(map(str, [*made.values(), other]))}}}"
    assert {each["id"] for each in world.admin.get(f"{PATH}?q={query}").json()} == set(made.values())
    errors = world.admin.get(f"{PATH}?q={query},status=Error&sort=id")
    assert [each["id"] for each in errors.json()] == [made["failed"], made["partial"]]
    assert errors.headers["X-Total-Count"] == "2"
    assert world.admin.refused("GET", f"{PATH}?q=status=failed")[0] == 400


def test_a_run_is_stopped_and_its_log_read(world: World) -> None:
    run = world.run(kind=KIND, state="running")
    LogLine.objects.create(run=run, n=1, level="info", message="dropped")
    log = world.admin.get(f"{PATH}/{run.pk}/log")
    assert log.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert log.text.endswith(" INFO dropped\n")
    assert world.admin.call("PUT", f"{PATH}/{run.pk}").status_code == 200
    assert Run.objects.get(pk=run.pk).stop_requested_at is not None


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("GET", "/log")])
def test_other_jobs_are_no_purges(world: World, method: str, path: str) -> None:
    run = world.run(state="running")
    assert world.admin.refused(method, f"{PATH}/{run.pk}{path}")[0] == 404
    assert Run.objects.get(pk=run.pk).stop_requested_at is None


def test_a_robot_does_what_it_was_given(world: World) -> None:
    key = keys.robot(keys.in_system(frozenset({P.PURGE_AUDIT_READ, P.PURGE_AUDIT_LIST, P.PURGE_AUDIT_STOP})))
    robot = Caller(world.http, basic(key.username, key.secret), key.principal)
    run = world.run(kind=KIND, state="running")
    assert run.pk in {each["id"] for each in robot.get(f"{PATH}?q=id={run.pk}").json()}
    assert robot.call("PUT", f"{PATH}/{run.pk}").status_code == 200
    assert robot.refused("POST", SCHEDULE, json=wish())[0] == 403
    assert robot.refused("PUT", SCHEDULE, json=wish("Daily"))[0] == 403
    events = AuditEvent.objects.filter(actor_name=key.principal.name, result="denied")
    assert set(events.values_list("operation", flat=True)) == {"audit.purge-start", "schedule.update"}
