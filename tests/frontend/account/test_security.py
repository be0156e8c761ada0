"""The page about what one proves oneself with, and one's sessions."""

from __future__ import annotations

import pytest

from accounts.models import AccessToken, TokenKind, User, WebSession
from database import sql
from tests.frontend.visitor import Page, Visitor
from tests.people import make_user
from tests.registry_api.client import PASSWORD

NEW = "another horse battery"


def unconfirm(user: User) -> None:
    """As if he had proved himself long ago."""
    sql.execute(
        "UPDATE web_session SET confirmed_at = confirmed_at - interval '16 minutes' WHERE user_id = %s",
        (user.pk,),
    )


def change(visitor: Visitor, old: str, new: str, again: str) -> tuple[int, str]:
    typed = {"old": old, "password": new, "again": again}
    answer = visitor.send("/me/security", typed, form="/me/security/password")
    return answer.status_code, Page(answer.text).text or answer.headers.get("Location", "")


@pytest.mark.parametrize("path", ["profile", "security", "tokens", "tokens/new", "access"])
def test_who_is_not_signed_in_signs_in_first_and_comes_back(visitor: Visitor, path: str):
    answer = visitor.get(f"/me/{path}")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/auth/login?next=%2Fme%2F{path.replace('/', '%2F')}"


def test_another_password_ends_all_other_sessions_and_keeps_this_one(ann: Visitor, application: object):
    elsewhere = Visitor(application)
    elsewhere.sign_in(ann.user.username, PASSWORD)
    assert change(ann, PASSWORD, NEW, NEW) == (303, "/me/security?done=password")
    assert "The password was changed." in ann.page("/me/security?done=password").text
    assert elsewhere.get("/me/security").status_code == 303
    Visitor(application).sign_in(ann.user.username, NEW)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ((PASSWORD, NEW, "something else"), "The two passwords differ"),
        (("wrong", NEW, NEW), "The present password is another one: nothing was changed."),
        ((PASSWORD, "short", "short"), "The password cannot be used"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_changes_nothing(
    ann: Visitor, typed: tuple[str, str, str], told: str
):
    before = User.objects.get(pk=ann.user.pk).password
    status, words = change(ann, *typed)
    assert status == 422
    assert told in words
    assert User.objects.get(pk=ann.user.pk).password == before


def test_who_proved_himself_long_ago_proves_it_again_before_a_form_is_shown(ann: Visitor):
    unconfirm(ann.user)
    page = ann.page("/me/security")
    assert "/me/security/password" not in [form.action for form in page.forms]
    assert "/auth/confirm?next=%2Fme%2Fsecurity" in page.links
    answer = ann.get("/me/security/cli-secret")
    assert answer.headers["Location"] == "/auth/confirm?next=%2Fme%2Fsecurity%2Fcli-secret"


def test_a_secret_is_shown_once_and_takes_the_place_of_the_one_before(ann: Visitor):
    first = ann.send("/me/security/cli-secret", {})
    second = ann.send("/me/security/cli-secret", {})
    assert first.status_code == second.status_code == 200
    assert second.headers["Cache-Control"] == "private, no-store"
    assert AccessToken.objects.filter(user=ann.user, kind=TokenKind.CLI_SECRET).count() == 1
    secret = next(found["data-copy"] for _tag, found in Page(second.text).tags if "data-copy" in found)
    assert secret.startswith("wcs_") or len(secret) > 20
    assert secret not in ann.get("/me/security").text


def test_sessions_end_one_by_one_and_all_others_at_once(ann: Visitor, application: object):
    for _ in range(3):
        Visitor(application).sign_in(ann.user.username, PASSWORD)
    page = ann.page("/me/security")
    ended = next(
        form.fields["session"] for form in page.forms[::-1] if form.fields.get("session", "").isdigit()
    )
    ann.http.post(
        "/me/security/sessions",
        data={
            "session": ended,
            "csrfmiddlewaretoken": page.form("/auth/logout").fields["csrfmiddlewaretoken"],
        },
        headers={"Origin": str(ann.http.base_url).rstrip("/")},
    )
    assert not WebSession.objects.filter(pk=ended).exists()
    assert WebSession.objects.filter(user=ann.user).count() == 3
    ann.send("/me/security", {"session": "others"}, form="/me/security/sessions")
    assert WebSession.objects.filter(user=ann.user).count() == 1
    assert ann.name() == ann.user.username


def test_nobody_ends_the_session_of_somebody_else(ann: Visitor, application: object):
    other = Visitor(application)
    other.user = make_user(password=PASSWORD)
    other.sign_in(other.user.username, PASSWORD)
    theirs = WebSession.objects.get(user=other.user)
    token = ann.page("/me/security").form("/auth/logout").fields["csrfmiddlewaretoken"]
    answer = ann.http.post(
        "/me/security/sessions",
        data={"session": str(theirs.pk), "csrfmiddlewaretoken": token},
        headers={"Origin": str(ann.http.base_url).rstrip("/")},
    )
    assert answer.status_code == 404
    assert WebSession.objects.filter(pk=theirs.pk).exists()
