"""The list of projects, a new one, one's overview and the list of its repositories."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

import pytest

from access.models import Member
from access.table import Role
from artifacts import statistics
from audit.reading.entry import Entry
from frontend.overviews import happened
from projects.models import Project, ProjectContents
from projects.queries import find_ref
from projects.services.projects import set_quota
from projects.services.tag_rules import RuleText, create_rule
from tests import images
from tests.frontend.lists.test_tags import names
from tests.frontend.shelf import rows, settled, shelf
from tests.frontend.visitor import Visitor
from tests.people import SYSTEM, make_project, make_user, unique
from tests.registry_api.client import PASSWORD


@pytest.fixture
def root(visitor: Visitor) -> Visitor:
    """A browser in which an administrator is signed in."""
    visitor.user = make_user("root", password=PASSWORD, is_admin=True)
    visitor.sign_in(visitor.user.username, PASSWORD)
    return visitor


@pytest.fixture
def mine(ann: Visitor) -> Project:
    """A private project where Ann is a developer."""
    project = make_project("mine")
    Member.objects.create(project=project, user=ann.user, role_id=Role.DEVELOPER)
    return project


def test_the_list_has_what_one_may_see_and_says_what_it_holds(ann: Visitor, mine: Project) -> None:
    public, hidden = make_project("mine-open", public=True), make_project("mine-not")
    rows(mine, repositories=3, tags=1)
    page = ann.page("/projects?q=mine-&per=100")
    assert mine.name in names(page)
    assert public.name in names(page)
    assert hidden.name not in names(page)
    assert f"/p/{mine.name}/" in page.links
    assert "Developer" in page.text


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("visibility=private", True),
        ("visibility=public", False),
        ("role=developer", True),
        ("role=guest", False),
        ("role=guest&role=developer", True),
        ("quota=full", False),
        ("sort=-storage", True),
        ("sort=-repos", True),
        ("sort=pulls", True),
        ("sort=-pushed", True),
        ("sort=-created&cols=created", True),
    ],
)
def test_projects_are_filtered_and_sorted(ann: Visitor, mine: Project, query: str, is_there: bool) -> None:
    assert (mine.name in names(ann.page(f"/projects?q={mine.name}&{query}"))) is is_there


def test_a_project_that_is_nearly_full_is_found(ann: Visitor, mine: Project) -> None:
    shelf(mine, "app", images.image({"x": b"0" * 1000}), "1")
    mine.quota.refresh_from_db()
    set_quota(SYSTEM, mine, mine.quota.used + 1)
    set_quota(SYSTEM, make_project("vast", public=True), 2**63 - 1)
    assert f"/p/{mine.name}/" in ann.page("/projects?quota=full&per=100").links
    assert names(ann.page(f"/projects?q={mine.name}&quota=full")) == [mine.name]


def test_the_figures_of_a_project_are_those_of_its_repositories(ann: Visitor, mine: Project) -> None:
    shelf(mine, "app", images.image({"x": unique("x").encode()}), "1")
    statistics.fold()
    held = ProjectContents.objects.get(project=mine)
    mine.quota.refresh_from_db()
    assert (held.repository_count, held.used) == (1, mine.quota.used)
    assert held.last_push_at is not None


def test_nobody_signed_in_sees_public_projects_alone(visitor: Visitor) -> None:
    public, hidden = make_project("seen", public=True), make_project("seen")
    shown = names(visitor.page("/projects?q=seen-&per=100"))
    assert public.name in shown
    assert hidden.name not in shown


def test_an_administrator_makes_a_project_and_opens_it(root: Visitor) -> None:
    name = unique("made")
    answer = root.send("/projects/new", {"name": name, "visibility": "public"}, form="/projects/new")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/p/{name}/?done=project")
    found = find_ref(name)
    assert found is not None
    assert found.public
    page = root.page(f"/p/{name}/")
    assert "No repositories yet" in page.text
    assert "docker push" in page.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": "UPPER"}, "Lower-case letters"),
        ({"name": ""}, "Lower-case letters"),
        ({"name": "../x"}, "Lower-case"),
    ],
)
def test_a_wrong_name_is_said_beside_its_field(root: Visitor, typed: dict[str, str], told: str) -> None:
    answer = root.send("/projects/new", typed, form="/projects/new")
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_name_that_is_taken_is_said_beside_its_field(root: Visitor) -> None:
    taken = make_project("taken")
    answer = root.send("/projects/new", {"name": taken.name}, form="/projects/new")
    assert answer.status_code == 422
    assert "There is a project of that name already." in answer.text


def test_a_name_is_looked_at_while_it_is_typed(root: Visitor) -> None:
    taken = make_project("taken")

    def told(name: str) -> str:
        return root.get(f"/projects/new/name?{urlencode({'name': name})}").text.strip()

    assert "Lower-case letters" in told("UPPER")
    assert "There is a project of that name already." in told(taken.name)
    assert told(unique("free")) == told("") == ""


def test_a_quota_of_its_own_is_given_to_a_new_project(root: Visitor) -> None:
    name = unique("made")
    assert (
        root.send(
            "/projects/new", {"name": name, "amount": "0.5", "unit": "TiB"}, form="/projects/new"
        ).status_code
        == 303
    )
    assert Project.objects.get(name=name).quota.hard_limit == 2**39


@pytest.mark.parametrize("amount", ["-1", "x", "0", "NaN", "1e400", "99999999999"])
def test_a_wrong_quota_is_said_beside_its_field(root: Visitor, amount: str) -> None:
    answer = root.send(
        "/projects/new", {"name": unique("made"), "amount": amount, "unit": "TiB"}, form="/projects/new"
    )
    assert answer.status_code == 422
    assert "A number above 0" in answer.text


def test_nobody_makes_a_project_unsigned(visitor: Visitor) -> None:
    assert visitor.get("/projects/new").status_code == 403
    assert "/projects/new" not in visitor.page("/projects").links


@pytest.mark.parametrize("sort", ["name", "-pushed", "-pull", "-size", "-pulls", "-tags"])
def test_repositories_are_walked_through_by_every_sort(ann: Visitor, mine: Project, sort: str) -> None:
    rows(mine, repositories=60, tags=1)
    page = ann.page(f"/p/{mine.name}/repos?per=25&sort={sort}")
    found = names(page)
    while following := [link for link in page.links if "after=" in link]:
        page = ann.page(following[0])
        found += names(page)
    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize(
    ("query", "left"), [("q=r01", 10), ("q=01", 0), ("q=r0", 60), ("tags=none", 0), ("idle=30", 60)]
)
def test_repositories_are_filtered(ann: Visitor, mine: Project, query: str, left: int) -> None:
    rows(mine, repositories=60, tags=1)
    assert len(names(ann.page(f"/p/{mine.name}/repos?per=100&{query}"))) == left


def test_the_overview_tells_what_there_is_and_what_happened(ann: Visitor, mine: Project) -> None:
    where = shelf(mine, "app/api", images.image({"x": unique("x").encode()}), "1.0")
    create_rule(SYSTEM, mine, RuleText(repositories="**", tags="v*"))
    settled()
    page = ann.page(f"/p/{mine.name}/")
    assert f"/r/{where.name}" in page.links
    assert "app/api" in page.text
    assert "Tags matching v* are immutable in **" in page.text
    assert "Developer" in page.text


@pytest.mark.parametrize(("role", "is_told"), [(Role.DEVELOPER, True), (Role.GUEST, False)])
def test_who_may_push_is_told_how_where_nothing_is(
    ann: Visitor, mine: Project, role: Role, *, is_told: bool
) -> None:
    Member.objects.filter(project=mine).update(role_id=role)
    for path in ("", "repos"):
        assert (f"/{mine.name}/alpine" in ann.page(f"/p/{mine.name}/{path}").text) is is_told


def test_a_quota_without_a_limit_says_its_size_once(ann: Visitor, mine: Project) -> None:
    text = ann.page(f"/p/{mine.name}/").text
    assert text.partition("Quota")[2].startswith(" 0 B of no limit")


def test_of_an_image_its_tag_is_told_and_not_its_parts() -> None:
    parts = [_push("p/api@sha256:ab", []), _push("p/api@sha256:cd", [])]
    index = _push("p/api@sha256:ef", ["1.0"])
    assert [each.resource for each in happened([index, *parts], "p", 8)] == ["api:1.0"]
    assert [each.resource for each in happened(parts, "p", 1)] == ["api@sha256:ab"]


def _push(name: str, tags: list[str]) -> Entry:
    told: dict[str, Any] = dict.fromkeys([each.name for each in fields(Entry)], "")
    told |= {"operation": "artifact.push", "resource_name": name, "detail": {"after": {"tags": tags}}}
    return Entry(**told)
