"""The page for a name: sealed to a browser and a person, for a quarter of an hour, once."""

from __future__ import annotations

import time

import pytest

from accounts.models import Identity, User
from accounts.oidc import cookies, pending
from accounts.oidc.pending import Pending
from accounts.oidc.people import Person
from tests.oidc.provider import Provider
from tests.oidc.visitor import Configure, Visitor, refusals
from tests.people import unique

pytestmark = pytest.mark.django_db


def test_two_browsers_at_once_make_one_account(provider: Provider, visitor: Visitor):
    other = Visitor()
    for each in (visitor, other):
        assert each.sign_in(provider)["Location"] == "/auth/onboard"
    assert visitor.onboard(unique("first")).status_code == 303
    page = other.client.post("/auth/onboard", {"id": "", "principal": unique("second")})
    assert page.status_code == 400
    assert "You have an account here already: sign in." in page.content.decode()
    assert Identity.objects.filter(subject=provider.person["sub"]).count() == 1
    assert other.session is None


def test_the_form_sent_again_is_refused_politely(provider: Provider, visitor: Visitor):
    visitor.sign_in(provider)
    kept = visitor.client.cookies["wharf_onboard"].value
    name = unique("ann")
    assert visitor.onboard(name).status_code == 303
    for send in (visitor.client.get, visitor.client.post):
        visitor.client.cookies["wharf_onboard"] = kept
        again = send("/auth/onboard", {"principal": name})
        assert again.status_code == 400
        assert "You have an account here already: sign in." in again.content.decode()
    assert visitor.user.username == name


def test_a_page_of_somebody_else_s_sign_in_makes_no_account(provider: Provider, visitor: Visitor):
    """Two people at one browser: the cookie is the second's, the page still the first's."""
    visitor.sign_in(provider)
    old = visitor.client.get("/auth/onboard").context["id"]
    provider.person = {"sub": unique("sub"), "preferred_username": unique("bob")}
    visitor.sign_in(provider)
    answer = visitor.client.post("/auth/onboard", {"id": old, "principal": unique("ann")})
    assert answer.status_code == 422
    assert "as somebody else meanwhile" in answer.content.decode()
    assert not Identity.objects.filter(subject=provider.person["sub"]).exists()


def test_it_is_over_after_a_quarter_of_an_hour(
    provider: Provider, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    visitor.sign_in(provider)
    later = time.time() + pending.SECONDS + 1
    monkeypatch.setattr("accounts.oidc.cookies.time.time", lambda: later)
    answer = visitor.client.get("/auth/onboard")
    assert answer.status_code == 400
    assert "took too long" in answer.content.decode()
    assert "too old" in refusals()[0]


def test_a_cookie_nobody_sealed_is_refused(provider: Provider, visitor: Visitor):
    visitor.client.cookies["wharf_onboard"] = "x"
    assert visitor.client.get("/auth/onboard").status_code == 400
    visitor.begin()
    (name,) = visitor.pending_cookies()
    visitor.client.cookies["wharf_onboard"] = visitor.client.cookies[name].value
    assert visitor.client.get("/auth/onboard").status_code == 400


def test_without_a_proof_there_is_no_page(visitor: Visitor):
    for answer in (
        visitor.client.get("/auth/onboard"),
        visitor.client.post("/auth/onboard", {"principal": "x"}),
    ):
        assert answer.status_code == 400
        assert "not begun in this browser" in answer.content.decode()


@pytest.mark.parametrize("name", ["", " ", "a b", "robot$x", "x" * 256, "a:b", "a,b", "a\x00b", "a\u202eb"])
def test_a_name_nobody_can_have_is_said_so_beside_the_field(provider: Provider, visitor: Visitor, name: str):
    visitor.sign_in(provider)
    answer = visitor.onboard(name)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert visitor.session is None
    assert visitor.onboard(unique("ann")).status_code == 303


def test_a_provider_changed_meanwhile_makes_no_account(
    provider: Provider, visitor: Visitor, configure: Configure
):
    visitor.sign_in(provider)
    configure(oidc_endpoint="https://other.example", oidc_client_secret="another")
    assert visitor.client.get("/auth/onboard").status_code == 403
    assert not User.objects.filter(username=provider.person["preferred_username"]).exists()


def test_the_form_needs_its_token_against_csrf(provider: Provider):
    visitor = Visitor()
    visitor.client.handler.enforce_csrf_checks = True
    visitor.sign_in(provider)
    assert visitor.client.post("/auth/onboard", {"principal": unique("ann")}).status_code == 403


def test_what_does_not_fit_into_a_cookie_is_left_out():
    person = Person(issuer="https://idp.example", subject="s" * 255, email="e" * 254, full_name="ä" * 255)
    for token, groups, kept in ((200, 10, 10), (5000, 10, 10), (5000, 5000, None)):
        many = Person(
            issuer=person.issuer, subject=person.subject, email=person.email, group_ids=tuple(range(groups))
        )
        value = Pending("id", many, "/" + "n" * 500, f"{person.issuer}\n{'t' * token}").sealed()
        assert len(value) <= cookies.MAX_VALUE
        found = pending.resume({pending.COOKIE: value}, pending.COOKIE)
        assert (None if found.person.group_ids is None else len(found.person.group_ids)) == kept
        assert (found.session_text.endswith("t")) == (token == 200)
