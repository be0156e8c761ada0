"""/schedules: Harbor's list and brake; making, changing, switching, running and removing one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs import kinds
from jobs.models import Run, Schedule
from tests import people
from tests.people import unique
from tests.registry_api.rest.api import World

HARBORS = {"id", "vendor_type", "vendor_id", "cron", "update_time"}


@pytest.fixture
def kind(world: World) -> str:
    """A kind of job of its own, which nothing here ever runs."""
    name = unique("test")
    kinds.kinds()
    kinds.register(kinds=[kinds.Kind(name, _body, label="Test", queue=kinds.queues()[0].name)])
    return name


def _body(**_arguments: object) -> None:
    raise AssertionError("no worker runs here")


@pytest.fixture
def made(world: World, kind: str) -> Iterator[str]:
    """The path of a new schedule."""
    body = {"kind": kind, "cron": "30 2 * * *", "time_zone": "Europe/Berlin", "arguments": {"days": 3}}
    answer = world.admin.call("POST", "/schedules", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.content == b""
    yield answer.headers["Location"]
    Run.objects.filter(kind=kind).update(state="stopped")


def test_a_schedule_lies_where_its_location_says(world: World, kind: str, made: str) -> None:
    told = world.admin.get(made).json()
    assert set(told) >= HARBORS
    assert (told["vendor_type"], told["vendor_id"], told["cron"]) == (kind, -1, "30 2 * * *")
    assert (told["time_zone"], told["enabled"], told["is_system"]) == ("Europe/Berlin", True, False)
    assert told["arguments"] == {"days": 3}
    assert len(told["next_run_times"]) == 5
    assert told["next_run_times"][0] == told["next_run_time"]
    assert told["changed_by"] == world.admin.principal.name


def test_the_list_has_harbors_names_and_filters(world: World, kind: str, made: str) -> None:
    answer = world.admin.get(f"/schedules?q=vendor_type={kind},enabled=true")
    (told,) = answer.json()
    assert set(told) >= HARBORS
    assert answer.headers["X-Total-Count"] == "1"
    assert world.admin.get(f"/schedules?q=vendor_type={kind},enabled=false").json() == []
    assert world.admin.refused("GET", "/schedules?q=periodic__enabled=true")[0] == 400
    assert world.admin.refused("GET", "/schedules?sort=cron")[0] == 400


def test_members_see_those_of_projects_they_may_edit(world: World) -> None:
    mine, other = world.schedule(), World(world.http, people.make_project()).schedule()
    query = f"/schedules?q=id={{{mine.pk} {other.pk}}}"
    for caller, expected in (("admin", {mine.pk, other.pk}), ("maintainer", {mine.pk}), ("guest", set())):
        assert {each["id"] for each in world.caller(caller).get(query).json()} == expected


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/run")])
def test_a_schedule_of_another_project_looks_like_none(world: World, method: str, path: str) -> None:
    other = World(world.http, people.make_project()).schedule()
    hidden = world.maintainer.refused(method, f"/schedules/{other.pk}{path}", json={"enabled": False})
    missing = world.maintainer.refused(method, f"/schedules/{10**17}{path}", json={"enabled": False})
    assert hidden == (404, f"no schedule {other.pk}")
    assert missing == (404, f"no schedule {10**17}")
    assert Schedule.objects.get(pk=other.pk).enabled


def test_a_schedule_is_changed_and_switched(world: World, made: str) -> None:
    assert world.admin.call("PUT", made, json={"cron": "@hourly", "time_zone": "UTC"}).status_code == 200
    assert world.admin.get(made).json()["cron"] == "0 * * * *"
    assert world.admin.call("PUT", made, json={"enabled": False}).status_code == 200
    told = world.admin.get(made).json()
    assert (told["enabled"], told["next_run_time"], told["next_run_times"]) == (False, None, [])
    assert told["cron"] == "0 * * * *"


def test_fields_that_are_not_the_callers_to_set_stay(world: World, kind: str, made: str) -> None:
    before = world.admin.get(made).json()
    forged = {
        "id": 1,
        "kind": "audit.partitions",
        "vendor_type": "audit.partitions",
        "system": True,
        "is_system": True,
        "project_id": world.project.pk,
        "arguments": {"days": 999},
        "next_at": "2001-01-01T00:00:00Z",
        "changed_by": "somebody",
        "last_run": 1,
        "periodic": 1,
    }
    assert world.admin.call("PUT", made, json=forged).status_code == 200
    assert world.admin.get(made).json() == before
    other = unique("test")
    kinds.register(kinds=[kinds.Kind(other, _body, label="Test", queue=kinds.queues()[0].name)])
    answer = world.admin.call("POST", "/schedules", json={**forged, "kind": other, "cron": "@daily"})
    row = Schedule.objects.get(kind=other)
    assert answer.headers["Location"] == f"/api/v2.0/schedules/{row.pk}"
    assert (row.system, row.project_id, row.changed_by) == (False, None, world.admin.principal.name)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "audit.partitions"},
        {"kind": "audit.partitions", "cron": "nonsense"},
        {"kind": "audit.partitions", "cron": "* * * * *", "time_zone": "Mars/Olympus"},
        {"kind": "audit.partitions", "cron": 5, "time_zone": ["UTC"]},
        {"kind": "audit.partitions", "cron": "@daily", "arguments": "x"},
        {"kind": "audit.partitions", "cron": "@daily", "enabled": "perhaps"},
        {"kind": "a\0b", "cron": "@daily"},
    ],
)
def test_what_is_no_schedule_is_refused(world: World, body: dict[str, object]) -> None:
    assert world.admin.refused("POST", "/schedules", json=body)[0] == 400


def test_a_kind_nobody_knows_has_no_schedule(world: World) -> None:
    assert world.admin.refused("POST", "/schedules", json={"kind": "nonsense", "cron": "@daily"})[0] == 404


def test_a_kind_has_one_schedule(world: World, kind: str, made: str) -> None:
    assert world.admin.refused("POST", "/schedules", json={"kind": kind, "cron": "@daily"})[0] == 409


def test_what_a_schedule_starts_is_started_now(world: World, kind: str, made: str) -> None:
    answer = world.admin.call("POST", f"{made}/run")
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v2.0/jobs/{answer.json()['id']}"
    told = world.admin.get(answer.headers["Location"]).json()
    assert (told["kind"], told["trigger"], told["arguments"]) == (kind, "manual", {"days": 3})


def test_a_schedule_is_removed_unless_it_is_wharfs_own(world: World, made: str) -> None:
    assert world.admin.call("DELETE", made).status_code == 200
    assert world.admin.refused("GET", made)[0] == 404
    own = world.schedule(system=True)
    assert world.admin.refused("DELETE", f"/schedules/{own.pk}")[0] == 409


def test_schedules_are_paused_when_all_are_off(world: World, made: str) -> None:
    assert world.guest.get("/schedules/all/paused").json() == {"paused": False}
    switched = list(Schedule.objects.filter(next_at__isnull=False).values_list("pk", "next_at"))
    Schedule.objects.update(next_at=None)
    try:
        assert world.guest.get("/schedules/ALL/paused").json() == {"paused": True}
    finally:
        for pk, moment in switched:
            Schedule.objects.filter(pk=pk).update(next_at=moment)
    assert world.guest.refused("GET", "/schedules/gc/paused")[0] == 400
