"""Deleting tags: first what would happen, then the deed, and each deed an act of its own."""

from __future__ import annotations

import pytest

from access.models import Member
from access.table import Role
from artifacts import tags as services
from artifacts.models import Tag as TagRow
from artifacts.places import target
from audit.models import AuditEvent
from core.oci.reference import Tag
from tests import images
from tests.frontend.lists.test_tags import names
from tests.frontend.shelf import push, settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project, unique


@pytest.fixture
def place(ann: Visitor) -> str:
    """A repository with two artifacts: "1.0" and "latest" are one, "2.0" is the other. Ann is a maintainer."""
    project = make_project("removed")
    Member.objects.create(project=project, user=ann.user, role_id=Role.MAINTAINER)
    where = shelf(project, "app", images.image({"x": unique("a").encode()}), "1.0", "latest")
    push(where, images.image({"x": unique("b").encode() * 100}), "2.0")
    settled()
    return str(where.name)


def asked(visitor: Visitor, place: str, *selected: str) -> Page:
    """The page that says what would happen, as the form of the list asks for it."""
    typed = {"csrfmiddlewaretoken": visitor.token, "selected": list(selected)}
    origin = str(visitor.http.base_url).rstrip("/")
    answer = visitor.http.post(f"/r/{place}/-/delete-tags", data=typed, headers={"Origin": origin})
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def confirmed(page: Page) -> list[str]:
    return [found["value"] for tag, found in page.tags if tag == "input" and found.get("name") == "confirmed"]


def send(visitor: Visitor, place: str, sent: list[str]) -> int:
    typed = {"csrfmiddlewaretoken": visitor.token, "confirmed": sent}
    origin = str(visitor.http.base_url).rstrip("/")
    return visitor.http.post(f"/r/{place}/-/delete-tags", data=typed, headers={"Origin": origin}).status_code


def test_nothing_happens_before_it_is_confirmed(ann: Visitor, place: str) -> None:
    page = asked(ann, place, "1.0", "2.0")
    assert "Delete 2 tags?" in page.text
    assert "latest" in page.text
    assert "1 artifact is left without a tag" in page.text
    assert len(names(ann.page(f"/r/{place}"))) == 3


def test_what_cannot_be_a_name_is_none(ann: Visitor, place: str) -> None:
    assert "Delete the tag 2.0?" in asked(ann, place, "2.0", "a\0b", "\0").text


def test_what_was_confirmed_is_deleted_and_on_record(ann: Visitor, place: str) -> None:
    page = asked(ann, place, "1.0", "2.0")
    assert send(ann, place, confirmed(page)) == 303
    assert names(ann.page(f"/r/{place}")) == ["latest"]
    project_id = TagRow.objects.get(repository__name=place).repository.project_id
    events = AuditEvent.objects.filter(project_id=project_id, operation="tag.delete", result="ok")
    assert {event.resource_name for event in events} == {f"{place}:1.0", f"{place}:2.0"}


def test_a_tag_that_moved_meanwhile_stays(ann: Visitor, place: str) -> None:
    sent = confirmed(asked(ann, place, "2.0"))
    push(target(place), images.image({"x": unique("c").encode()}), "2.0")
    assert send(ann, place, sent) == 303
    assert "2.0" in names(ann.page(f"/r/{place}"))


def test_an_immutable_tag_is_said_to_stay_and_stays(ann: Visitor, place: str) -> None:
    before = confirmed(asked(ann, place, "1.0", "2.0"))
    services.set_immutable(SYSTEM, target(place), Tag.parse("2.0"), immutable=True)
    page = asked(ann, place, "1.0", "2.0")
    assert "1 tag stays" in page.text
    assert "Delete the tag 1.0?" in page.text
    assert len(confirmed(page)) == 1
    send(ann, place, before)
    assert "2.0" in names(ann.page(f"/r/{place}"))


def test_the_menu_of_a_row_leads_to_the_same_page(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}")
    (link,) = [each for each in page.links if each.endswith("?selected=2.0")]
    assert "Delete the tag 2.0?" in ann.page(link).text


def test_who_may_not_delete_is_offered_nothing_and_refused(ann: Visitor, place: str) -> None:
    Member.objects.filter(user=ann.user).update(role_id=Role.DEVELOPER)
    page = ann.page(f"/r/{place}")
    assert not [each for each in page.links if "delete-tags" in each]
    assert not [found for tag, found in page.tags if "delete-tags" in found.get("formaction", "")]
    assert ann.get(f"/r/{place}/-/delete-tags?selected=2.0").status_code == 403


@pytest.mark.parametrize("sent", [["2.0"], ["2.0@sha256:x"], ["@"], ["../x@sha256:" + "0" * 64]])
def test_what_is_no_tag_with_its_digest_is_refused(ann: Visitor, place: str, sent: list[str]) -> None:
    ann.page(f"/r/{place}")
    assert send(ann, place, sent) == 400
    assert len(names(ann.page(f"/r/{place}"))) == 3
