"""Two tags beside each other."""

from __future__ import annotations

import os

import pytest

from access.models import Member
from access.table import Role
from artifacts.browsing import differences
from artifacts.browsing.differences import Step
from core.oci.digest import Digest
from tests import images
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project

BASE = {"base": b"of both"}


@pytest.fixture
def place(ann: Visitor) -> str:
    """ "1.0" and "2.0" have a layer in common; "multi" is for two platforms. Ann is a guest."""
    project = make_project("compared")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    where = shelf(project, "app", images.image(BASE, {"x": os.urandom(100)}), "1.0")
    push(where, images.image(BASE, {"x": os.urandom(5000)}, {"y": b"further"}), "2.0")
    push(where, images.two_platforms("many"), "multi")
    return f"/r/{where.name}"


def compared(visitor: Visitor, place: str, old: str, new: str, more: str = "") -> Page:
    return visitor.page(f"{place}/-/compare?from={old}&to={new}{more}")


def signs(page: Page) -> list[str]:
    rows = (found.get("class", "") for tag, found in page.tags if tag == "tr")
    return [each.removeprefix("d-") for each in rows if each.startswith("d-")]


def test_layers_are_the_same_changed_or_added(ann: Visitor, place: str) -> None:
    page = compared(ann, place, "1.0", "2.0")
    assert signs(page) == ["same", "changed", "added"]
    assert "1 of 3 layers are the same" in page.text
    assert signs(compared(ann, place, "2.0", "1.0")) == ["same", "changed", "removed"]


def test_the_same_thing_has_no_difference(ann: Visitor, place: str) -> None:
    page = compared(ann, place, "1.0", "1.0")
    assert set(signs(page)) == {"same"}
    assert "Both configurations say the same" in page.text
    assert "±0" in page.text


def test_an_index_is_compared_for_one_platform(ann: Visitor, place: str) -> None:
    page = compared(ann, place, "1.0", "multi")
    assert "+ linux/arm64" in page.text
    assert "nothing for linux/arm64" in compared(ann, place, "1.0", "multi", "&platform=linux/arm64").text
    assert signs(compared(ann, place, "multi", "multi", "&platform=linux/arm64")) == ["same", "same"]


def test_a_link_by_digests_shows_the_same(ann: Visitor, place: str) -> None:
    page = compared(ann, place, "1.0", "2.0")
    (link,) = [
        each for each in page.links if "from=sha256" in each and "to=sha256" in each and "all=" not in each
    ]
    assert signs(ann.page(link)) == signs(page)


def test_two_tags_that_were_selected_are_compared(ann: Visitor, place: str) -> None:
    token = next(
        form.fields["csrfmiddlewaretoken"]
        for form in ann.page(place).forms
        if "csrfmiddlewaretoken" in form.fields
    )
    sent = {"csrfmiddlewaretoken": token, "selected": ["2.0", "1.0"]}
    origin = {"Origin": str(ann.http.base_url).rstrip("/")}
    answer = ann.http.post(f"{place}/-/compare", data=sent, headers=origin)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{place}/-/compare?from=1.0&to=2.0")
    many = sent | {"selected": ["multi", "2.0", "1.0"]}
    answer = ann.http.post(f"{place}/-/compare", data=many, headers=origin)
    assert "Choose two tags" in ann.page(answer.headers["Location"]).text


def test_what_is_not_there_is_said(ann: Visitor, place: str) -> None:
    answer = ann.get(f"{place}/-/compare?from=1.0&to=9.9")
    assert answer.status_code == 404
    assert "There is no 9.9" in Page(answer.text).text
    page = ann.page(f"{place}/-/compare?from=..&to=<b>")
    assert "not" in page.text
    assert ("b", {}) not in page.tags[-5:]
    assert "Choose two tags" in ann.page(f"{place}/-/compare?to=1.0").text


def test_values_that_look_secret_are_not_told() -> None:
    old = {"config": {"Env": ["API_KEY=one", "PATH=/bin"], "ExposedPorts": {"80/tcp": {}}, "User": "root"}}
    new = {"config": {"Env": ["API_KEY=two", "PATH=/bin", "X"], "Labels": {"a": "b"}, "Entrypoint": ["/x"]}}
    told = {(each.group, each.name): each for each in differences.settings(old, new)}
    assert told["Env", "API_KEY"].is_secret
    assert all(
        map(differences.looks_secret, ("PGPASS", "NPM_AUTH", "aws_secret_access_key", "TLS_PRIVATE-KEY"))
    )
    assert not any(map(differences.looks_secret, ("AUTHOR", "PATH", "KEYBOARD")))
    assert (told["Env", "X"].old, told["Env", "X"].new) == (None, "")
    assert (told["ExposedPorts", "80/tcp"].new, told["User", ""].new) == (None, None)
    assert (told["Labels", "a"].new, told["Entrypoint", ""].new) == ("b", '["/x"]')
    assert ("Env", "PATH") not in told


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"config": []},
        {"config": {"Env": {"a": 1}, "Labels": "x", "ExposedPorts": [1]}},
        {"name": "chart"},
    ],
)
def test_a_configuration_of_any_form_is_read(given: dict[str, object]) -> None:
    differences.settings(given, {"config": {"Env": [1, None, "A=1"]}})


def test_thousands_of_layers_take_no_time() -> None:
    def steps(start: int) -> list[Step]:
        return [Step(n, Digest.of(str(start + n).encode()), 1, "RUN") for n in range(3000)]

    assert len(differences.layers(steps(0), steps(1500))) == 6000
