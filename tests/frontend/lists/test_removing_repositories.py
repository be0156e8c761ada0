"""Deleting several repositories: what goes is seen and the project's name typed before anything does."""

from __future__ import annotations

from typing import Any

import pytest

from access.models import Member
from access.table import Role
from artifacts import tags as services
from artifacts.models import Repository
from artifacts.places import target
from core.oci.reference import Tag
from projects.models import Project
from tests.frontend.shelf import rows
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project
from tests.registry_api.client import HOST


@pytest.fixture
def project(ann: Visitor) -> Project:
    """Repositories "r001" to "r004" with three tags each. Ann is a maintainer."""
    made = make_project("emptied")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    rows(made, repositories=4, tags=3)
    return made


def send(visitor: Visitor, project: Project, **sent: Any) -> Any:
    sent["csrfmiddlewaretoken"] = visitor.token
    path = f"/p/{project.name}/repos/delete"
    return visitor.http.post(path, data=sent, headers={"Origin": f"http://{HOST}"})


def left(project: Project) -> list[str]:
    found = Repository.objects.filter(project=project, deleted_at__isnull=True).order_by("name")
    return [name.partition("/")[2] for name in found.values_list("name", flat=True)]


def test_the_selected_go_once_the_name_of_the_project_is_typed(ann: Visitor, project: Project) -> None:
    wanted = [f"{project.name}/r001", f"{project.name}/r003"]
    page = Page(send(ann, project, selected=wanted).text)
    assert "Delete 2 repositories?" in page.text
    assert "6 tags and 6 artifacts" in page.text
    refused = send(ann, project, confirmed=wanted, typed="another")
    assert (refused.status_code, "not the name of the project" in refused.text) == (422, True)
    assert len(left(project)) == 4
    assert send(ann, project, confirmed=wanted, typed=project.name).status_code == 303
    assert left(project) == ["r002", "r004"]


def test_one_that_holds_an_immutable_tag_is_said_to_stay_and_stays(ann: Visitor, project: Project) -> None:
    held = target(f"{project.name}/r001")
    services.set_immutable(SYSTEM, held, Tag.parse("v0002"), immutable=True)
    wanted = [f"{project.name}/r001", f"{project.name}/r002"]
    page = Page(send(ann, project, selected=wanted).text)
    assert "1 repository stays" in page.text
    assert "v0002" in page.text
    assert "Delete 1 repository?" in page.text
    assert send(ann, project, confirmed=wanted, typed=project.name).status_code == 303
    assert "r001" in left(project)
    assert "r002" not in left(project)


def test_those_of_another_project_are_not_reached(ann: Visitor, project: Project) -> None:
    other = make_project("emptied-not")
    name = rows(other, tags=1)
    assert "There is nothing to delete." in Page(send(ann, project, selected=[name]).text).text
    assert send(ann, project, confirmed=[name], typed=project.name).status_code == 303
    assert left(other) == ["r001"]
    assert send(ann, other, selected=[name]).status_code == 404


def test_who_may_not_delete_is_offered_nothing_and_refused(ann: Visitor, project: Project) -> None:
    assert f"/p/{project.name}/repos/delete" in [
        form.action for form in ann.page(f"/p/{project.name}/repos").forms
    ]
    Member.objects.filter(user=ann.user, project=project).update(role_id=Role.DEVELOPER)
    assert "repos/delete" not in ann.get(f"/p/{project.name}/repos").text
    assert send(ann, project, selected=[f"{project.name}/r001"]).status_code == 403
