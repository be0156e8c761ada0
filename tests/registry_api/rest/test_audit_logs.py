"""The audit log in Harbor's two shapes: its fields and words, who sees what, filters, and pages without end."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from audit.operations import harbor_event_types
from audit.purge import HARBOR_KINDS, PULL_KIND
from audit.reading import places, search
from tests import people
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.test_lists import links

LEGACY = {"id", "username", "resource", "resource_type", "operation", "op_time"}
EXTENDED = LEGACY | {"operation_description", "operation_result"}
SHAPES = {"/audit-logs": LEGACY, "/auditlog-exts": EXTENDED}


def told(caller: Caller, path: str) -> list[dict[str, Any]]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()
    return entries


def ids(caller: Caller, path: str) -> list[int]:
    return [entry["id"] for entry in told(caller, path)]


def of_project(world: World, q: str = "", *, path: str = "/auditlog-exts", more: str = "") -> str:
    """The list of what `world.event` has made in the world's project: nobody else writes there."""
    terms = f"project_id={world.project.pk},resource_prefix={world.project.name}/" + (f",{q}" if q else "")
    return f"{path}?q={quote(terms)}{more}"


@pytest.fixture
def five(world: World) -> list[int]:
    """Ids of five events of the project, oldest first."""
    return [world.event().pk for _ in range(5)]


@pytest.mark.parametrize(("path", "fields"), SHAPES.items())
def test_an_entry_has_harbors_fields_and_words(world: World, path: str, fields: set[str]) -> None:
    event = world.event("artifact.push", world.developer.principal)
    (entry,) = told(world.admin, of_project(world, path=path))
    assert set(entry) == fields
    assert (entry["id"], entry["username"]) == (event.pk, world.developer.principal.name)
    assert (entry["resource"], entry["op_time"][-1]) == (event.resource_name, "Z")
    assert (entry["resource_type"], entry["operation"]) == ("artifact", "create")


def test_what_was_refused_is_a_result_of_false(world: World) -> None:
    done = world.event("member.create")
    status, _ = world.guest.refused("PUT", "/jobservice/queues/maintenance", json={"action": "pause"})
    assert status == 403
    q = quote(f"username={world.guest.principal.name}")
    (entry,) = told(world.admin, f"/auditlog-exts?q={q},operation_result=false")
    assert (entry["resource_type"], entry["operation"], entry["operation_result"]) == (
        "queue",
        "pause",
        False,
    )
    assert entry["operation_description"].startswith("Pause a queue of jobs")
    assert entry["id"] not in ids(world.admin, f"/auditlog-exts?q={q},operation_result=true")
    (made,) = told(world.admin, of_project(world, "operation_result=true,resource_type=member"))
    description = f"Add a member to a project: {done.resource_name}"
    assert (made["id"], made["operation_description"]) == (done.pk, description)


def test_everybody_sees_his_part(world: World) -> None:
    own, other = world.event(by=world.developer.principal).pk, world.event().pk
    elsewhere = World(world.http, people.make_project()).event().pk
    expected = {
        "admin": {own, other, elsewhere},
        "auditor": {own, other, elsewhere},
        "project_admin": {own, other},
        "developer": {own},
        "guest": set(),
        "outsider": set(),
        "project_robot": {own, other},
        "operator_robot": {own, other, elsewhere},
    }
    for kind, visible in expected.items():
        for path in SHAPES:
            seen = set(ids(world.caller(kind), f"{path}?page_size=100"))
            assert seen & {own, other, elsewhere} == visible, (kind, path)


@pytest.mark.parametrize("suffix", ["logs", "auditlog-exts"])
def test_a_project_has_a_log_by_name_and_by_id(world: World, five: list[int], suffix: str) -> None:
    for given in (world.project.name, str(world.project.pk)):
        made, *events = ids(world.project_admin, f"/projects/{given}/{suffix}?sort=op_time")
        assert events == five
        assert made < five[0]  # that of the project itself
    for given in ("no-such-project", str(10**17), "9" * 40, "²"):
        assert world.project_admin.refused("GET", f"/projects/{given}/{suffix}")[0] == 404


