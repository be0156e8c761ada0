"""The two cookies: their names and attributes by http, by https, and behind a proxy that ends TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import httpx2

from access.principal import AuthMethod
from accounts.services import sessions
from tests.frontend.visitor import Visitor, set_cookies
from tests.people import ORIGIN, make_user
from tests.registry_api.client import PASSWORD

SECURE = "https://reg.example"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
Named = Callable[..., None]


def signed_in(visitor: Visitor) -> httpx2.Response:
    user = make_user(password=PASSWORD)
    return visitor.send("/auth/login", {"principal": user.username, "password": PASSWORD})


def test_by_http_they_are_for_this_host_and_the_sessions_for_no_script(visitor: Visitor):
    cookies = set_cookies(signed_in(visitor))
    assert cookies["wharf_session"] == "HttpOnly; Path=/; SameSite=Lax"
    assert "Secure" not in cookies["wharf_csrf"]
    assert set(cookies) == {"wharf_session", "wharf_csrf"}


def test_by_https_no_other_host_can_have_made_them(application: Any, named: Named):
    named(SECURE)
    cookies = set_cookies(signed_in(Visitor(application, SECURE)))
    assert cookies["__Host-wharf_session"] == "HttpOnly; Path=/; SameSite=Lax; Secure"
    assert cookies["__Host-wharf_csrf"].endswith("Path=/; SameSite=Lax; Secure")
    assert not any("Domain" in attributes for attributes in cookies.values())


def test_a_trusted_proxy_says_that_it_was_https(application: Any, named: Named):
    named(SECURE, proxies=LOOPBACK)
    told = {"Host": "reg.example", "X-Forwarded-Proto": "https"}
    browser = Visitor(application, headers=told)
    form = browser.page("/auth/login").form("/auth/login").fields
    secret = browser.cookie("__Host-wharf_csrf")
    user = make_user(password=PASSWORD)
    answer = browser.http.post(
        "/auth/login",
        data={**form, "principal": user.username, "password": PASSWORD},
        headers={"Cookie": f"__Host-wharf_csrf={secret}", "Origin": SECURE},
    )
    assert set_cookies(answer)["__Host-wharf_session"].endswith("Secure")


def test_anybody_else_who_says_so_is_not_believed_and_the_page_says_what_to_set(
    application: Any, named: Named
):
    named(SECURE)
    browser = Visitor(application, headers={"Host": "reg.example", "X-Forwarded-Proto": "https"})
    answer = browser.get("/auth/login")
    assert answer.status_code == 400
    assert "WHARF_TRUSTED_PROXIES" in answer.text
    assert browser.get("/").status_code == 200


def test_a_host_that_is_not_ours_gets_no_cookie_and_is_not_repeated(application: Any):
    answer = Visitor(application, "http://evil.example").get("/auth/login")
    assert (answer.status_code, set_cookies(answer)) == (400, {})
    assert "evil.example" not in answer.text


def test_by_https_a_cookie_somebody_planted_by_http_is_not_looked_at(application: Any, named: Named):
    named(SECURE)
    user = make_user()
    key = sessions.start(user, AuthMethod.BASIC, ORIGIN)
    browser = Visitor(application, SECURE)
    assert user.username not in browser.get("/", headers={"Cookie": f"wharf_session={key}"}).text
    assert user.username in browser.get("/", headers={"Cookie": f"__Host-wharf_session={key}"}).text


def test_signing_out_takes_the_cookie_and_ends_the_session(ann: Visitor):
    key = ann.key
    answer = ann.sign_out()
    assert "Max-Age=0" in set_cookies(answer)["wharf_session"]
    assert "Signed in" not in ann.get("/", headers={"Cookie": f"wharf_session={key}"}).text
    assert sessions.find(key, ORIGIN) is None


def test_a_page_for_nobody_in_particular_sets_no_cookie(visitor: Visitor):
    assert set_cookies(visitor.get("/")) == {}
