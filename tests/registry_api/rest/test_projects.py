"""/projects: Harbor's list, making, changing and removing one, and whether it can be removed."""

from __future__ import annotations

from typing import Any

import pytest
from harborapi.models import Project as HarborProject

from access.allowances import Allowance, Place
from access.models import Member
from access.table import P, Role
from accounts.services.groups import add_to_group, create_group
from audit.models import AuditEvent
from projects.models import Project, Quota
from projects.services.members import add_member
from tests import images, keys, people
from tests.people import SYSTEM, unique
from tests.registry_api.client import basic
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.shelf import shelf

GIB = 2**30


def path(world: World, rest: str = "") -> str:
    return f"/projects/{world.project.name}{rest}"


def make(caller: Caller, **body: Any) -> str:
    answer = caller.call("POST", "/projects", json={"project_name": unique("made")} | body)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    return location


def test_a_project_lies_where_its_location_says(world: World) -> None:
    name = unique("made")
    told = world.admin.get(make(world.admin, project_name=name, metadata={"public": "true"})).json()
    shown = HarborProject.model_validate(told)
    assert (shown.name, shown.repo_count, shown.deleted) == (name, 0, False)
    assert shown.metadata is not None
    assert shown.metadata.public == "true"
    assert shown.owner_name == world.admin.principal.name
    assert (shown.current_user_role_id, shown.current_user_role_ids) == (1, [1])
    assert shown.creation_time is not None


def test_the_location_has_the_name_for_who_asks_for_it(world: World) -> None:
    name = unique("made")
    headers = {"X-Resource-Name-In-Location": "true"}
    answer = world.admin.call("POST", "/projects", json={"project_name": name}, headers=headers)
    assert answer.headers["Location"] == f"/api/v2.0/projects/{name}"
    assert world.admin.get(answer.headers["Location"]).json()["metadata"] == {"public": "false"}


def test_the_older_way_to_make_a_project_public_is_understood(world: World) -> None:
    assert world.anonymous.get(make(world.admin, public=True)).json()["metadata"] == {"public": "true"}
    both = make(world.admin, public=True, metadata={"public": "false"})
    assert world.admin.get(both).json()["metadata"] == {"public": "false"}


def test_the_quota_is_what_an_administrator_gives_else_what_the_setting_says(world: World) -> None:
    for body, limit in (({"storage_limit": GIB}, GIB), ({"storage_limit": 0}, -1), ({}, -1)):
        number = make(world.admin, **body).rpartition("/")[2]
        assert Quota.objects.get(pk=int(number)).hard_limit == limit, body


def test_who_may_set_no_quota_asks_for_the_usual_one_and_no_other(world: World) -> None:
    """A robot that makes projects: Terraform's provider and harbor-cli always name a limit."""
    key = keys.robot(Allowance(Place.SYSTEM, frozenset({P.PROJECT_CREATE})))
    robot = Caller(world.http, basic(key.username, key.secret), key.principal)
    make(robot, storage_limit=-1)
    body = {"project_name": unique("made"), "storage_limit": GIB}
    assert robot.refused("POST", "/projects", json=body)[0] == 403
    assert not Project.objects.filter(name=body["project_name"]).exists()


def test_a_taken_name_is_a_conflict(world: World) -> None:
    status, message = world.admin.refused("POST", "/projects", json={"project_name": world.project.name})
    assert (status, world.project.name in message) == (409, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"project_name": ""},
        {"project_name": None},
        {"project_name": "Upper"},
        {"project_name": "a/b"},
        {"project_name": "a%b"},
        {"project_name": "_"},
        {"project_name": "a\0b"},
        {"project_name": "x" * 10_000},
        {"metadata": {"public": "yes"}},
        {"metadata": {"public": True}},
        {"metadata": "public"},
        {"public": "perhaps"},
        {"storage_limit": -2},
        {"storage_limit": 2**63},
        {"storage_limit": "all"},
        {"registry_id": 4},
        {"metadata": {"prevent_vul": "true"}},
        {"metadata": {"enable_content_trust": "TRUE"}},
    ],
)
def test_a_malformed_project_is_not_made(world: World, wrong: dict[str, Any]) -> None:
    before = Project.objects.count()
    assert world.admin.refused("POST", "/projects", json={"project_name": unique("made")} | wrong)[0] == 400
    assert Project.objects.count() == before


