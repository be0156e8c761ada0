"""What happened to the tags of a repository, and setting one back."""

from __future__ import annotations

import os

import pytest

from access.models import Member
from access.table import Role
from artifacts import tags as services
from artifacts.models import TagEvent
from artifacts.places import target
from audit.models import AuditEvent
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from tests import images
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project, unique


class Place:
    """A repository in which "1.0" was pushed, moved and moved again; "old" was deleted. Ann is a maintainer."""

    def __init__(self, ann: Visitor) -> None:
        self.project = make_project("history")
        self.member = Member.objects.create(project=self.project, user=ann.user, role_id=Role.MAINTAINER)
        self.pushed = [images.image({"x": os.urandom(100 * n)}) for n in (1, 2, 3)]
        where = shelf(self.project, "app", self.pushed[0], "1.0", "old")
        push(where, self.pushed[1], "1.0")
        push(where, self.pushed[2], "1.0")
        services.delete(SYSTEM, where, Tag.parse("old"))
        self.name = str(where.name)

    @property
    def path(self) -> str:
        return f"/r/{self.name}/-/timeline"

    def restore(self, tag: str, number: int) -> str:
        return f"/r/{self.name}/-/restore?tag={tag}&digest={self.pushed[number].digest}"

    def points_at(self, tag: str) -> str:
        where = "SELECT a.digest FROM tag t JOIN artifact a ON a.id = t.artifact_id JOIN repository r ON r.id = t.repository_id"
        raw = sql.value(f"{where} WHERE r.name = %s AND t.name = %s", [self.name, tag])
        return "" if raw is None else str(Digest.from_bytes(bytes(raw)))


@pytest.fixture
def place(ann: Visitor) -> Place:
    return Place(ann)


def test_every_change_is_listed_with_what_it_did_to_the_size(ann: Visitor, place: Place) -> None:
    page = ann.page(place.path)
    assert "5 changes" in page.text
    sizes = [sum(len(blob.data) for blob in each.blobs) for each in place.pushed]
    event = TagEvent.objects.filter(repository__name=place.name, name="1.0").latest("id")
    assert (event.kind, event.size) == ("move", sizes[2])
    assert f"+{sizes[1] - sizes[0]} B" in page.text
    assert [each for each in page.links if "/-/compare?from=sha256" in each]


def test_the_history_of_one_tag_is_drawn(ann: Visitor, place: Place) -> None:
    page = ann.page(f"{place.path}?tag=1.0")
    assert "3 changes" in page.text
    assert [
        found
        for tag, found in page.tags
        if tag == "svg" and "Size of 1.0 over time" in found.get("aria-label", "")
    ]
    assert "5 changes" not in page.text
    assert "Nothing matches these filters" in ann.page(f"{place.path}?tag=9.9").text


def test_a_tag_is_set_back_to_what_it_named(ann: Visitor, place: Place) -> None:
    asked = place.restore("1.0", 0)
    assert asked.partition("/r/")[2] in " ".join(ann.page(place.path).links).replace("%3A", ":")
    page = ann.page(asked)
    assert "Restore the tag 1.0?" in page.text
    answer = ann.send(asked, {})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{place.path}?tag=1.0&done=restored")
    assert place.points_at("1.0") == place.pushed[0].digest
    assert "restored" in ann.page(place.path).text
    event = AuditEvent.objects.get(project_id=place.project.pk, operation="tag.restore", result="ok")
    assert event.resource_name == f"{place.name}:1.0"
    assert event.detail["before"] == {"digest": place.pushed[2].digest}


def test_a_deleted_tag_comes_back(ann: Visitor, place: Place) -> None:
    assert "the tag is deleted" in ann.page(place.restore("old", 0)).text
    assert ann.send(place.restore("old", 0), {}).status_code == 303
    assert place.points_at("old") == place.pushed[0].digest


def test_a_tag_that_moved_meanwhile_stays_where_it_is(ann: Visitor, place: Place) -> None:
    form = ann.page(place.restore("1.0", 0)).form(f"/r/{place.name}/-/restore")
    push(target(place.name), images.image({"x": unique("late").encode()}), "1.0")
    now = place.points_at("1.0")
    origin = str(ann.http.base_url).rstrip("/")
    answer = ann.http.post(form.action, data=form.fields, headers={"Origin": origin})
    assert answer.status_code >= 400
    assert place.points_at("1.0") == now


def test_a_tag_is_set_to_nothing_that_it_never_named(ann: Visitor, place: Place) -> None:
    assert ann.get(place.restore("old", 2)).status_code == 404
    assert ann.get(place.restore("never", 0)).status_code == 404
    assert ann.get(f"/r/{place.name}/-/restore?tag=1.0&digest=sha256:{'0' * 64}").status_code == 404
    assert ann.get(f"/r/{place.name}/-/restore?tag=..&digest=x").status_code == 400


def test_an_immutable_tag_is_not_offered_and_not_moved(ann: Visitor, place: Place) -> None:
    form = ann.page(place.restore("1.0", 0)).form(f"/r/{place.name}/-/restore")
    services.set_immutable(SYSTEM, target(place.name), Tag.parse("1.0"), immutable=True)
    page = ann.page(place.restore("1.0", 0))
    assert "The tag is immutable" in page.text
    assert not [each for each in page.forms if each.action.endswith("/-/restore")]
    origin = str(ann.http.base_url).rstrip("/")
    assert ann.http.post(form.action, data=form.fields, headers={"Origin": origin}).status_code >= 400
    assert place.points_at("1.0") == place.pushed[2].digest


def test_who_may_not_restore_sees_the_history_alone(ann: Visitor, place: Place) -> None:
    Member.objects.filter(pk=place.member.pk).update(role_id=Role.DEVELOPER)
    page = ann.page(place.path)
    assert not [each for each in page.links if "/-/restore" in each]
    assert "needs the role maintainer" in page.text
    assert ann.get(place.restore("1.0", 0)).status_code == 403


def test_a_stranger_learns_nothing(ann: Visitor, place: Place) -> None:
    Member.objects.filter(pk=place.member.pk).delete()
    for path in (
        place.path,
        place.restore("1.0", 0),
        f"/r/{place.name}/-/compare",
        f"/r/{place.name}/-/usage",
    ):
        assert ann.get(path).status_code == 404, path
    ann.sign_out()
    assert ann.get(place.path).status_code in (303, 404)


def test_what_is_no_longer_there_is_said_to_be_gone(ann: Visitor, place: Place) -> None:
    from artifacts import manifests

    manifests.delete(SYSTEM, target(place.name), Digest.parse(place.pushed[1].digest))
    page = Page(ann.get(place.path).text)
    assert " gone" in page.text
    assert not [each for each in page.links if "/-/restore" in each and place.pushed[1].digest[7:] in each]
