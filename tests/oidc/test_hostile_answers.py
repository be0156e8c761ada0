"""Answers that belong to no attempt, or to another: each refused with its status, recorded, and never a 500."""

from __future__ import annotations

import time

import pytest

from accounts.oidc import attempts, discovery
from tests.oidc.provider import Provider
from tests.oidc.visitor import SESSION, Configure, Visitor, refusals

pytestmark = pytest.mark.django_db
BACK = "/c/oidc/callback"


def refused(visitor: Visitor, answer: dict[str, str], why: str, status: int = 400) -> None:
    response = visitor.finish(answer)
    assert response.status_code == status, response.content
    assert why in refusals()[0]
    assert visitor.session is None
    assert SESSION not in visitor.client.cookies


def test_an_answer_without_the_cookie_is_refused(provider: Provider, visitor: Visitor):
    """Somebody's link into his own account."""
    answer = provider.authorize(visitor.begin())
    refused(Visitor(), answer, "its cookie is not there")
    assert "/token" not in provider.asked


def test_an_answer_without_its_state_is_refused(provider: Provider, visitor: Visitor):
    answer = provider.authorize(visitor.begin())
    for state in ("", "x", answer["state"][:-1], answer["state"].upper(), "x" * 5000):
        refused(visitor, {**answer, "state": state}, "its cookie is not there")
    refused(visitor, {"code": answer["code"]}, "its cookie is not there")
    assert visitor.finish(answer).status_code == 303


def test_the_cookie_of_another_attempt_is_of_no_use(provider: Provider, visitor: Visitor):
    first = provider.authorize(visitor.begin())
    second = provider.authorize(visitor.begin())
    names = {state: attempts.cookie_of(state) for state in (first["state"], second["state"])}
    jar = visitor.client.cookies
    jar[names[first["state"]]] = jar[names[second["state"]]].value
    refused(visitor, first, "its cookie was not made here, or for another sign-in")
    assert visitor.finish(second).status_code == 303


@pytest.mark.parametrize("value", ["x", "gAAAAA" + "A" * 200, "é", "{}"])
def test_a_cookie_nobody_sealed_is_refused(provider: Provider, visitor: Visitor, value: str):
    answer = provider.authorize(visitor.begin())
    visitor.client.cookies[attempts.cookie_of(answer["state"])] = value
    refused(visitor, answer, "its cookie")


def test_two_tabs_do_not_end_each_other_and_old_ones_make_room(provider: Provider, visitor: Visitor):
    urls = [visitor.begin(f"/p/{number}") for number in range(6)]
    assert len(visitor.pending_cookies()) == 3
    answers = [visitor.finish(provider.authorize(url)).status_code for url in urls]
    assert answers[-1] == 303
    assert sorted(answers) == [303, 303, 303, 400, 400, 400]


def test_an_attempt_is_over_after_ten_minutes(
    provider: Provider, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    answer = provider.authorize(visitor.begin())
    later = time.time() + attempts.SECONDS + 1
    with monkeypatch.context() as patched:
        patched.setattr("accounts.oidc.cookies.time.time", lambda: later)
        refused(visitor, answer, "its cookie is too old")


def test_an_answer_serves_once(provider: Provider, visitor: Visitor):
    answer = provider.authorize(visitor.begin())
    kept = {name: each.value for name, each in visitor.client.cookies.items()}
    assert visitor.finish(answer).status_code == 303
    refused(visitor, answer, "its cookie is not there")
    thief = Visitor()
    for name, value in kept.items():
        thief.client.cookies[name] = value
    refused(thief, answer, "the provider refuses the code (invalid_grant: no such code)", 403)


def test_a_code_of_another_browser_is_worth_nothing(provider: Provider, visitor: Visitor):
    """PKCE: a stolen code goes with the verifier of the browser it was given to."""
    stolen = provider.authorize(Visitor().begin())
    own = provider.authorize(visitor.begin())
    refused(visitor, {**own, "code": stolen["code"]}, "the provider refuses the code", 403)


@pytest.mark.parametrize("issuer", ["https://evil.example", "", "http://127.0.0.1"])
def test_an_answer_of_another_provider_is_refused(provider: Provider, visitor: Visitor, issuer: str):
    """RFC 9207: the mix-up."""
    provider.metadata["authorization_response_iss_parameter_supported"] = True
    answer = provider.authorize(visitor.begin(), iss=issuer)
    refused(visitor, answer, "(iss)")
    assert "/token" not in provider.asked


def test_an_answer_that_names_the_right_issuer_is_taken(provider: Provider, visitor: Visitor):
    provider.metadata["authorization_response_iss_parameter_supported"] = True
    assert visitor.finish(provider.authorize(visitor.begin(), iss=provider.issuer)).status_code == 303


def test_a_provider_changed_meanwhile_is_told_nothing(
    provider: Provider, visitor: Visitor, configure: Configure
):
    answer = provider.authorize(visitor.begin())
    configure(oidc_endpoint="https://other.example", oidc_client_secret="another")
    discovery._known[("https://other.example", True)] = discovery._known[(provider.issuer, True)]
    refused(visitor, answer, "not that of the provider that was asked")


def test_an_error_of_the_provider_is_a_sentence(provider: Provider, visitor: Visitor):
    state = provider.authorize(visitor.begin())["state"]
    said = {"state": state, "error": "access_denied", "error_description": "<b>no</b>\x00\nway"}
    response = visitor.finish(said)
    text = response.content.decode()
    assert response.status_code == 403
    assert "did not let you in" in text
    assert "way" not in text
    assert refusals()[0].startswith("the provider answered access_denied: <b>no</b>")
    assert visitor.pending_cookies() == []


@pytest.mark.parametrize(
    "query", ["state=a&state=b&code=c", "code=a&code=b&state=c", "", "%", "state=%00&code=%ff"]
)
def test_a_made_up_answer_is_refused(provider: Provider, visitor: Visitor, query: str):
    assert visitor.client.get(f"{BACK}?{query}").status_code == 400


def test_an_answer_without_a_code_is_refused(provider: Provider, visitor: Visitor):
    state = provider.authorize(visitor.begin())["state"]
    refused(visitor, {"state": state}, "the answer holds no code")


@pytest.mark.parametrize("method", ["post", "head", "put", "delete"])
def test_only_a_get_is_an_answer(provider: Provider, visitor: Visitor, method: str):
    visitor.begin()
    answer = getattr(visitor.client, method)(BACK)
    assert answer.status_code in (403, 405)


@pytest.mark.parametrize(
    "next_",
    [
        "//evil",
        "/\\evil",
        "https:evil",
        "https://evil",
        "\\\\evil",
        "/\t/evil",
        "javascript:alert(1)",
        "evil",
        "///evil",
        "/%09/evil\n",
        "http:///evil",
        "x" * 5000,
        "/" + "x" * 5000,
    ],
)
def test_nobody_is_sent_to_another_host_afterwards(
    provider: Provider, visitor: Visitor, configure: Configure, next_: str
):
    configure(oidc_auto_onboard=True)
    answer = visitor.sign_in(provider, next_)
    assert answer.status_code == 303
    assert answer["Location"] == "/"
