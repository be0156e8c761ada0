"""Under https: cookies nobody else can plant, and the address the browser used."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from access import origin
from tests.oidc.provider import Provider
from tests.oidc.visitor import Visitor

pytestmark = pytest.mark.django_db
HOST = "registry.example"


@pytest.fixture
def secure(settings: Settings) -> Iterator[Visitor]:
    settings.WHARF_EXTERNAL_URLS = (f"https://{HOST}", "http://testserver")
    settings.ALLOWED_HOSTS = [HOST, "testserver"]
    origin._known.cache_clear()
    visitor = Visitor()
    # No address: through a Unix socket, which only our proxy may open.
    visitor.client = Client(headers={"host": HOST, "x-forwarded-proto": "https"}, REMOTE_ADDR="")
    yield visitor
    origin._known.cache_clear()


def test_the_cookies_are_this_host_s_alone(provider: Provider, secure: Visitor):
    url = secure.begin()
    (name,) = secure.client.cookies
    assert name.startswith("__Host-wharf_oidc_")
    cookie = secure.client.cookies[name]
    assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [f"https://{HOST}/c/oidc/callback"]
    assert secure.finish(provider.authorize(url))["Location"] == "/auth/onboard"
    assert secure.client.cookies["__Host-wharf_onboard"]["secure"] is True


def test_a_cookie_another_host_could_have_planted_is_not_looked_at(provider: Provider, secure: Visitor):
    answer = provider.authorize(secure.begin())
    (name,) = list(secure.client.cookies)
    planted = secure.client.cookies.pop(name).value
    secure.client.cookies[name.removeprefix("__Host-")] = planted
    assert secure.finish(answer).status_code == 400
