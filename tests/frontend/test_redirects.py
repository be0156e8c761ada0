"""No page of sign-in leads anywhere else, whoever wrote the link to it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

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
    """Whether it leads to a page of ours, and that page on to one of ours; what is asked of the latter leads nowhere."""
    parts = urlsplit(location)
    onward = [urlsplit(each).path for each in parse_qs(parts.query).get("next", ())]
    return not parts.scheme and not parts.netloc and all(_is_path(each) for each in (parts.path, *onward))


def _is_path(path: str) -> bool:
    return path.startswith("/") and path.isprintable() and "evil" not in path


@pytest.mark.parametrize("target", FOREIGN)
@pytest.mark.parametrize("path", PAGES)
def test_who_is_signed_in_is_led_nowhere_else(ann: Visitor, path: str, target: str):
    answer = ann.get(f"{path}?{urlencode({'next': target})}")
    assert is_ours(answer.headers.get("Location", "/"))
    assert all(is_ours(link) or link.startswith("#") for link in Page(answer.text).links)


@pytest.mark.parametrize("target", FOREIGN)
def test_signing_in_leads_nowhere_else(visitor: Visitor, target: str):
    user = make_user(password=PASSWORD)
    typed = {"principal": user.username, "password": PASSWORD, "next": target}
    assert visitor.send("/auth/login", typed).headers["Location"] == "/"


@pytest.mark.parametrize("target", FOREIGN)
def test_confirming_leads_nowhere_else(ann: Visitor, target: str):
    answer = ann.send("/auth/confirm", {"password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/"
