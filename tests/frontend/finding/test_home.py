"""The front page: what is one's own, what may be seen by everybody, and the parts that come by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.table import Role
from jobs.models import Run, State
from projects.services.projects import set_quota
from tests import images
from tests.frontend.shelf import settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project, make_user, principal, unique
from tests.registry_api.client import PASSWORD

PANELS = ("pushed", "full", "failed")


@pytest.fixture
def root(application: Any) -> Visitor:
    """A browser in which an administrator is signed in."""
    made = Visitor(application)
    made.sign_in(make_user("root", password=PASSWORD, is_admin=True).username, PASSWORD)
    return made


def test_ones_own_projects_stand_there_and_not_those_of_others(ann: Visitor) -> None:
    mine, other = make_project("mine"), make_project("other", public=True)
    Member.objects.create(project=mine, user=ann.user, role_id=Role.DEVELOPER)
    page = ann.page("/")
    assert f"/p/{mine.name}/" in page.links
    assert f"/p/{other.name}/" not in page.links
    assert f"/{mine.name}/alpine" in page.text


def test_nobody_is_told_to_push_where_he_may_not(ann: Visitor) -> None:
    assert "docker push" not in ann.page("/").text
    assert "There is no project yet that you may push to" in ann.page("/").text
    mine = make_project("mine")
    Member.objects.create(project=mine, user=ann.user, role_id=Role.GUEST)
    assert "docker push" not in ann.page("/").text
    Member.objects.filter(project=mine).update(role_id=Role.DEVELOPER)
    assert f"docker push 127.0.0.1:5000/{mine.name}/alpine" in ann.page("/").text


def test_an_auditor_is_told_where_the_audit_log_is_and_of_a_project_what_he_may_see(
    visitor: Visitor,
) -> None:
    where = shelf(make_project("audited"), "app", images.image({"x": unique("x").encode()}), "1")
    settled()
    visitor.sign_in(make_user("auditor", password=PASSWORD, is_auditor=True).username, PASSWORD)
    assert "wharf audit search" in visitor.page("/").text
    page = visitor.page(f"/p/{where.name.project}/")
    assert "You may not see its repositories" in page.text
    assert "No repositories yet" not in page.text
    assert not [link for link in page.links if link.startswith(("/r/", f"/p/{where.name.project}/repos"))]


def test_who_is_not_signed_in_sees_public_projects_and_may_search(visitor: Visitor) -> None:
    hidden = make_project("hidden")
    page = visitor.page("/")
    assert "Public projects" in page.text
    assert f"/p/{hidden.name}/" not in page.links
    assert ("form", "search") in [(tag, found.get("role")) for tag, found in page.tags]
    for name in (*PANELS, "health"):
        assert visitor.get(f"/me/panels/{name}").headers["Location"].startswith("/auth/login?next=")


def test_each_part_is_a_page_without_a_script_and_a_piece_with_one(ann: Visitor) -> None:
    links = ann.page("/").links
    for name in PANELS:
        assert f"/me/panels/{name}" in links
        assert "<h1" in ann.get(f"/me/panels/{name}").text
        piece = ann.get(f"/me/panels/{name}", headers={"HX-Request": "true"})
        assert piece.status_code == 200
        assert "<h1" not in piece.text
    assert "You pushed nothing in the last 30 days." in ann.page("/me/panels/pushed").text


def test_the_strip_of_figures_is_for_administrators(ann: Visitor, root: Visitor) -> None:
    assert "Disk free" in root.page("/me/panels/health").text
    assert "/me/panels/health" in root.page("/").links
    assert ann.get("/me/panels/health").status_code == 404
    assert "/me/panels/health" not in ann.page("/").links


def test_what_one_pushed_is_there_with_a_link_to_it(ann: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project("pushed")
    Member.objects.create(project=project, user=ann.user, role_id=Role.DEVELOPER)
    monkeypatch.setattr("tests.registry_api.rest.shelf.SYSTEM", principal(ann.user))
    where = shelf(project, "app", images.image({"x": unique("x").encode()}), "1.0")
    assert f"/r/{where.name}/-/t/1.0" in ann.page("/me/panels/pushed").links


def test_a_project_that_is_nearly_full_is_told_to_who_administers_it(ann: Visitor, root: Visitor) -> None:
    project = make_project("full")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    shelf(project, "app", images.image({"x": b"0" * 1000}), "1")
    project.quota.refresh_from_db()
    set_quota(SYSTEM, project, project.quota.used + 1)
    settled()
    assert f"/p/{project.name}/" not in ann.page("/me/panels/full").links
    Member.objects.filter(project=project, user=ann.user).update(role_id=Role.PROJECT_ADMIN)
    assert f"/p/{project.name}/" in ann.page("/me/panels/full").links


def test_ones_own_failed_jobs_are_told_and_not_those_of_others(ann: Visitor) -> None:
    other = make_user("other")
    made = {
        user.pk: Run.objects.create(
            kind="test.sleep", queue="test", state=State.FAILED, trigger="manual", actor_kind="user",
            actor_id=user.pk, actor_name=user.username, subject_name=unique("subject"),
        )
        for user in (ann.user, other)
    }  # fmt: skip
    shown = ann.page("/me/panels/failed")
    assert made[ann.user.pk].subject_name in shown.text
    assert made[other.pk].subject_name not in shown.text


def test_no_part_costs_more_than_its_budget(root: Visitor) -> None:
    for path, most in (("/", 5), ("/me/panels/health", 7), ("/me/panels/failed", 2), ("/me/panels/full", 3)):
        root.get(path)
        with CaptureQueriesContext(connection) as captured:
            answer = root.get(path)
        asked = [each["sql"] for each in captured if 'FROM "setting"' not in each["sql"]]
        assert len(asked) <= most, (path, asked)
        assert Page(answer.text).text
