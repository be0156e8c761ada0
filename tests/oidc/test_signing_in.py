"""Signing in at a provider that does as it should."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.models import Identity, Source, User
from accounts.services import sessions
from accounts.services.provided import account_of
from tests.oidc.provider import CLIENT, SECRET, Provider
from tests.oidc.visitor import Configure, Visitor, refusals
from tests.people import make_user, unique

pytestmark = pytest.mark.django_db


def test_the_browser_is_sent_with_everything_the_answer_is_checked_by(provider: Provider, visitor: Visitor):
    url = visitor.begin()
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == ["http://testserver/c/oidc/callback"]
    assert asked["client_id"] == [CLIENT]
    assert asked["scope"] == ["openid profile email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43
    other = parse_qs(urlsplit(Visitor().begin()).query)
    assert all(asked[name] != other[name] for name in ("state", "nonce", "code_challenge"))


def test_the_cookie_of_an_attempt_tells_nobody_anything(provider: Provider, visitor: Visitor):
    asked = parse_qs(urlsplit(visitor.begin()).query)
    (name,) = visitor.pending_cookies()
    cookie = visitor.client.cookies[name]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 600)
    assert asked["state"][0] not in name + cookie.value
    assert asked["nonce"][0] not in cookie.value


def test_who_is_new_chooses_a_name_and_is_signed_in(provider: Provider, visitor: Visitor):
    name = unique("ann")
    provider.person |= {"preferred_username": name, "name": "Ann Other", "email": "ann@example.org"}
    assert visitor.sign_in(provider, "/p/team")["Location"] == "/auth/onboard"
    assert visitor.pending_cookies() == []
    page = visitor.client.get("/auth/onboard")
    assert page.context["name"] == name
    assert "Ann Other" in page.content.decode()
    answer = visitor.onboard(name)
    assert (answer.status_code, answer["Location"]) == (303, "/p/team")
    user = visitor.user
    assert (user.username, user.email, user.full_name) == (name, "ann@example.org", "Ann Other")
    assert (user.source, user.has_usable_password(), user.is_admin) == (Source.OIDC, False, False)
    identity = Identity.objects.get(user=user)
    assert (identity.issuer, identity.subject) == (provider.issuer, provider.person["sub"])
    assert visitor.client.cookies["wharf_onboard"].value == ""


def test_who_is_known_is_signed_in_at_once(provider: Provider, visitor: Visitor):
    visitor.sign_in(provider)
    visitor.onboard(unique("ann"))
    again = Visitor()
    assert again.sign_in(provider, "/p/team?tab=members")["Location"] == "/p/team?tab=members"
    assert again.user == visitor.user
    assert again.session is not None
    assert again.session.auth == "oidc"
    assert sessions.opened(again.session).startswith(f"{provider.issuer}\ney")


def test_an_account_is_made_at_once_where_that_is_set(
    provider: Provider, visitor: Visitor, configure: Configure
):
    configure(oidc_auto_onboard=True)
    assert visitor.sign_in(provider, "/")["Location"] == "/"
    assert visitor.user.username == provider.person["preferred_username"]


def test_the_claim_that_is_set_names_the_account(provider: Provider, visitor: Visitor, configure: Configure):
    configure(oidc_auto_onboard=True, oidc_user_claim="upn")
    provider.person["upn"] = unique("upn")
    visitor.sign_in(provider)
    assert visitor.user.username == provider.person["upn"]


@pytest.mark.parametrize("name", ["a b", "robot$x", "", None, "x" * 300, 7, ["a"], "a\x00b", "\ud800"])
def test_a_name_that_cannot_be_one_is_asked_for(
    provider: Provider, visitor: Visitor, configure: Configure, name: object
):
    configure(oidc_auto_onboard=True)
    provider.person |= {"preferred_username": name, "email": f"{unique('mail')}@example.org"}
    assert visitor.sign_in(provider)["Location"] == "/auth/onboard"
    page = visitor.client.get("/auth/onboard")
    assert page.status_code == 200
    assert " " not in page.context["name"]
    assert "$" not in page.context["name"]


def test_a_name_that_is_taken_links_nobody_and_is_told_at_once(
    provider: Provider, visitor: Visitor, configure: Configure
):
    configure(oidc_auto_onboard=True)
    victim = make_user("victim")
    provider.person["preferred_username"] = victim.username.upper()
    assert visitor.sign_in(provider)["Location"] == "/auth/onboard"
    page = visitor.client.get("/auth/onboard")
    assert "is taken here" in page.content.decode()
    assert page.context["name"] == f"{victim.username.upper()}2"
    refused = visitor.onboard(victim.username)
    assert refused.status_code == 422
    assert "is taken here: choose another name" in refused.content.decode()
    assert visitor.onboard(unique("other")).status_code == 303
    assert visitor.user != victim


@pytest.mark.parametrize("claim", ["email", "preferred_username"])
def test_what_somebody_is_called_leads_to_nobody_elses_account(
    provider: Provider, visitor: Visitor, configure: Configure, claim: str
):
    """Mastodon GHSA-vm39-j3vx-pch3: a provider that lets people choose their address lets them choose an account."""
    configure(oidc_auto_onboard=True)
    victim, thief = dict(provider.person), {"sub": unique("sub"), "preferred_username": unique("thief")}
    victim["email"] = f"{unique('victim')}@example.org"
    provider.person = victim
    visitor.sign_in(provider)
    provider.person = {**thief, "email": unique("x") + "@example.org", claim: victim[claim]}
    other = Visitor()
    other.sign_in(provider)
    if other.session is None:
        other.onboard(unique("thief"))
    assert other.user != visitor.user


def test_mail_and_full_name_follow_and_the_user_name_stays(provider: Provider, visitor: Visitor):
    visitor.sign_in(provider)
    chosen = unique("chosen")
    visitor.onboard(chosen)
    provider.person |= {"email": "new@example.org", "name": "New Name", "preferred_username": unique("new")}
    Visitor().sign_in(provider)
    user = visitor.user
    assert (user.username, user.email, user.full_name) == (chosen, "new@example.org", "New Name")
    del provider.person["email"]
    Visitor().sign_in(provider)
    assert User.objects.get(pk=user.pk).email == "new@example.org"


def test_an_address_the_provider_has_not_verified_is_not_shown_as_somebodys(
    provider: Provider, visitor: Visitor
):
    provider.person |= {"email": "ceo@example.org", "email_verified": False}
    visitor.sign_in(provider)
    visitor.onboard(unique("ann"))
    assert visitor.user.email == ""


def test_userinfo_tells_what_the_token_leaves_out(provider: Provider, visitor: Visitor, configure: Configure):
    configure(oidc_auto_onboard=True)
    provider.person["name"] = "By Token"
    provider.userinfo = {"email": "info@example.org", "name": "By Userinfo"}
    visitor.sign_in(provider)
    assert (visitor.user.email, visitor.user.full_name) == ("info@example.org", "By Token")


def test_userinfo_is_not_asked_for_what_is_known(provider: Provider, visitor: Visitor):
    provider.person |= {"email": "a@example.org", "name": "A"}
    visitor.sign_in(provider)
    assert "/userinfo" not in provider.asked


def test_a_closed_account_stays_closed(provider: Provider, visitor: Visitor):
    visitor.sign_in(provider)
    visitor.onboard(unique("ann"))
    user = visitor.user
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = Visitor().sign_in(provider)
    assert answer.status_code == 403
    assert "disabled" not in answer.content.decode()
    assert refusals()[0] == f"the account {user.username} is disabled"


def test_a_confidential_client_proves_itself_as_the_provider_lists(
    provider: Provider, visitor: Visitor, configure: Configure
):
    visitor.sign_in(provider)
    assert provider.authorizations == [provider.authorizations[0]]
    assert provider.authorizations[0].startswith("Basic ")
    assert "client_secret" not in provider.forms[0]
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    forget()
    Visitor().sign_in(provider)
    assert provider.authorizations[1] == ""
    assert provider.forms[1]["client_secret"] == SECRET
    configure(oidc_client_secret="")
    Visitor().sign_in(provider)
    assert provider.authorizations[2] == ""
    assert "client_secret" not in provider.forms[2]
    assert provider.forms[2]["client_id"] == CLIENT


def forget() -> None:
    from accounts.oidc import discovery

    discovery.forget()


def test_an_account_made_local_is_the_provider_s_no_more(provider: Provider, visitor: Visitor):
    from accounts.services.identities import migrate_to_local
    from tests.people import SYSTEM

    visitor.sign_in(provider)
    visitor.onboard(unique("ann"))
    migrate_to_local(SYSTEM, visitor.user, "correct Horse battery 1")
    assert account_of(provider.issuer, provider.person["sub"]) is None
    assert visitor.session is None


def test_without_a_provider_nobody_is_sent_anywhere(visitor: Visitor):
    assert visitor.client.get("/c/oidc/login").status_code == 404
