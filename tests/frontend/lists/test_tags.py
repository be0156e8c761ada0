"""The list of tags: versions in their order, what each row says, filters in the address, and who may delete."""

from __future__ import annotations

import pytest

from access.models import Member
from access.table import Role
from artifacts import tags as services
from core.oci.reference import Tag
from tests import images
from tests.frontend.shelf import push, rows, settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project, unique


def names(page: Page) -> list[str]:
    """The tags a page shows, in its order."""
    return [
        found["title"]
        for tag, found in page.tags
        if "name" in found.get("class", "").split() and tag != "input"
    ]


def member(visitor: Visitor, role: Role) -> str:
    """Of a new project, whose name it is."""
    project = make_project("shown")
    Member.objects.create(project=project, user=visitor.user, role_id=role)
    return project.name


@pytest.fixture
def place(ann: Visitor) -> str:
    """A repository with a few versions, in a project where Ann is a maintainer."""
    project = make_project("shown")
    Member.objects.create(project=project, user=ann.user, role_id=Role.MAINTAINER)
    where = shelf(project, "app", images.two_platforms(unique("a")), "1.9.0", "1.10.0", "latest")
    push(where, images.image({"x": unique("b").encode()}), "1.10.0-rc1", "2.0.0")
    settled()
    return str(where.name)


def test_versions_stand_in_their_order_and_names_after_them(ann: Visitor, place: str) -> None:
    shown = names(ann.page(f"/r/{place}"))
    assert shown == ["2.0.0", "1.10.0", "1.10.0-rc1", "1.9.0", "latest"]
    assert names(ann.page(f"/r/{place}?sort=version")) == shown[::-1]
    assert names(ann.page(f"/r/{place}?sort=name"))[0] == "1.10.0"


def test_the_command_above_the_list_is_for_the_newest_release(ann: Visitor, place: str) -> None:
    def pulled(query: str) -> str:
        page = ann.page(f"/r/{place}?{query}")
        command = next(each["data-copy"] for _tag, each in page.tags if "pull" in each.get("data-copy", ""))
        return command.rpartition(":")[2]

    assert pulled("") == "2.0.0"
    assert pulled("q=1.10.0*&sort=-name") == "1.10.0"
    # What is on its way to a release is better than nothing.
    assert pulled("q=1.10.0-*") == "1.10.0-rc1"


def test_a_row_says_what_its_tag_is(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}?q=1.10.0")
    for words in ("5 tags", "amd64", "arm64", "newest version first", "2 tags"):
        assert (words in page.text) is (words != "5 tags"), words
    assert f"docker pull testserver/{place}:1.10.0" in page.text or f"/{place}:1.10.0" in page.text


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("q=1.10", ["1.10.0", "1.10.0-rc1"]),
        ("q=*rc*", ["1.10.0-rc1"]),
        ("q=%25", []),
        ("platform=linux/arm64", ["1.10.0", "1.9.0", "latest"]),
        ("platform=linux/arm64&platform=linux/s390x&q=1.9", ["1.9.0"]),
        ("signed=yes", []),
        ("immutable=yes", ["2.0.0"]),
        ("immutable=no&q=2", []),
        ("idle=30&q=l", ["latest"]),
        ("pushed=1&q=l", ["latest"]),
        ("type=CHART", []),
        ("type=IMAGE&q=l", ["latest"]),
        ("type=OTHER", []),
        ("platform=no/such&unknown=1&q=l", ["latest"]),
    ],
)
def test_filters_are_the_address(ann: Visitor, place: str, query: str, left: list[str]) -> None:
    services.set_immutable(SYSTEM, _target(place), Tag.parse("2.0.0"), immutable=True)
    page = ann.page(f"/r/{place}?{query}")
    assert names(page) == left
    if not left:
        assert "Nothing matches these filters" in page.text


def _target(name: str):
    from artifacts.places import target

    return target(name)


def test_a_chip_leads_to_the_list_without_its_filter(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}?q=1.10&platform=linux/arm64&sort=name")
    assert f"/r/{place}?platform=linux%2Farm64&sort=name" in page.links
    assert f"/r/{place}?q=1.10&sort=name" in page.links
    assert f"/r/{place}?sort=name" in page.links


def test_pages_follow_each_other_and_lead_back(ann: Visitor) -> None:
    project = make_project("long")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    name = rows(project, tags=60)
    first = ann.page(f"/r/{name}?per=25")
    found, pages, page = names(first), [first], first
    while following := [link for link in page.links if "after=" in link]:
        page = ann.page(following[0])
        found += names(page)
        pages.append(page)
    assert found == [f"v{n:04}" for n in range(60, 0, -1)]
    assert [len(names(each)) for each in pages] == [25, 25, 10]
    (back,) = [link for link in pages[2].links if "before=" in link]
    assert names(ann.page(back)) == names(pages[1])
    assert "60 tags" in first.text


def test_a_cursor_that_is_none_begins_anew_and_says_so(ann: Visitor, place: str) -> None:
    for bad in ("x", "after", "W10", "%00", "WyJzaXplIiwxLDFd"):
        page = ann.page(f"/r/{place}?after={bad}")
        assert len(names(page)) == 5
        assert "this is its first page" in page.text


def test_a_script_gets_the_list_alone_and_the_clean_address(ann: Visitor, place: str) -> None:
    answer = ann.get(
        f"/r/{place}?q=1.10&platform=&per=50&sort=-version",
        headers={"HX-Request": "true", "HX-Target": "list"},
    )
    assert answer.status_code == 200
    assert "data-selects" in answer.text
    assert 'id="filters"' not in answer.text
    assert "<html" not in answer.text
    assert answer.headers["HX-Push-Url"] == f"/r/{place}?q=1.10"
    assert {"HX-Request", "Cookie", "Accept-Language"} <= {
        each.strip() for each in answer.headers["Vary"].split(",")
    }
    assert "2 tags, newest version first" in answer.text
    again = ann.get(
        f"/r/{place}",
        headers={"HX-Request": "true", "HX-Target": "list", "HX-History-Restore-Request": "true"},
    )
    assert "<html" in again.text


def test_who_may_not_see_the_project_learns_nothing(ann: Visitor) -> None:
    hidden = shelf(make_project("hidden"), "app", images.image(), "1")
    there, nowhere = ann.get(f"/r/{hidden.name}"), ann.get("/r/hidden-none/app")
    assert there.status_code == nowhere.status_code == 404
    assert ann.get(f"/p/{hidden.name.project}/").status_code == 404
    assert ann.get(f"/p/{hidden.name.project}/repos").status_code == 404


def test_hostile_names_are_shown_as_they_are(ann: Visitor, place: str) -> None:
    answer = ann.get(f"/r/{place}", params={"q": "<script>alert(1)</script>"})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_columns_are_chosen_by_the_address_and_the_name_stays(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}?cols=size,type")
    heads = [found["class"] for tag, found in page.tags if tag == "th" and found.get("scope") == "col"]
    assert heads == ["c-cb", "c-tag", "c-type", "c-size num", "c-act ovis"]
    assert "image" in page.text
    offered = [found["value"] for tag, found in page.tags if found.get("name") == "cols"]
    assert "acts" not in offered
    assert "tag" not in offered


def test_as_many_rows_stand_on_a_page_as_the_address_says(ann: Visitor) -> None:
    project = make_project("long")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    name = rows(project, tags=60)
    assert len(names(ann.page(f"/r/{name}"))) == 50
    assert len(names(ann.page(f"/r/{name}?per=100"))) == 60
    assert len(names(ann.page(f"/r/{name}?per=7"))) == 50
