"""All artifacts of a repository: with and without tags, what keeps each, and deleting some of them."""

from __future__ import annotations

from typing import Any

import pytest

from access.models import Member
from access.table import Role
from artifacts import tags as services
from artifacts.models import Artifact
from artifacts.places import target
from artifacts.repositories import Target
from core.oci.reference import Tag
from database import sql
from frontend.forms.seen import now
from projects.models import Project
from tests import images
from tests.frontend.shelf import push, settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project

INDEX = images.two_platforms("held")
OLD, NEW = (images.image({"x": word.encode() * 50}) for word in ("old", "new"))
SIGNATURE = images.artifact(
    b"signed", artifact_type="application/vnd.cncf.notary.signature", subject=NEW.manifest
)


@pytest.fixture
def project(ann: Visitor) -> Project:
    """Ann is a maintainer."""
    made = make_project("held")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    return made


@pytest.fixture
def place(project: Project) -> Target:
    """An index "many" with its two parts; "1.0", which was moved from OLD to NEW; and what signs NEW."""
    where = shelf(project, "app", INDEX, "many")
    push(where, OLD, "1.0")
    push(where, NEW, "1.0")
    push(where, SIGNATURE)
    settled()
    return where


def shown(page: Page) -> set[str]:
    return {found["title"] for tag, found in page.tags if tag == "a" and found.get("class") == "name"}


def short(*made: Any) -> set[str]:
    return {each.digest for each in made}


def post(visitor: Visitor, where: Target, **sent: list[str]) -> Any:
    typed = {"csrfmiddlewaretoken": visitor.token, "seen": now(), **sent}
    origin = str(visitor.http.base_url).rstrip("/")
    return visitor.http.post(f"/r/{where.name}/-/delete-artifacts", data=typed, headers={"Origin": origin})


def confirmed(page: Page) -> list[str]:
    return [found["value"] for tag, found in page.tags if tag == "input" and found.get("name") == "confirmed"]


def test_every_artifact_stands_there_with_what_keeps_it(ann: Visitor, place: Target) -> None:
    page = ann.page(f"/r/{place.name}/-/artifacts")
    assert shown(page) == short(INDEX, *INDEX.images, OLD, NEW, SIGNATURE)
    assert "6 artifacts newest push first" in page.text
    for words in ("its tags", "subject", "never tagged", "collectable in ", "Signature (notation)"):
        assert words in page.text, words
    assert f"/r/{place.name}/-/m/{NEW.digest}?tab=referrers" in page.links
    assert f"/r/{place.name}/-/artifacts" in ann.page(f"/r/{place.name}").links


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("kept=tagged", {INDEX.digest, NEW.digest}),
        ("kept=untagged", short(*INDEX.images, OLD, SIGNATURE)),
        ("kept=part", short(*INDEX.images)),
        ("kept=nothing", {OLD.digest}),
        ("type=INDEX", {INDEX.digest}),
        ("type=REFERRER", {SIGNATURE.digest}),
        ("type=IMAGE&kept=tagged", {NEW.digest}),
        ("type=CHART&type=WASM&type=OTHER", set()),
        (f"q={OLD.digest[:12]}", {OLD.digest}),
        (f"q={OLD.digest[7:14].upper()}", {OLD.digest}),
        (f"q=sha512:{OLD.digest[7:14]}", set()),
        ("q=latest", set()),
    ],
)
def test_filters_are_the_address(ann: Visitor, place: Target, query: str, left: set[str]) -> None:
    assert shown(ann.page(f"/r/{place.name}/-/artifacts?{query}")) == left


def test_what_its_time_has_left_is_said_to_be_collectable(ann: Visitor, place: Target) -> None:
    sql.execute(
        "UPDATE artifact SET pinned_until = now() WHERE repository_id = (SELECT id FROM repository WHERE name = %s)",
        [str(place.name)],
    )
    page = ann.page(f"/r/{place.name}/-/artifacts")
    assert page.text.count("collectable now") == 1
    assert "collectable in" not in page.text