def test_what_harbors_clients_send_beside_it_is_not_looked_at(world: World) -> None:
    """As Terraform's provider sends a project; and a mass assignment of what is nobody's to set."""
    metadata = {"auto_scan": "true", "severity": "low", "prevent_vul": "false", "public": "false"}
    more = {"metadata": metadata, "registry_id": 0, "cve_allowlist": {}, "owner_id": 7, "project_id": 1}
    told = world.admin.get(make(world.admin, **more)).json()
    assert told["owner_name"] == world.admin.principal.name
    assert told["project_id"] != 1


def test_everybody_lists_the_projects_he_may_see(world: World) -> None:
    public, other = people.make_project(public=True), people.make_project()
    seen = {
        "guest": {world.project, public},
        "outsider": {public},
        "anonymous": {public},
        "admin": {world.project, public, other},
        "pull_robot": {public},
        "project_robot": {world.project, public},
    }
    for kind, expected in seen.items():
        for project in (world.project, public, other):
            found = names(world.caller(kind), f"?q=name={project.name}")
            assert found == ([project.name] if project in expected else []), kind


def names(caller: Caller, query: str) -> list[str]:
    answer = caller.get(f"/projects{query}")
    assert answer.status_code == 200, answer.text
    return [entry["name"] for entry in answer.json()]


def test_the_list_is_filtered_and_sorted_as_harbors(world: World) -> None:
    owner = people.make_user("owner", is_admin=True)
    mark = unique("mark")
    first, second = (people.make_project(name=f"{mark}-{n}", public=n == "b") for n in "ab")
    Project.objects.filter(pk=first.pk).update(owner=owner)
    shelf(second, "app", images.image(), "1")
    assert names(world.admin, f"?name={mark.upper()}") == [first.name, second.name]
    assert names(world.admin, f"?name={mark}&public=true") == [second.name]
    assert names(world.admin, f"?name={mark}&public=0") == [first.name]
    assert names(world.admin, f"?owner={owner.username}") == [first.name]
    assert names(world.admin, f"?q=name=~{mark},public=false") == [first.name]
    assert names(world.admin, f"?q=owner_name={owner.username}") == [first.name]
    assert names(world.admin, f"?name={mark}&sort=-repo_count") == [second.name, first.name]
    assert names(world.admin, f"?name={mark}&sort=-creation_time&with_detail=false") == [
        second.name,
        first.name,
    ]
    answer = world.admin.get(f"/projects?name={mark}&page_size=1&page=2")
    assert answer.headers["X-Total-Count"] == "2"
    assert [(entry["name"], entry["repo_count"]) for entry in answer.json()] == [(second.name, 1)]
    for text in ("%25", "%00", "_" * 10_000, "a%00b"):
        assert names(world.admin, f"?name={text}&owner={text}") == []


@pytest.mark.parametrize(
    "query", ["public=maybe", "q=password=~a", "q=owner__password=~a", "sort=auth_epoch", "page_size=101"]
)
def test_a_malformed_list_is_refused(world: World, query: str) -> None:
    assert world.admin.refused("GET", f"/projects?{query}")[0] == 400


def test_an_entry_shows_the_roles_of_the_caller_his_own_and_his_groups(world: World) -> None:
    caller = world.developer
    group = create_group(SYSTEM, unique("group"))
    add_member(SYSTEM, world.project, group, Role.MAINTAINER)
    user = Member.objects.get(project=world.project, role_id=Role.DEVELOPER).user
    assert user is not None
    add_to_group(SYSTEM, group, user)
    (listed,) = caller.get(f"/projects?q=name={world.project.name}").json()
    assert (listed["current_user_role_id"], listed["current_user_role_ids"]) == (4, [2, 4])
    assert listed == caller.get(path(world)).json()


