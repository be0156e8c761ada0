"""What stands on pages that say that there is nothing, or not now; and the help page."""

from __future__ import annotations

import pytest

from access.models import Member
from access.table import Role
from core import errors as e
from database.transactions import RaceLost
from frontend import nearby
from frontend.views import home
from tests import images
from tests.frontend.shelf import settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, unique
from tests.registry_api.client import HOST


def missing(visitor: Visitor, path: str) -> Page:
    answer = visitor.get(path)
    assert answer.status_code == 404, answer.text
    return Page(answer.text)


def test_names_nearly_like_it_that_one_may_see_are_offered(ann: Visitor) -> None:
    project = make_project("nearly")
    where = shelf(project, "service/api", images.image({"x": unique("x").encode()}), "1.0.0")
    settled()
    paths = (f"/r/{project.name}/service/apii", f"/r/{project.name[:-1]}/service/api", f"/{where.name}:1")
    for path in paths:
        assert f"/r/{where.name}" not in missing(ann, path).links, path
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    for path in paths:
        page = missing(ann, path)
        assert "Did you mean" in page.text
        assert f"/r/{where.name}" in page.links, path
    assert f"/r/{where.name}/-/t/1.0.0" in missing(ann, f"/r/{where.name}/-/t/v1.0.0").links
    assert f"/p/{project.name}/" in missing(ann, f"/p/{project.name}x/").links


def test_a_visitor_is_told_that_signing_in_may_help(visitor: Visitor) -> None:
    page = missing(visitor, "/p/no-such-project/")
    assert "You are not signed in" in page.text
    assert any(link.startswith("/auth/login?next=%2Fp%2Fno-such") for link in page.links)


@pytest.mark.parametrize("path", ["/-/", "/r//-/t/", "/%00", f"/r/{'a' * 3000}/b", "/r/<b>/x"])
def test_no_address_breaks_the_page_that_says_so(visitor: Visitor, path: str) -> None:
    assert visitor.get(path, follow_redirects=True).status_code in (400, 404)


def test_without_a_database_the_page_says_no_more_than_it_knows(
    ann: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_more: object) -> None:
        raise RaceLost

    monkeypatch.setattr(nearby, "nearest", away)
    page = missing(ann, "/p/no-such-project/")
    assert "Not found" in page.text
    assert "Did you mean" not in page.text


def test_who_has_to_wait_is_told_for_how_long(ann: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_args: object) -> None:
        raise e.Unavailable("the store is being moved", retry_after=7)

    monkeypatch.setattr(home, "_page", busy)
    answer = ann.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert "Try again in 7 seconds." in Page(answer.text).text


def test_the_help_page_names_this_registry_the_keys_and_the_words_in_both_languages(visitor: Visitor) -> None:
    page = visitor.page("/help")
    for text in (
        f"docker login {HOST}",
        f"oci://{HOST}/PROJECT",
        "kubectl create secret",
        "Repository 镜像仓库",
    ):
        assert text in page.text, text
    assert "/api/docs" in page.links
    keys = [found for tag, found in page.tags if tag == "kbd"]
    assert len(keys) > 20
