"""Whatever changes something needs the token of this browser's own pages: asked of every route there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls.resolvers import URLPattern, URLResolver

from tests.frontend.visitor import Page, Visitor
from wharf import urls_web

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def page_routes() -> Iterator[str]:
    """The paths of all pages; a name in one stands for itself."""
    for route in urls_web.urlpatterns:
        assert isinstance(route, URLPattern | URLResolver)
        path = "/" + str(route.pattern).lstrip("^\\A").replace("<str:name>", "name")
        path = re.sub(r"<int:\w+>", "1", path)
        if not path.startswith("/api"):
            yield path


ROUTES = sorted(page_routes())
FORMS = ["/auth/confirm", "/auth/login", "/auth/logout", "/auth/onboard", "/auth/register"]


def test_the_routes_are_those_that_are_served():
    assert {"/", "/auth/login", "/auth/logout", "/auth/confirm", "/c/login"} <= set(ROUTES)


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", UNSAFE)
def test_a_signed_in_browser_does_nothing_without_the_token(ann: Visitor, method: str, path: str):
    answer = ann.http.request(method, path, data={"principal": "x", "password": "x"})
    is_taken = "Allow" not in answer.headers
    assert answer.status_code == (403 if is_taken else 405)
    assert is_taken or method not in answer.headers["Allow"]
    assert ann.name() == ann.user.username


@pytest.mark.parametrize("path", FORMS)
def test_nor_does_one_that_nobody_has_signed_in_with(visitor: Visitor, path: str):
    answer = visitor.http.post(path, data={})
    assert answer.status_code == 403
    assert "Please send that again" in Page(answer.text).text


@pytest.mark.parametrize("path", ["/c/login", "/c/log_out"])
def test_programs_are_told_in_a_line_what_to_send(visitor: Visitor, named: Any, path: str):
    answer = visitor.http.post(path, data={})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    wanted = "send X-CSRFToken with the value of the cookie wharf_csrf, which GET /auth/login gives\n"
    assert answer.text == wanted
    named("https://reg.example")
    secure = Visitor(visitor.application, "https://reg.example").http.post(path, data={}).text
    assert "cookie __Host-wharf_csrf," in secure
    assert "a Referer below https://reg.example/" in secure


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "neither an Origin nor a Referer"),
        ({"Referer": "https://evil.example/"}, "by a page of another address"),
        ({"Origin": "https://evil.example"}, "by a page of another address"),
        ({"Origin": "https://reg.example"}, "keeps no cookies"),
    ],
)
def test_the_page_names_what_was_missing(application: Any, named: Any, headers: dict[str, str], told: str):
    named("https://reg.example")
    visitor = Visitor(application, "https://reg.example")
    answer = visitor.http.post("/auth/login", data={}, headers=headers)
    assert answer.status_code == 403
    assert told in Page(answer.text).text


@pytest.mark.parametrize(
    "wrong",
    ["", "x", "x" * 32, "x" * 64, "ä" * 64, "x" * 64 + "\0", "x" * 5000],
    ids=["none", "short", "a secret", "a token", "letters", "NUL", "long"],
)
def test_a_token_that_was_not_given_out_is_none(ann: Visitor, wrong: str):
    assert ann.http.post("/auth/logout", data={"csrfmiddlewaretoken": wrong}).status_code == 403
    assert ann.name() == ann.user.username


def test_the_token_of_another_browser_is_none(ann: Visitor, application: Any):
    other = Visitor(application)
    foreign = other.page("/auth/login").form("/auth/login").fields["csrfmiddlewaretoken"]
    assert ann.http.post("/auth/logout", data={"csrfmiddlewaretoken": foreign}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:5001", "http://127.0.0.1", ""]
)
def test_a_form_on_a_page_from_elsewhere_is_refused_even_with_the_token(ann: Visitor, origin: str):
    fields = ann.page("/").form("/auth/logout").fields
    answer = ann.http.post("/auth/logout", data=fields, headers={"Origin": origin})
    assert answer.status_code == 403
    assert ann.name() == ann.user.username
