"""The page on which people make accounts of their own."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from tests.frontend.visitor import Page, Visitor
from tests.people import make_user, unique
from tests.registry_api.client import PASSWORD


def test_an_account_of_ones_own_is_made_where_that_is_allowed(visitor: Visitor, setting: Any):
    assert visitor.get("/auth/register").status_code == 404
    assert "/auth/register?next=%2F" not in visitor.page("/auth/login").links
    setting(self_registration=True)
    assert "/auth/register?next=%2F" in visitor.page("/auth/login").links
    name = unique("bea")
    typed = {"principal": name, "password": PASSWORD, "again": PASSWORD, "email": "bea@example.org"}
    answer = visitor.send("/auth/register?next=/p/team", typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/team")
    assert visitor.name() == name
    assert (User.objects.get(username=name).email, User.objects.get(username=name).is_admin) == (
        "bea@example.org",
        False,
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"again": "something else"}, "The two passwords differ"),
        ({"password": "short", "again": "short"}, "at least 8 characters"),
        ({"principal": "no spaces please"}, "name"),
        ({"email": "nowhere"}, "e-mail"),
    ],
)
def test_a_form_that_cannot_be_taken_comes_back_with_what_was_typed(
    visitor: Visitor, setting: Any, typed: dict[str, str], told: str
):
    setting(self_registration=True)
    whole = {
        "principal": unique("bea"),
        "password": PASSWORD,
        "again": PASSWORD,
        "full_name": "Bea B.",
    } | typed
    answer = visitor.send("/auth/register", whole)
    found = Page(answer.text)
    assert answer.status_code == 422
    assert told in found.text
    fields = found.form("/auth/register").fields
    assert (fields["principal"], fields["full_name"]) == (whole["principal"], "Bea B.")
    assert (fields["password"], fields["again"]) == ("", "")
    assert not User.objects.filter(username=whole["principal"]).exists()


def test_a_taken_name_is_told_at_its_field(visitor: Visitor, setting: Any):
    setting(self_registration=True)
    user = make_user()
    answer = visitor.send(
        "/auth/register", {"principal": user.username.upper(), "password": PASSWORD, "again": PASSWORD}
    )
    field = next(found for tag, found in Page(answer.text).tags if found.get("name") == "principal")
    assert (answer.status_code, field["aria-invalid"], field["aria-describedby"]) == (
        422,
        "true",
        "principal-mistake",
    )


def test_all_mistakes_are_told_at_once_each_at_its_field(visitor: Visitor, setting: Any):
    setting(self_registration=True)
    typed = {"principal": "", "email": "nowhere", "full_name": "a\tb", "password": "short", "again": "other"}
    page = Page(visitor.send("/auth/register", typed).text)
    fields = {found.get("name"): found for tag, found in page.tags if tag == "input"}
    marked = {name for name, found in fields.items() if found.get("aria-invalid") == "true"}
    assert marked == {"principal", "email", "full_name", "password", "again"}
    assert [name for name, found in fields.items() if "autofocus" in found] == ["principal"]
    ids = {found.get("id") for _, found in page.tags}
    assert all(set(fields[name]["aria-describedby"].split()) <= ids for name in marked)
    assert "Enter a user name." in page.text
    assert "That is not an e-mail address." in page.text
    assert "at least 8 characters" in page.text


@pytest.mark.parametrize("name", ["admin", "Root", "ádmin", "\N{CYRILLIC SMALL LETTER A}dmin"])
def test_a_name_that_others_would_take_for_somebody_else_is_refused_at_its_field(
    visitor: Visitor, setting: Any, name: str
):
    setting(self_registration=True)
    answer = visitor.send("/auth/register", {"principal": name, "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 422
    assert "choose another one" in answer.text or "several alphabets" in answer.text
