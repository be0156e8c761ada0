"""What a repository is and what a project is for: read by who sees them, written by who may, nobody's words lost."""

from __future__ import annotations

from typing import Any

import pytest

from access.models import Member
from access.table import Role
from artifacts.models import Repository
from audit.models import AuditEvent
from projects.models import Project
from tests.frontend.shelf import rows
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project

README = "# Runs it\n\nThe *first* words.\n\n<script>alert(1)</script>"


@pytest.fixture
def project(ann: Visitor) -> Any:
    """Ann is a developer."""
    project = make_project("about")
    Member.objects.create(project=project, user=ann.user, role_id=Role.DEVELOPER)
    return project


@pytest.fixture
def place(project: Any) -> str:
    return rows(project)


def change_role(visitor: Visitor, project: Any, role: Role) -> None:
    Member.objects.filter(project=project, user=visitor.user).update(role_id=role)


def test_a_readme_is_written_looked_at_saved_and_read(ann: Visitor, place: str):
    edit = f"/r/{place}/-/about/edit"
    assert f'href="{edit}"' in ann.get(f"/r/{place}/-/about").text
    looked_at = ann.send(edit, {"text": README, "preview": "1"})
    assert looked_at.status_code == 200
    assert "<h3>Runs it</h3>" in looked_at.text
    assert Repository.objects.get(name=place).description == ""
    typed = {
        name: value for name, value in Page(looked_at.text).form(edit).fields.items() if name != "preview"
    }
    saved = ann.http.post(
        edit, data={**typed, "text": README.replace("\n", "\r\n")}, headers={"Origin": str(ann.http.base_url)}
    )
    assert (saved.status_code, saved.headers["Location"]) == (303, f"/r/{place}/-/about?done=saved")
    assert Repository.objects.get(name=place).description == README
    shown = ann.get(f"/r/{place}/-/about").text
    assert "<em>first</em>" in shown
    assert "alert(1)" not in shown
    assert "The first words." in ann.page(f"/r/{place}").text
    assert AuditEvent.objects.filter(operation="repository.update", resource_name=place).count() == 1


def test_who_may_not_write_it_reads_it_and_is_told_who_may(ann: Visitor, project: Any, place: str):
    change_role(ann, project, Role.GUEST)
    page = ann.page(f"/r/{place}/-/about")
    assert "needs the role Developer" in page.text
    assert f"/r/{place}/-/about/edit" not in page.links
    assert ann.get(f"/r/{place}/-/about/edit").status_code == 403


def test_everybody_reads_the_readme_of_a_public_repository(visitor: Visitor):
    place = rows(make_project("open", public=True))
    Repository.objects.filter(name=place).update(description=README)
    assert f"/r/{place}/-/about" in visitor.page(f"/r/{place}").links
    assert "<em>first</em>" in visitor.get(f"/r/{place}/-/about").text


def test_what_is_hidden_is_not_there(ann: Visitor, place: str):
    ann.sign_out()
    for path in (
        f"/r/{place}/-/about",
        f"/r/{place}/-/about/edit",
        f"/p/{place.partition('/')[0]}/-/about/edit",
    ):
        assert ann.get(path).status_code in (303, 404), path
    assert f"/r/{place}" not in Page(ann.get(f"/r/{place}/-/about").text).links


def test_a_text_that_somebody_saved_meanwhile_is_not_overwritten_unseen(ann: Visitor, place: str):
    edit = f"/r/{place}/-/about/edit"
    begun = ann.page(edit).form(edit).fields
    Repository.objects.filter(name=place).update(description="theirs")
    origin = {"Origin": str(ann.http.base_url)}
    sent = ann.http.post(edit, data={**begun, "text": "mine"} | {"preview": ""}, headers=origin)
    assert sent.status_code == 409
    assert "theirs" in sent.text
    assert "mine" in sent.text
    assert Repository.objects.get(name=place).description == "theirs"


def test_too_long_a_text_stays_in_the_form(ann: Visitor, place: str):
    edit = f"/r/{place}/-/about/edit"
    fields = ann.page(edit).form(edit).fields
    fields.pop("preview")
    sent = ann.http.post(
        edit, data={**fields, "text": "a" * 65_537}, headers={"Origin": str(ann.http.base_url)}
    )
    assert sent.status_code == 422
    assert "a" * 65_537 in sent.text


def test_a_project_says_what_it_is_for(ann: Visitor, project: Any):
    overview, edit = f"/p/{project.name}/", f"/p/{project.name}/-/about/edit"
    assert edit not in ann.page(overview).links
    assert ann.get(edit).status_code == 403
    change_role(ann, project, Role.PROJECT_ADMIN)
    assert edit in ann.page(overview).links
    fields = ann.page(edit).form(edit).fields
    fields.pop("preview")
    ann.http.post(edit, data={**fields, "text": README}, headers={"Origin": str(ann.http.base_url)})
    assert Project.objects.get(pk=project.pk).description == README
    assert "<em>first</em>" in ann.get(overview).text
    event = AuditEvent.objects.filter(project_id=project.pk, operation="project.update").get()
    assert set(event.detail["after"]) == {"description"}
