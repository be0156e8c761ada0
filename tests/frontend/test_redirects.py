"""No page of sign-in leads anywhere else, whoever wrote the link to it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest

from tests.frontend.visitor import Page, Visitor
from tests.people import make_user
from tests.registry_api.client import PASSWORD

FOREIGN = [
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
]
PAGES = ["/auth/login", "/auth/confirm", "/auth/register"]


def is_ours(location: str) -> bool:
    parts = urlsplit(location)
    return not parts.scheme and not parts.netloc and location.startswith("/") and "evil" not in location


@pytest.mark.parametrize("target", FOREIGN)
@pytest.mark.parametrize("path", PAGES)
def test_who_is_signed_in_is_led_nowhere_else(ann: Visitor, path: str, target: str):
    answer = ann.get(f"{path}?{urlencode({'next': target})}")
    assert is_ours(answer.headers.get("Location", "/"))
    assert all(is_ours(link) or link == "#main" for link in Page(answer.text).links)


@pytest.mark.parametrize("target", FOREIGN)
def test_signing_in_leads_nowhere_else(visitor: Visitor, target: str):
    user = make_user(password=PASSWORD)
    typed = {"principal": user.username, "password": PASSWORD, "next": target}
    assert visitor.send("/auth/login", typed).headers["Location"] == "/"


@pytest.mark.parametrize("target", FOREIGN)
def test_confirming_leads_nowhere_else(ann: Visitor, target: str):
    answer = ann.send("/auth/confirm", {"password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/"
