"""What a browser sees where there is no page: a page all the same."""

from __future__ import annotations

import pytest

from frontend.assets import assets
from tests.frontend.visitor import Page, Visitor


def test_an_unknown_address_is_told_on_a_page_of_ours(visitor: Visitor):
    answer = visitor.get("/no-such-page")
    page = Page(answer.text)
    assert answer.status_code == 404
    assert "Not found There is no page at this address." in page.text
    assert "/" in page.links
    assert "request " in page.text


def test_a_request_that_cannot_be_read_is_too(visitor: Visitor):
    page = visitor.page("/auth/login").form("/auth/login")
    many = {**page.fields, **{f"field-{number}": "" for number in range(2000)}}
    answer = visitor.http.post("/auth/login", data=many)
    assert answer.status_code == 400
    assert "That did not work" in Page(answer.text).text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/auth/login", "GET, HEAD, POST"),
        ("POST", "/c/oidc/callback", "GET"),
        ("PUT", "/c/login", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_a_page_does_not_take_is_told_before_a_token_is_asked_for(
    visitor: Visitor, method: str, path: str, allowed: str
):
    answer = visitor.http.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert "Not possible here" in Page(answer.text).text


def test_browsers_find_the_picture_where_they_look_for_it(visitor: Visitor):
    answer = visitor.get("/favicon.ico", follow_redirects=True)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.content == assets()["wharf.svg"].content


def test_the_front_page_names_who_is_signed_in_where_he_copies_it(visitor: Visitor, ann: Visitor):
    assert f"-u {ann.user.username}" in ann.page("/").text
    ann.sign_out()
    assert "-u " not in ann.page("/").text


def test_a_long_name_is_shown_whole_to_who_points_at_it(ann: Visitor):
    titles = [found["title"] for tag, found in ann.page("/").tags if tag == "strong"]
    assert titles == [ann.user.username]
