"""/projects/{p}/metadatas, the summary of a project and the statistics."""

from __future__ import annotations

from typing import Any

import pytest
from harborapi.models import ProjectMetadata, ProjectSummary, Statistic

from access.table import Role
from accounts.services.groups import create_group
from audit.models import AuditEvent
from projects.models import Project
from projects.services.members import add_member
from projects.services.projects import set_quota
from tests import images, people
from tests.people import SYSTEM, unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.shelf import shelf


def path(world: World, rest: str = "") -> str:
    return f"/projects/{world.project.name}/metadatas{rest}"


def is_public(world: World) -> bool:
    return bool(Project.objects.values_list("public", flat=True).get(pk=world.project.pk))


def test_metadata_is_read_whole_and_one_by_one(world: World) -> None:
    told = world.maintainer.get(path(world)).json()
    assert told == {"public": "false", "pull_log": "coalesced"}
    assert ProjectMetadata.model_validate(told).public == "false"
    assert world.maintainer.get(path(world, "/")).json() == told, "Harbor's own path ends with a slash"
    assert world.maintainer.get(path(world, "/public")).json() == {"public": "false"}


def test_the_log_of_pulls_is_chosen_by_metadata(world: World) -> None:
    admin = world.project_admin
    assert admin.call("PUT", path(world, "/pull_log"), json={"pull_log": "off"}).status_code == 200
    assert world.guest.get(path(world, "/pull_log")).status_code == 403
    assert admin.get(path(world, "/pull_log")).json() == {"pull_log": "off"}
    refused = admin.call("PUT", path(world, "/pull_log"), json={"pull_log": "true"})
    assert (refused.status_code, "all, coalesced, off" in refused.text) == (400, True)
    assert admin.call("DELETE", path(world, "/pull_log")).status_code == 200
    assert admin.get(path(world, "/pull_log")).json() == {"pull_log": "coalesced"}


def test_a_project_is_made_public_and_back_by_its_metadata_and_it_is_recorded(world: World) -> None:
    admin = world.project_admin
    assert admin.call("POST", path(world), json={"public": "true"}).status_code == 200
    assert is_public(world)
    assert admin.call("PUT", path(world, "/public"), json={"public": "False"}).status_code == 200
    assert not is_public(world)
    assert admin.call("PUT", path(world, "/public"), json={"public": "true"}).status_code == 200
    assert admin.call("DELETE", path(world, "/public")).status_code == 200
    assert not is_public(world)
    events = AuditEvent.objects.filter(operation="project.update", project_id=world.project.pk, result="ok")
    assert [event.permission for event in events.order_by("id")] == [
        "metadata:create",
        "metadata:update",
        "metadata:update",
        "metadata:delete",
    ]


@pytest.mark.parametrize(
    ("method", "rest", "body", "status"),
    [
        ("POST", "", {}, 400),
        ("POST", "", {"auto_scan": "true"}, 400),
        ("POST", "", {"public": "true", "auth_epoch": "true"}, 400),
        ("POST", "", {"public": True}, 400),
        ("POST", "", {"public": "yes"}, 400),
        ("POST", "", {"public": "x" * 10_000}, 400),
        ("POST", "", {"x" * 10_000: "true"}, 400),
        ("PUT", "/public", {"name": "true"}, 400),
        ("PUT", "/public", {"public": None}, 400),
        ("PUT", "/deleted_at", {"deleted_at": "true"}, 400),
        ("PUT", "/sparse_indexes", {"sparse_indexes": "false"}, 400),
        ("GET", "/deleted_at", None, 404),
        ("DELETE", "/deleted_at", None, 404),
        ("DELETE", "/" + "x" * 10_000, None, 404),
        ("GET", "/a%25b", None, 404),
        ("GET", "/a%00b", None, 404),
    ],
)
def test_what_nothing_acts_on_is_refused(
    world: World, method: str, rest: str, body: Any, status: int
) -> None:
    assert world.admin.refused(method, path(world, rest), json=body)[0] == status
    assert not is_public(world)


def test_the_summary_counts_for_each_caller_what_he_may_know(world: World) -> None:
    shelf(world.project, "app", images.image(), "1")
    add_member(SYSTEM, world.project, create_group(SYSTEM, unique("group")), Role.DEVELOPER)
    set_quota(SYSTEM, world.project, 2**30)
    asked = f"/projects/{world.project.name}/summary"
    everybody = [world.caller(kind) for kind in ("guest", "limited_guest", "developer", "admin", "auditor")]
    told = everybody[0].get(asked).json()
    shown = ProjectSummary.model_validate(told)
    assert (shown.repo_count, shown.guest_count, shown.limited_guest_count) == (1, 1, 1)
    assert (shown.developer_count, shown.maintainer_count, shown.project_admin_count) == (2, 0, 0)
    assert told["quota"]["hard"] == {"storage": 2**30}
    assert told["quota"]["used"]["storage"] > 0
    assert [caller.get(asked).json() for caller in (everybody[3], everybody[4])] == [told, told]
    limited = world.limited_guest.get(asked).json()
    assert limited == {"repo_count": 1, "quota": told["quota"]}


def test_of_a_public_project_everybody_sees_the_number_of_repositories_and_no_more(world: World) -> None:
    shown = people.make_project(public=True)
    shelf(shown, "app", images.image(), "1")
    for kind in ("anonymous", "outsider"):
        assert world.caller(kind).get(f"/projects/{shown.name}/summary").json() == {"repo_count": 1}


def test_the_statistics_are_of_what_the_caller_sees_and_of_everything_for_administrators(
    world: World,
) -> None:
    def told(kind: str) -> dict[str, int]:
        answer: dict[str, int] = world.caller(kind).get("/statistics").json()
        return answer

    kinds = ("guest", "outsider", "admin")
    before = {kind: told(kind) for kind in kinds}
    shelf(world.project, "app", images.image(), "1")
    shelf(people.make_project(public=True), "app", images.image(), "1")
    people.make_project()
    after = {kind: told(kind) for kind in kinds}
    rise = {kind: {key: after[kind][key] - before[kind][key] for key in after[kind]} for kind in kinds}
    assert rise["guest"] == {
        "public_project_count": 1,
        "private_project_count": 0,
        "public_repo_count": 1,
        "private_repo_count": 1,
    }
    assert rise["outsider"] == rise["guest"] | {"private_repo_count": 0}
    assert after["outsider"]["private_project_count"] == 0
    assert after["guest"]["private_project_count"] == 1
    assert rise["admin"].pop("total_storage_consumption") > 0
    assert rise["admin"] == rise["guest"] | {
        "private_project_count": 1,
        "total_project_count": 2,
        "total_repo_count": 2,
    }
    assert Statistic.model_validate(after["admin"]).total_project_count is not None
