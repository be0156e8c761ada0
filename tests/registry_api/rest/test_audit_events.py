"""The audit log with all it holds: every field, before and after, what belongs to an entry, and how many there are when."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from access.principal import Origin
from audit.models import AuditEvent
from tests.people import unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.test_audit_logs import ids, of_project, told

FIELDS = {
    "id",
    "stream",
    "time",
    "operation",
    "label",
    "result",
    "actor_kind",
    "actor_id",
    "actor_name",
    "auth",
    "token_id",
    "ip",
    "agent",
    "request_id",
    "permission",
    "resource_type",
    "resource_id",
    "resource_name",
    "project_id",
    "before",
    "after",
    "detail",
}


@pytest.fixture
def event(world: World) -> AuditEvent:
    """What the maintainer did, from an address of his own."""
    origin = Origin(ip="203.0.113.9", agent="curl/8", request_id=unique("r"))
    actor = replace(world.maintainer.principal, origin=origin)
    return world.event(by=actor, before={"digest": "sha256:1"}, after={"digest": None}, reason="old")


def test_an_entry_has_every_field(world: World, event: AuditEvent) -> None:
    (entry,) = told(world.admin, of_project(world, path="/audit-events"))
    assert set(entry) == FIELDS
    expected = {
        "id": event.pk,
        "stream": "events",
        "operation": "tag.delete",
        "label": "Delete a tag",
        "result": "ok",
        "actor_kind": "user",
        "actor_id": world.maintainer.principal.id,
        "actor_name": world.maintainer.principal.name,
        "ip": "203.0.113.9",
        "agent": "curl/8",
        "request_id": event.request_id,
        "permission": "tag:create",
        "resource_type": "tag",
        "resource_name": event.resource_name,
        "project_id": world.project.pk,
        "before": {"digest": "sha256:1"},
        "after": {"digest": None},
        "detail": {"reason": "old"},
    }
    assert {name: entry[name] for name in expected} == expected


def test_one_is_told_with_what_belongs_to_it(world: World, event: AuditEvent) -> None:
    same = replace(world.maintainer.principal, origin=Origin(request_id=event.request_id))
    other = world.event(by=same)
    world.event()
    whole = world.admin.get(f"/audit-events/{event.pk}").json()
    assert set(whole) == FIELDS | {"related"}
    assert [entry["id"] for entry in whole["related"]] == [other.pk]
    assert set(whole["related"][0]) == FIELDS


def test_one_that_is_not_for_the_caller_looks_like_none(world: World, event: AuditEvent) -> None:
    assert world.maintainer.get(f"/audit-events/{event.pk}").status_code == 200
    for caller in (world.guest, world.outsider):
        hidden = caller.refused("GET", f"/audit-events/{event.pk}")
        missing = caller.refused("GET", f"/audit-events/{10**17}")
        assert (hidden[0], hidden[1].replace(str(event.pk), "N")) == (
            404,
            missing[1].replace(str(10**17), "N"),
        )


def test_a_request_is_found_by_the_id_its_answer_had(world: World) -> None:
    answer = world.guest.call("PUT", "/jobservice/queues/maintenance", json={"action": "pause"})
    found = told(world.admin, f"/audit-events?q=request_id={answer.headers['X-Request-Id']}")
    assert ("queue.pause", "denied") in [(entry["operation"], entry["result"]) for entry in found]
    assert {entry["actor_name"] for entry in found} == {world.guest.principal.name}


def test_a_histogram_counts_what_the_search_finds(world: World, event: AuditEvent) -> None:
    world.event("tag.create")
    path = of_project(world, path="/audit-events/histogram")
    buckets = told(world.admin, path)
    assert 1 <= len(buckets) <= 60
    assert sum(bucket["n"] for bucket in buckets) == 2
    edges = [(bucket["start"], bucket["end"]) for bucket in buckets]
    assert all(end == following for (_, end), (following, _) in pairwise(edges))
    narrower = told(world.admin, of_project(world, "operation=tag.create", path="/audit-events/histogram"))
    assert sum(bucket["n"] for bucket in narrower) == 1
    assert sum(bucket["n"] for bucket in told(world.guest, path)) == 0


def test_a_histogram_of_the_whole_calendar_ends_where_entries_do(world: World, event: AuditEvent) -> None:
    for span in ("1970-01-01~9999-12-31", "0001-01-01~", "~9999-12-31"):
        path = of_project(world, f"op_time=[{span}]", path="/audit-events/histogram")
        assert sum(bucket["n"] for bucket in told(world.admin, path)) == 1


def test_days_of_a_histogram_are_those_of_a_time_zone(world: World, event: AuditEvent) -> None:
    month = "op_time=[2026-01-01~2026-02-10]"
    path = of_project(world, month, path="/audit-events/histogram")
    utc, berlin = told(world.admin, path), told(world.admin, f"{path}&time_zone=Europe/Berlin")
    assert utc[1]["start"].endswith("T00:00:00Z")
    assert berlin[1]["start"].endswith("T23:00:00Z")
    assert world.admin.refused("GET", f"{path}&time_zone=Mars/Olympus")[0] == 400


def test_pulls_stand_among_the_events(world: World, event: AuditEvent, pulled: Any) -> None:
    first, second = told(world.admin, of_project(world, path="/audit-events"))
    assert first["stream"] == "pulls"
    assert (first["operation"], first["detail"]["n"]) == ("artifact.pull", 3)
    assert second["id"] == event.pk
    assert ids(world.admin, of_project(world, "resource_type=artifact,operation=pull")) == [first["id"]]
    (harbors,) = told(world.admin, of_project(world, "stream=pulls"))
    assert harbors["operation_description"] == f"Pull an artifact: {world.project.name}/app:1.0 (3 times)"
    assert world.admin.get(f"/audit-events/{first['id']}").json()["detail"]["tag"] == "1.0"


@pytest.fixture
def pulled(world: World, event: AuditEvent) -> None:
    """Three pulls that are alike, as the shipper writes them."""
    from audit.models import Agent, Pull
    from database import sql

    agent = Agent.objects.create(agent=unique("docker"))
    Pull.objects.create(
        id=sql.value("SELECT nextval('audit_event_id_seq')"),
        ts=sql.value("SELECT clock_timestamp()"),
        repository_id=1,
        project_id=world.project.pk,
        actor_id=1,
        agent_id=agent.pk,
        n=3,
        actor_kind="user",
        actor_name="ann",
        repository=f"{world.project.name}/app",
        tag="1.0",
        digest=b"\1" * 32,
        ip="203.0.113.1",
    )
