"""Harbor's Go client against a live server: projects, members and quotas, as Harbor's command line asks for them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.clients import Login
from tests.e2e.conftest import Project
from tests.e2e.harbor_client import UNSET, HarborClient, RefusedError
from tests.e2e.registry import Registry
from tests.images import image

NUMBERS = count(1)
ROLES = {"project admin": 1, "developer": 2, "guest": 3, "maintainer": 4, "limited guest": 5}
LIST = {**UNSET, "Name": ""}


def new_name() -> str:
    return f"go{next(NUMBERS)}-{uuid4().hex[:6]}"


def create(harbor: HarborClient, name: str, *, public: bool = False, limit: int = -1) -> None:
    """As `harbor project create` does: what was not asked for is sent as null, and public twice."""
    wish = {
        "project_name": name,
        "registry_id": None,
        "storage_limit": limit,
        "public": public,
        "metadata": {"public": str(public).lower()},
    }
    assert harbor.answer("Project.CreateProject", Project=wish)["answer"] == "CreateProjectCreated"


@pytest.fixture
def mine(harbor: HarborClient) -> str:
    """A private project made by the client."""
    name = new_name()
    create(harbor, name)
    return name


def get(harbor: HarborClient, name: str, *, by_id: bool = False) -> Any:
    return harbor.call("Project.GetProject", ProjectNameOrID=name, XIsResourceName=not by_id)


def can_push(registry: Registry, repository: str) -> bool:
    registry.forget_tokens()
    return registry.push_blob(repository, uuid4().bytes).status_code == 201


def test_a_project_is_made_listed_read_and_deleted(harbor: HarborClient, admin: Registry) -> None:
    name = new_name()
    create(harbor, name, public=True, limit=1 << 30)
    read = get(harbor, name)
    assert (read["name"], read["metadata"]["public"], read["owner_name"]) == (name, "true", "admin")
    assert get(harbor, str(read["project_id"]), by_id=True)["name"] == name
    listed = harbor.answer("Project.ListProjects", **(LIST | {"Name": name}))["value"]
    assert ([each["name"] for each in listed["Payload"]], listed["XTotalCount"]) == ([name], 1)
    private = harbor.call("Project.ListProjects", **(LIST | {"Name": name, "Public": False}))
    assert private == []
    summary = harbor.call("Project.GetProjectSummary", ProjectNameOrID=name)
    assert summary["quota"]["hard"]["storage"] == 1 << 30
    assert harbor.call("Project.GetProjectDeletable", ProjectNameOrID=name)["deletable"] is True
    harbor.call("Project.DeleteProject", ProjectNameOrID=name, XIsResourceName=True)
    with pytest.raises(RefusedError, match="HeadProjectNotFound"):
        harbor.answer("Project.HeadProject", ProjectName=name)
    assert not can_push(admin, f"{name}/app")


def test_a_second_project_of_a_name_is_a_conflict_in_the_clients_own_words(
    harbor: HarborClient, mine: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        create(harbor, mine)
    assert refused.value.kind == "CreateProjectConflict"
    assert "CONFLICT" in refused.value.said


def test_project_config_makes_a_project_public_and_private_again(
    harbor: HarborClient, mine: str, admin: Registry, registry_of: Callable[..., Registry]
) -> None:
    admin.push(f"{mine}/app", "1", image())
    stranger = registry_of(None)
    for public, status in (("true", 200), ("false", 401)):
        metadata = get(harbor, mine)["metadata"] | {"public": public, "auto_scan": "true", "severity": "low"}
        harbor.call(
            "Project.UpdateProject",
            ProjectNameOrID=mine,
            XIsResourceName=True,
            Project={"metadata": metadata},
        )
        assert get(harbor, mine)["metadata"]["public"] == public
        stranger.forget_tokens()
        assert stranger.get_manifest(f"{mine}/app", "1").status_code == status


def test_project_metadata_are_read_and_written_one_by_one(harbor: HarborClient, mine: str) -> None:
    place = {"ProjectNameOrID": mine, "XIsResourceName": True}
    assert harbor.call("ProjectMetadata.ListProjectMetadatas", **place)["public"] == "false"
    harbor.call(
        "ProjectMetadata.UpdateProjectMetadata", **place, MetaName="public", Metadata={"public": "true"}
    )
    told = harbor.call("ProjectMetadata.GetProjectMetadata", **place, MetaName="public")
    assert told == {"public": "true"}
    assert get(harbor, mine)["metadata"]["public"] == "true"
    harbor.call("ProjectMetadata.DeleteProjectMetadata", **place, MetaName="public")
    harbor.call("ProjectMetadata.AddProjectMetadatas", **place, Metadata={"public": "false"})
    assert get(harbor, mine)["metadata"]["public"] == "false"


def test_forced_deletion_empties_a_project_first(harbor: HarborClient, mine: str, admin: Registry) -> None:
    """Its lists are asked for with zeros: page 0 of size 0."""
    repositories = [f"{mine}/app", f"{mine}/deep/er/app", *(f"{mine}/r{number}" for number in range(10))]
    for repository in repositories:
        admin.push(repository, "1", image())
    with pytest.raises(RefusedError, match="DeleteProjectPreconditionFailed"):
        harbor.call("Project.DeleteProject", ProjectNameOrID=mine, XIsResourceName=True)
    assert harbor.call("Immutable.ListImmuRules", ProjectNameOrID=mine) == []
    found = harbor.call("Repository.ListRepositories", ProjectName=mine, **UNSET)
    assert {each["name"] for each in found} == set(repositories)
    for repository in found:
        harbor.call(
            "Repository.DeleteRepository",
            ProjectName=mine,
            RepositoryName=repository["name"].partition("/")[2],
        )
    harbor.call("Project.DeleteProject", ProjectNameOrID=mine, XIsResourceName=True)
    assert harbor.call("Project.ListProjects", **(LIST | {"Name": mine})) == []


def test_members_are_added_changed_and_removed(
    harbor: HarborClient, mine: str, people: dict[str, Login], registry_of: Callable[..., Registry]
) -> None:
    who = people["outsider"]
    pusher, place = registry_of(who), {"ProjectNameOrID": mine, "XIsResourceName": True}

    def members(name: str = "") -> list[Any]:
        found = harbor.call("Member.ListProjectMembers", **place, Entityname=name, Page=0, PageSize=0)
        assert isinstance(found, list)
        return found

    wish = {"role_id": ROLES["guest"], "member_user": {"username": who.username}}
    harbor.call("Member.CreateProjectMember", **place, ProjectMember=wish)
    [member] = members(who.username)
    assert (member["entity_name"], member["role_name"]) == (who.username, "guest")
    assert not can_push(pusher, f"{mine}/app")
    with pytest.raises(RefusedError, match="CreateProjectMemberConflict"):
        harbor.call("Member.CreateProjectMember", **place, ProjectMember=wish)
    harbor.call("Member.UpdateProjectMember", **place, Mid=member["id"], Role={"role_id": ROLES["developer"]})
    seen = harbor.call("Member.GetProjectMember", **place, Mid=member["id"])
    assert seen["role_id"] == ROLES["developer"]
    assert can_push(pusher, f"{mine}/app")
    harbor.call("Member.DeleteProjectMember", **place, Mid=member["id"])
    assert members(who.username) == []
    assert [each["entity_name"] for each in members()] == ["admin"]
    assert not can_push(pusher, f"{mine}/app")


def test_a_quota_holds_as_soon_as_it_is_set(harbor: HarborClient, project: Project, admin: Registry) -> None:
    number = str(get(harbor, project.name)["project_id"])
    asked = {"Page": 1, "PageSize": 10, "Reference": "project", "ReferenceID": number, "Sort": ""}
    [quota] = harbor.call("Quota.ListQuotas", **asked)
    assert quota["ref"]["name"] == project.name
    big = image({"big": uuid4().bytes * 1000})
    harbor.call("Quota.UpdateQuota", ID=quota["id"], Hard={"hard": {"storage": 10}})
    assert harbor.call("Quota.GetQuota", ID=quota["id"])["hard"]["storage"] == 10
    with pytest.raises(AssertionError, match="DENIED"):
        admin.push(f"{project.name}/app", "1", big)
    harbor.call("Quota.UpdateQuota", ID=quota["id"], Hard={"hard": {"storage": -1}})
    admin.push(f"{project.name}/app", "1", big)
    assert harbor.call("Quota.GetQuota", ID=quota["id"])["used"]["storage"] > 0
    assert number in {
        str(each["ref"]["id"]) for each in harbor.call("Quota.ListQuotas", Sort="-used.storage", PageSize=100)
    }


def test_search_and_logs_of_a_project(harbor: HarborClient, mine: str, admin: Registry) -> None:
    admin.push(f"{mine}/app", "1", image())
    found = harbor.call("Search.Search", Q=mine)
    assert [each["name"] for each in found["project"]] == [mine]
    assert [each["repository_name"] for each in found["repository"]] == [f"{mine}/app"]
    logs = harbor.call("Project.GetLogExts", ProjectName=mine, **UNSET)
    assert {(each["operation"], each["resource_type"]) for each in logs} >= {
        ("create", "project"),
        ("create", "artifact"),
    }
    assert all(each["username"] == "admin" and each["operation_result"] for each in logs)
    older = harbor.call("Project.GetLogs", ProjectName=mine, Q="operation=create", Page=1, PageSize=100)
    assert {each["operation"] for each in older} == {"create"}


def test_refusals_are_told_by_the_clients_own_types(
    harbor: HarborClient, harbor_of: Callable[[Login], HarborClient], project: Project
) -> None:
    with pytest.raises(RefusedError, match=r"status 404.*"):  # a status its document does not have here
        get(harbor, "nothing-like-this")
    with pytest.raises(RefusedError, match="GetProjectUnauthorized"):
        get(harbor_of(Login("admin", "wrong")), project.name)
    with pytest.raises(RefusedError, match="DeleteProjectForbidden"):
        harbor_of(project.guest).call(
            "Project.DeleteProject", ProjectNameOrID=project.name, XIsResourceName=True
        )
    assert get(harbor, project.name)["name"] == project.name
