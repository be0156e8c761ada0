"""The sign-in page: who gets in, what the others are told, and that nothing they send is a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.principal import AuthMethod
from access.table import P
from accounts import gate, oidc
from accounts.models import WebSession
from accounts.services import sessions, users
from audit.models import AuditEvent
from core.errors import DirectoryUnavailable, TooManyRequests
from tests import keys
from tests.frontend.visitor import Page, Visitor
from tests.people import ORIGIN, SYSTEM, make_user, unique
from tests.registry_api.client import PASSWORD

WRONG = "The user name or the password is not right."


def attempt(visitor: Visitor, name: str, password: str, path: str = "/auth/login") -> tuple[int, str]:
    """(status, text of the page)"""
    answer = visitor.send(path, {"principal": name, "password": password})
    return answer.status_code, Page(answer.text).text


def test_a_right_password_opens_a_session_and_leads_to_the_page_that_was_asked_for(visitor: Visitor):
    user = make_user(password=PASSWORD)
    assert visitor.name() == ""
    answer = visitor.send(
        "/auth/login?next=/projects?q=a%26b", {"principal": user.username, "password": PASSWORD}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects?q=a&b")
    assert visitor.name() == user.username
    event = AuditEvent.objects.get(operation="user.sign-in", actor_id=user.pk)
    assert (event.result, event.auth) == ("ok", AuthMethod.BASIC)


@pytest.mark.parametrize("local", ["wrong password", "unknown name", "disabled"])
def test_whatever_is_wrong_the_answer_is_the_same(visitor: Visitor, local: str):
    user = make_user(password=PASSWORD, is_active=local != "disabled")
    name = unique("nobody") if local == "unknown name" else user.username
    password = PASSWORD if local == "disabled" else "wrong"
    status, text = attempt(visitor, name, password)
    assert status == 401
    assert WRONG in text
    assert visitor.key == ""


def test_what_was_typed_stays_but_for_the_password(visitor: Visitor):
    name, password = '"><script>alert(1)</script>', "a secret nobody may see"
    answer = visitor.send("/auth/login?next=/p/a", {"principal": name, "password": password})
    found = Page(answer.text).form("/auth/login").fields
    assert (found["principal"], found["password"], found["next"]) == (name, "", "/p/a")
    assert password not in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("", ""),
        ("ann", ""),
        ("", "password"),
        ("ann\0", "password"),
        ("ann", "pass\0word"),
        ("ann", "x" * 50_000),
        ("x" * 50_000, "password"),
        ("ann", "\ufffe\uffff"),
        ("robot$" * 1000, "password"),
        ("a" * 255, "wharf_pat_" + "x" * 43),
    ],
)
def test_what_nobody_can_be_called_or_have_chosen_is_merely_wrong(visitor: Visitor, name: str, password: str):
    assert attempt(visitor, name, password)[0] == 401


def test_a_form_without_end_is_refused_before_it_is_read(visitor: Visitor):
    answer = visitor.send("/auth/login", {"principal": "ann", "password": "x" * 300_000})
    assert answer.status_code == 413


def test_a_form_whose_fields_are_missing_is_merely_wrong(visitor: Visitor):
    token = visitor.page("/auth/login").form("/auth/login").fields["csrfmiddlewaretoken"]
    assert visitor.http.post("/auth/login", data={"csrfmiddlewaretoken": token}).status_code == 401


def test_guesses_are_limited_and_the_wait_is_told(visitor: Visitor):
    user = make_user(password=PASSWORD)
    for _ in range(5):
        assert attempt(visitor, user.username, "wrong")[0] == 401
    answer = visitor.send("/auth/login", {"principal": user.username, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Too many wrong passwords from your network. Try again in " in Page(answer.text).text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (59, "59 seconds"), (90, "90 seconds"), (91, "2 minutes"), (3600, "60 minutes"), (5401, "2 hours")],
)  # fmt: skip
def test_a_wait_is_told_in_units_people_use(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, seconds: int, words: str
):
    def refuse(*_: Any) -> Any:
        raise TooManyRequests("too many", retry_after=seconds)

    monkeypatch.setattr(gate, "prove_person", refuse)
    assert f"Try again in {words};" in attempt(visitor, "ann", "x")[1]


def test_while_the_directory_is_away_the_page_says_so(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any) -> Any:
        raise DirectoryUnavailable("ldaps://inside.example refused the search account")

    monkeypatch.setattr(gate, "prove_person", refuse)
    answer = visitor.send("/auth/login", {"principal": "ann", "password": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "These credentials cannot be checked now: try again in a moment." in Page(answer.text).text
    assert "inside.example" not in answer.text


def test_no_key_of_a_person_and_no_robot_becomes_a_browser_session(visitor: Visitor):
    user = make_user(password=PASSWORD, is_admin=True)
    everything = keys.in_system(frozenset(P))
    for key in (keys.robot(everything), keys.personal(user, everything), keys.personal(user)):
        assert attempt(visitor, key.username, key.secret)[0] == 401
    assert not WebSession.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    ("name", "password"),
    [("robot$ci", "secret"), ("ann", "wharf_pat_x"), ("ann", "wharf_rob_x"), ("ann", "wharf_cli_x")],
)
def test_who_types_a_key_is_told_that_it_is_for_programs(visitor: Visitor, name: str, password: str):
    status, text = attempt(visitor, name, password)
    assert status == 401
    assert "That is a key for programs. Sign in here with your own password." in text


def test_each_sign_in_has_a_key_of_its_own_whatever_the_browser_brought(visitor: Visitor):
    user, planted = make_user(password=PASSWORD), "a" * 43
    visitor.http.cookies.set("wharf_session", planted, domain="127.0.0.1", path="/")
    visitor.sign_in(user.username, PASSWORD)
    assert visitor.key != planted
    first = visitor.key
    visitor.sign_out()
    visitor.sign_in(user.username, PASSWORD)
    assert visitor.key != first
    assert [sessions.find(key, ORIGIN) for key in (planted, first)] == [None, None]


def test_the_token_of_forms_is_another_one_after_a_sign_in(visitor: Visitor):
    user = make_user(password=PASSWORD)
    visitor.page("/auth/login")
    before = visitor.token
    visitor.sign_in(user.username, PASSWORD)
    assert visitor.token not in ("", before)


def test_who_is_signed_in_goes_on_at_once(ann: Visitor):
    answer = ann.get("/auth/login?next=/projects")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects")


def test_a_form_from_before_somebody_else_signed_in_in_another_tab_changes_nothing(ann: Visitor):
    other = make_user(password=PASSWORD)
    ann.sign_out()
    stale = ann.page("/auth/login").form("/auth/login").fields
    ann.sign_in(ann.user.username, PASSWORD)
    answer = ann.http.post("/auth/login", data={**stale, "principal": other.username, "password": PASSWORD})
    assert answer.status_code == 403
    assert ann.name() == ann.user.username


def test_two_tabs_share_the_session_and_its_end(ann: Visitor):
    other_tab = ann.page("/").form("/auth/logout").fields
    assert ann.sign_out().status_code == 303
    assert ann.http.post("/auth/logout", data=other_tab).status_code in (303, 403)
    assert ann.name() == ""


def test_a_disabled_user_is_signed_out_at_his_next_page(ann: Visitor):
    users.disable_user(SYSTEM, ann.user)
    assert ann.name() == ""


def test_password_managers_and_screen_readers_are_told_what_the_fields_are(visitor: Visitor):
    page = visitor.page("/auth/login")
    fields = {
        found["name"]: found for tag, found in page.tags if tag == "input" and found["type"] != "hidden"
    }
    assert {name: found["autocomplete"] for name, found in fields.items()} == {
        "principal": "username",
        "password": "current-password",
    }
    labels = {found["for"] for tag, found in page.tags if tag == "label"}
    assert labels == {found["id"] for found in fields.values()}


def test_an_error_is_announced_and_stands_with_the_fields(visitor: Visitor):
    answer = visitor.send("/auth/login", {"principal": "ann", "password": "wrong"})
    tags = Page(answer.text).tags
    alert = next(found for _, found in tags if found.get("role") == "alert")
    described = [found["name"] for _, found in tags if found.get("aria-describedby") == alert["id"]]
    focused = [found["name"] for _, found in tags if "autofocus" in found]
    assert (described, focused) == (["principal", "password"], ["password"])
    assert "<title>Error: Sign in" in answer.text


def test_the_page_of_the_mode_in_force_stands_first(
    visitor: Visitor, setting: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(oidc, "offered", lambda: "Example SSO")
    link = "/c/oidc/login?next=%2Fp%2Fa"
    both = visitor.page("/auth/login?next=/p/a")
    assert (link in both.links, both.form("/auth/login").fields["next"]) == (True, "/p/a")
    setting(auth_mode="oidc_auth", oidc_endpoint="https://sso.example", oidc_client_id="wharf")
    first = visitor.page("/auth/login?next=/p/a")
    assert link in first.links
    assert "/auth/login" not in [form.action for form in first.forms]
    assert "/auth/login?local=1&next=%2Fp%2Fa" in first.links
    local = visitor.page("/auth/login?local=1&next=/p/a")
    assert local.form("/auth/login").fields["next"] == "/p/a"


def test_the_page_asks_the_database_for_nothing(visitor: Visitor):
    visitor.page("/auth/login")
    with CaptureQueriesContext(connection) as asked:
        visitor.page("/auth/login")
    assert asked.captured_queries == []
