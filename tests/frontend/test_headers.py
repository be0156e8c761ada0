"""What every page says to the browser, whatever the answer is."""

from __future__ import annotations

import re

import httpx2
import pytest

from frontend.assets import assets
from tests.frontend.test_csrf import ROUTES
from tests.frontend.visitor import Page, Visitor

MORE = ["/no-such-page", "/auth/none", "/c/none", "/static/wharf.css"]
ABOUT_NOTHING = {"style", "iframe", "object", "base"}


def is_guarded(answer: httpx2.Response) -> None:
    policy = answer.headers["Content-Security-Policy"]
    parts = {part.strip() for part in policy.split(";")}
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= parts
    assert {"script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= parts
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", [*ROUTES, *MORE])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_answer_is_guarded(visitor: Visitor, method: str, path: str):
    is_guarded(visitor.http.request(method, path))


@pytest.mark.parametrize("path", ROUTES)
def test_what_a_signed_in_person_sees_is_kept_by_nobody(ann: Visitor, path: str):
    answer = ann.get(path)
    is_guarded(answer)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_a_page_tells_how_long_it_and_the_database_took(ann: Visitor):
    told = ann.get("/projects").headers["Server-Timing"]
    assert re.fullmatch(r'db;dur=[\d.]+;desc="[1-9]\d* statements", app;dur=[\d.]+', told)


@pytest.mark.parametrize("path", ROUTES)
def test_no_page_holds_what_its_policy_forbids(ann: Visitor, path: str):
    tags = Page(ann.get(path).text).tags
    assert not ABOUT_NOTHING & {tag for tag, _ in tags}
    assert [name for _, found in tags for name in found if name.startswith("on") or name == "style"] == []
    assert all(found["src"].startswith("/static/") for tag, found in tags if tag == "script")


def test_assets_are_kept_for_a_year_under_names_that_change_with_them(visitor: Visitor):
    for asset in assets().values():
        answer = visitor.get(f"/static/{asset.name}")
        assert answer.content == asset.content
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert f"/static/{asset.name}" in visitor.get("/").text


def test_the_front_page_for_nobody_may_be_asked_for_again(visitor: Visitor):
    answer = visitor.get("/")
    vary = "Cookie, Accept-Language, HX-Request"
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("no-cache", vary)