def test_digits_are_an_id_unless_the_client_means_a_name(world: World) -> None:
    named = people.make_project(name=str(world.project.pk))
    own = World(world.http, named)
    event = own.event().pk
    path = f"/projects/{world.project.pk}/logs"
    assert ids(own.project_admin, f"/projects/{named.pk}/logs")[0] == event
    answer = own.project_admin.get(path, headers={"X-Is-Resource-Name": "true"})
    assert answer.json()[0]["id"] == event
    assert own.project_admin.refused("GET", path)[0] == 404


def test_an_id_does_not_tell_the_name_of_a_hidden_project(world: World) -> None:
    status, message = world.outsider.refused("GET", f"/projects/{world.project.pk}/logs")
    assert (status, message) == (404, f"no project '{world.project.pk}'")
    assert world.outsider.refused("GET", f"/projects/{10**17}/logs") == (404, f"no project '{10**17}'")


def test_kinds_of_events_are_told_and_are_what_a_purge_takes(world: World) -> None:
    kinds = [entry["event_type"] for entry in told(world.guest, "/auditlog-exts/events")]
    assert kinds == list(harbor_event_types())
    assert set(kinds) >= HARBOR_KINDS | {PULL_KIND}


def test_links_lead_from_page_to_page_whatever_is_written_meanwhile(world: World, five: list[int]) -> None:
    path, seen, relations = of_project(world, more="&page_size=2"), [], []
    while path:
        answer = world.admin.get(path)
        seen += [entry["id"] for entry in answer.json()]
        found = links(answer.headers["Link"])
        relations.append(sorted(found))
        path = found.get("next", "")
        if len(seen) == 2:
            assert answer.headers["X-Total-Count"] == "5"
            world.event()
    assert seen == five[::-1]
    assert relations == [["first", "last", "next"], ["first", "next"], ["first"]]


def test_pages_have_numbers_as_well(world: World, five: list[int]) -> None:
    for number, expected in ((1, five[:2]), (2, five[2:4]), (3, five[4:]), (4, []), (999_999, [])):
        answer = world.admin.get(of_project(world, more=f"&page_size=2&sort=op_time&page={number}"))
        assert [entry["id"] for entry in answer.json()] == expected
    second = links(world.admin.get(of_project(world, more="&page_size=2&page=2")).headers["Link"])
    assert sorted(second) == ["first", "last", "next", "prev"]
    assert ids(world.admin, second["prev"]) == five[:2:-1]
    assert ids(world.admin, second["last"]) == five[:1]


@pytest.mark.parametrize("path", [*SHAPES, "/audit-events", "/audit-events/histogram", "/audit-events/1"])
def test_one_caller_searches_twice_at_once_and_is_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(places, "WAIT", 0.01)
    actor = world.guest.principal
    with places.PLACES.one(actor), places.PLACES.one(actor):
        answer = world.guest.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert world.developer.get("/audit-logs").status_code == 200
    assert world.guest.get(path).status_code in (200, 404)


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> int:
    """Counting ends early, as it does with ten thousand."""
    from registry_api.rest import audit_pages

    counting = search.count
    monkeypatch.setattr(search, "count", lambda scope, wanted: counting(scope, wanted, 3))
    monkeypatch.setattr(audit_pages, "BOUND", 3)
    return 3


def test_beyond_what_is_counted_the_links_go_on_and_numbers_do_not(
    world: World, five: list[int], bound: int
) -> None:
    first = world.admin.get(of_project(world, more="&page_size=2"))
    assert (first.headers["X-Total-Count"], first.headers["X-Total-Count-Exceeded"]) == (str(bound), "true")
    assert sorted(links(first.headers["Link"])) == ["first", "next"]
    status, message = world.admin.refused("GET", of_project(world, more="&page_size=3&page=2"))
    assert status == 400
    assert 'rel="next"' in message
    second = world.admin.get(links(first.headers["Link"])["next"])
    third = world.admin.get(links(second.headers["Link"])["next"])
    seen = [entry["id"] for answer in (first, second, third) for entry in answer.json()]
    assert seen == five[::-1]
    assert "X-Total-Count" not in second.headers  # counted once, for the first page
    assert "next" not in links(third.headers["Link"])