def test_a_project_is_found_by_id_and_by_name_and_a_name_of_digits_by_the_header(world: World) -> None:
    assert world.guest.get(f"/projects/{world.project.pk}").json()["name"] == world.project.name
    digits = str(10**14 + world.project.pk)
    people.make_project(name=digits, public=True)
    assert world.guest.refused("GET", f"/projects/{digits}")[0] == 404
    headers = {"X-Is-Resource-Name": "true"}
    assert world.guest.get(f"/projects/{digits}", headers=headers).json()["name"] == digits


def test_head_tells_whether_there_is_a_project(world: World) -> None:
    def head(caller: Caller, name: str) -> int:
        status: int = caller.call("HEAD", "/projects", params={"project_name": name}).status_code
        return status

    assert head(world.guest, world.project.name) == 200
    assert head(world.outsider, world.project.name) == head(world.outsider, unique("none")) == 404
    assert head(world.anonymous, world.project.name) == 401
    assert head(world.guest, "") == head(world.guest, "Not a name") == head(world.guest, "a\0") == 400


def test_a_project_is_made_public_and_private_and_nothing_else_of_it_changes(world: World) -> None:
    body = {"metadata": {"public": "true"}, "project_name": "renamed", "owner_id": 1, "storage_limit": 5}
    assert world.project_admin.call("PUT", path(world), json=body).status_code == 200
    assert world.outsider.get(path(world)).json()["metadata"] == {"public": "true"}
    row = Project.objects.get(pk=world.project.pk)
    assert (row.name, row.owner_id, row.quota.hard_limit) == (world.project.name, None, -1)
    same: list[dict[str, Any]] = [{}, {"metadata": None}, {"metadata": {}}]
    for unchanged in same:
        assert world.project_admin.call("PUT", path(world), json=unchanged).status_code == 200
    assert Project.objects.get(pk=world.project.pk).public
    events = AuditEvent.objects.filter(operation="project.update", project_id=world.project.pk)
    assert [event.detail for event in events] == [{"before": {"public": False}, "after": {"public": True}}]
    refused = world.project_admin.refused("PUT", path(world), json={"metadata": {"prevent_vul": "true"}})
    assert refused[0] == 400


def test_only_an_empty_project_is_deleted(world: World) -> None:
    assert world.project_admin.get(path(world, "/_deletable")).json() == {"deletable": True, "message": ""}
    shelf(world.project, "app", images.image(), "1")
    told = world.project_admin.get(path(world, "/_deletable")).json()
    assert told == {
        "deletable": False,
        "message": "the project holds 1 repository: delete them first",
    }
    assert world.project_admin.refused("DELETE", path(world))[0] == 412
    assert world.project_admin.call("DELETE", path(world, "/repositories/app")).status_code == 200
    assert world.project_admin.call("DELETE", path(world)).status_code == 200
    for method, rest in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/summary"), ("GET", "/members")):
        status, message = world.admin.refused(method, path(world, rest), json={})
        assert (status, message) == (404, f"no project '{world.project.name}'")


def test_a_hidden_project_and_none_at_all_are_told_apart_by_nobody(world: World) -> None:
    for rest in ("", "/summary", "/_deletable", "/members", "/members/1", "/metadatas", "/metadatas/public"):
        hidden = world.outsider.refused("GET", path(world, rest))
        none = world.outsider.refused("GET", f"/projects/no-{world.project.name}{rest}")
        assert hidden == (404, none[1].replace("no-", "", 1)), rest
        by_id = world.outsider.refused("GET", f"/projects/{world.project.pk}{rest}")
        assert by_id == (404, f"no project '{world.project.pk}'")
        assert world.anonymous.refused("GET", path(world, rest)) == (401, "authentication required")
