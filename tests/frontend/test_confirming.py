"""The page that asks for the password once more, and the other pages about one's session."""

from __future__ import annotations

import pytest

from access.principal import AuthMethod
from accounts import oidc
from accounts.models import User, WebSession
from accounts.services import sessions
from audit.models import AuditEvent
from database import sql
from tests.frontend.visitor import Page, Visitor, set_cookies
from tests.people import ORIGIN, make_user
from tests.registry_api.client import PASSWORD


def wait(user: User, interval: str = "16 minutes") -> None:
    """As if he had proved himself that long ago."""
    sql.execute(
        "UPDATE web_session SET confirmed_at = confirmed_at - %s::interval WHERE user_id = %s",
        (interval, user.pk),
    )


def is_confirmed(visitor: Visitor) -> bool:
    session = sessions.find(visitor.key, ORIGIN)
    assert session is not None
    return session.principal.confirmed


def test_the_right_password_confirms_and_leads_back(ann: Visitor):
    wait(ann.user)
    before = ann.key
    answer = ann.send("/auth/confirm?next=/p/team", {"password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/team")
    assert is_confirmed(ann)
    assert sessions.find(before, ORIGIN) is None
    assert WebSession.objects.filter(user=ann.user).count() == 1


def test_a_wrong_one_does_not_and_leaves_the_session_as_it_was(ann: Visitor):
    wait(ann.user)
    answer = ann.send("/auth/confirm", {"password": "wrong"})
    assert answer.status_code == 401
    words = Page(answer.text).text
    assert "The password is not right. Check Caps Lock and try again. User name" in words
    assert ann.name() == ann.user.username
    assert not is_confirmed(ann)


def test_the_name_in_the_form_decides_nothing(ann: Visitor):
    other = make_user(password="another horse battery")
    wait(ann.user)
    typed = {"principal": other.username, "password": "another horse battery"}
    assert ann.send("/auth/confirm", typed).status_code == 401
    assert not is_confirmed(ann)


def test_guesses_here_are_limited_as_at_sign_in(ann: Visitor):
    statuses = [ann.send("/auth/confirm", {"password": "wrong"}).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_who_is_not_signed_in_signs_in_instead(visitor: Visitor):
    answer = visitor.get("/auth/confirm?next=/p/team")
    assert answer.headers["Location"] == "/auth/login?next=%2Fp%2Fteam"


def test_who_signed_in_at_a_provider_is_sent_there(ann: Visitor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(oidc, "offered", lambda: "Example SSO")
    WebSession.objects.filter(user=ann.user).update(auth=AuthMethod.OIDC)
    page = ann.page("/auth/confirm?next=/p/team")
    assert "/c/oidc/login?confirm=1&next=%2Fp%2Fteam" in page.links
    assert "Go on with Example SSO" in page.text
    assert "/auth/confirm" not in [form.action for form in page.forms]


def test_signing_out_of_a_providers_session_leads_on_to_the_provider(
    ann: Visitor, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def logout_url(kept: str, origin: str) -> str:
        asked.extend((kept, origin))
        return "https://sso.example/logout?a=1&b=2"

    monkeypatch.setattr(oidc, "logout_url", logout_url)
    monkeypatch.setattr(oidc, "offered", lambda: "Example SSO")
    key = sessions.start(ann.user, AuthMethod.OIDC, ORIGIN, "an ID token")
    ann.http.cookies.set("wharf_session", key, domain="127.0.0.1", path="/")
    answer = ann.sign_out()
    assert asked == ["an ID token", "http://127.0.0.1:5000"]
    assert (answer.status_code, "wharf_session" in set_cookies(answer)) == (200, True)
    page = Page(answer.text)
    assert "https://sso.example/logout?a=1&b=2" in page.links
    assert (
        "meta",
        {"http-equiv": "refresh", "content": "0; url=https://sso.example/logout?a=1&b=2"},
    ) in page.tags
    assert sessions.find(key, ORIGIN) is None


def test_visiting_the_page_signs_nobody_out(ann: Visitor):
    page = ann.page("/auth/logout")
    assert f"You are signed in as {ann.user.username}" in page.text
    assert ann.name() == ann.user.username
    assert ann.send("/auth/logout", {}).status_code == 303
    assert ann.name() == ""
    event = AuditEvent.objects.get(operation="user.sign-out", actor_id=ann.user.pk)
    assert (event.auth, event.result) == ("session", "ok")


def test_harbors_paths_sign_in_and_out_with_statuses(visitor: Visitor):
    user = make_user(password=PASSWORD)
    visitor.page("/auth/login")
    token = {"X-CSRFToken": visitor.token}
    wrong = visitor.http.post("/c/login", data={"principal": user.username, "password": "no"}, headers=token)
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (401, "text/plain; charset=utf-8")
    right = {"principal": user.username, "password": PASSWORD}
    assert visitor.http.post("/c/login", data=right, headers=token).status_code == 200
    assert visitor.name() == user.username
    assert visitor.get("/c/log_out").headers["Location"] == "/auth/logout"
    assert visitor.name() == user.username
    assert visitor.http.post("/c/log_out", headers={"X-CSRFToken": visitor.token}).status_code == 200
    assert visitor.name() == ""
