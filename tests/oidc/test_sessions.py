"""What comes after signing in: proving oneself again, and signing out at the provider too."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts import oidc
from accounts.models import WebSession
from accounts.services import sessions
from tests.oidc.provider import Answer, Provider
from tests.oidc.visitor import Configure, Visitor, refusals
from tests.people import unique

pytestmark = pytest.mark.django_db
HERE = "https://wharf.example"


@pytest.fixture
def signed_in(provider: Provider, visitor: Visitor, configure: Configure) -> Visitor:
    configure(oidc_auto_onboard=True)
    visitor.sign_in(provider)
    # Long ago.
    WebSession.objects.filter(user=visitor.user).update(confirmed_at="2020-01-01T00:00:00Z")
    assert visitor.session is not None
    assert not visitor.session.principal.confirmed
    return visitor


def test_who_proves_himself_again_is_confirmed(provider: Provider, signed_in: Visitor):
    url = signed_in.begin("/p/team", confirm="1")
    asked = parse_qs(urlsplit(url).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    before = signed_in.session
    answer = signed_in.finish(provider.authorize(url))
    assert (answer.status_code, answer["Location"]) == (303, "/p/team")
    assert before is not None
    assert signed_in.session is not None
    assert signed_in.session.id == before.id
    assert signed_in.session.principal.confirmed
    assert signed_in.session.key != before.key


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"auth_time": ...}, "it does not say when the person proved himself"),
        ({"auth_time": 1_600_000_000}, "the provider ignores prompt=login"),
        ({"auth_time": True}, "it does not say when"),
        ({"auth_time": "now"}, "auth_time"),
    ],
)
def test_a_provider_that_does_not_ask_anew_confirms_nobody(
    provider: Provider, signed_in: Visitor, claims: dict[str, object], why: str
):
    provider.claims = claims
    assert signed_in.sign_in(provider, confirm="1").status_code == 403
    assert why in refusals()[0]
    assert signed_in.session is not None
    assert not signed_in.session.principal.confirmed


def test_another_person_confirms_nobody(provider: Provider, signed_in: Visitor):
    provider.person = {"sub": unique("sub"), "preferred_username": unique("bob")}
    answer = signed_in.sign_in(provider, confirm="1")
    assert answer.status_code == 403
    assert "have proved to be somebody else" in answer.content.decode()
    assert signed_in.session is not None
    assert not signed_in.session.principal.confirmed


def test_a_session_that_ended_meanwhile_is_not_confirmed(provider: Provider, signed_in: Visitor):
    answer = provider.authorize(signed_in.begin(confirm="1"))
    assert signed_in.session is not None
    sessions.end(signed_in.session)
    refused = signed_in.finish(answer)
    assert refused.status_code == 400
    assert signed_in.session is None


def test_a_right_lost_at_the_confirmation_leaves_one_signed_in(
    provider: Provider, signed_in: Visitor, configure: Configure
):
    configure(oidc_groups_claim="groups", oidc_admin_group="admins")
    provider.person["groups"] = ["admins"]
    signed_in.client.cookies.clear()
    signed_in.sign_in(provider)
    provider.person["groups"] = []
    assert signed_in.sign_in(provider, confirm="1").status_code == 303
    assert signed_in.session is not None
    assert not signed_in.session.principal.is_admin


def test_nobody_is_confirmed_without_a_session(provider: Provider, visitor: Visitor):
    answer = visitor.client.get("/c/oidc/login?confirm=1&next=/p/x")
    assert (answer.status_code, answer["Location"]) == (303, "/auth/login?next=%2Fp%2Fx")


def test_signing_out_leads_to_the_provider_where_that_is_set(
    provider: Provider, signed_in: Visitor, configure: Configure
):
    assert signed_in.session is not None
    text = sessions.opened(signed_in.session)
    assert oidc.logout_url(text, HERE) is None
    configure(oidc_logout=True)
    url = oidc.logout_url(text, HERE)
    assert url is not None
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{provider.issuer}/logout?")
    assert asked["post_logout_redirect_uri"] == [f"{HERE}/auth/login"]
    assert asked["id_token_hint"] == [text.partition("\n")[2]]
    page = signed_in.client.post("/auth/logout").content.decode()
    assert f"{provider.issuer}/logout?" in page
    assert signed_in.session is None


def test_a_session_of_another_method_or_provider_leads_nowhere(provider: Provider, configure: Configure):
    configure(oidc_logout=True)
    assert oidc.logout_url("", HERE) is None
    assert oidc.logout_url("https://former.example\ntoken", HERE) is None


def test_a_token_too_long_for_an_address_is_left_out(provider: Provider, configure: Configure):
    configure(oidc_logout=True)
    for token in ("", "x" * 9000):
        url = oidc.logout_url(f"{provider.issuer}\n{token}", HERE)
        assert url is not None
        assert "id_token_hint" not in url
        assert "client_id=wharf" in url


def test_a_provider_that_is_away_keeps_nobody_from_signing_out(
    provider: Provider, signed_in: Visitor, configure: Configure
):
    from accounts.oidc import discovery

    configure(oidc_logout=True)
    discovery.forget()
    provider.answers["/.well-known/openid-configuration"] = lambda: Answer({}, 500)
    assert signed_in.client.post("/auth/logout").status_code == 303
    assert signed_in.session is None
    discovery.forget()
    provider.answers.clear()
    provider.metadata["end_session_endpoint"] = ""
    assert oidc.logout_url(f"{provider.issuer}\nx", HERE) is None