def test_a_file_has_every_row(ann: Visitor, place: Target) -> None:
    lines = ann.get(f"/r/{place.name}/-/artifacts?export=csv&kept=part").text.splitlines()
    assert lines[0].startswith("digest,type,media_type,platforms,tags,indexes")
    assert len(lines) == 3
    assert all(INDEX.digest in line for line in lines[1:])


def test_one_sees_what_goes_and_what_stays(ann: Visitor, place: Target) -> None:
    services.set_immutable(SYSTEM, place, Tag.parse("1.0"), immutable=True)
    ann.page(f"/r/{place.name}/-/artifacts")
    part = INDEX.images[0]
    page = Page(post(ann, place, selected=[OLD.digest, NEW.digest, part.digest]).text)
    assert "Delete 1 artifact?" in page.text
    assert "2 artifacts stay" in page.text
    assert "has an immutable tag: 1.0" in page.text
    assert "is part of an index that stays" in page.text
    assert confirmed(page) == [OLD.digest]
    assert Artifact.objects.filter(repository__name=str(place.name)).count() == 6


def test_an_index_goes_before_its_parts(ann: Visitor, place: Target) -> None:
    ann.page(f"/r/{place.name}/-/artifacts")
    page = Page(post(ann, place, selected=[*short(*INDEX.images), INDEX.digest]).text)
    assert "Delete 3 artifacts?" in page.text
    answer = post(ann, place, confirmed=confirmed(page))
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/r/{place.name}/-/artifacts?done=deleted",
    )
    assert shown(ann.page(f"/r/{place.name}/-/artifacts")) == short(OLD, NEW, SIGNATURE)
    assert ann.get(f"/r/{place.name}/-/t/many").status_code == 410


def test_what_cannot_go_any_more_is_left_as_it_is(ann: Visitor, place: Target) -> None:
    ann.page(f"/r/{place.name}/-/artifacts")
    services.set_immutable(SYSTEM, place, Tag.parse("1.0"), immutable=True)
    sent = [NEW.digest, INDEX.images[0].digest, f"sha256:{'0' * 64}"]
    assert post(ann, place, confirmed=sent).status_code == 303
    assert Artifact.objects.filter(repository__name=str(place.name)).count() == 6
    assert post(ann, place, confirmed=["x"]).status_code == 400


def test_who_may_not_delete_is_offered_nothing(ann: Visitor, place: Target) -> None:
    Member.objects.filter(user=ann.user).update(role_id=Role.DEVELOPER)
    answer = ann.get(f"/r/{place.name}/-/artifacts")
    assert answer.status_code == 200
    assert "delete-" not in answer.text
    assert ann.get(f"/r/{place.name}/-/delete-artifacts?selected={OLD.digest}").status_code == 403


def test_a_visitor_sees_the_lists_of_a_public_repository_without_a_cookie(visitor: Visitor) -> None:
    where = target(str(shelf(make_project("open", public=True), "app", OLD, "1", "2").name))
    for path in ("", "/-/artifacts", "/-/t/1", "/-/t/1?tool=podman", f"/-/m/{OLD.digest}"):
        answer = visitor.get(f"/r/{where.name}{path}")
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False), path
    chosen = visitor.get(f"/r/{where.name}/-/compare?selected=2&selected=1")
    assert chosen.headers["Location"] == f"/r/{where.name}/-/compare?from=1&to=2"


def test_what_is_no_page_of_a_repository_is_not_there(ann: Visitor, place: Target) -> None:
    for path in ("-/nothing", "-/timeline/more", "-/-"):
        answer = ann.get(f"/r/{place.name}/{path}")
        assert answer.status_code == 404, path
        assert f"/r/{place.name}" in Page(answer.text).links, path
    assert ann.get("/r/No/Name").status_code == 404
