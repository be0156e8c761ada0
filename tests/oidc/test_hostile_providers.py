"""A provider that is away, slow, or says what it should not: a 503, told to administrators, and nothing it leads to."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from accounts.oidc import asking, discovery
from net.safe_http import Limits
from tests.oidc.provider import Answer, Provider
from tests.oidc.visitor import Configure, Visitor, refusals

pytestmark = pytest.mark.django_db


def test_another_person_in_userinfo_is_refused(provider: Provider, visitor: Visitor):
    provider.userinfo = {"sub": "another", "email": "other@example.org"}
    assert visitor.sign_in(provider).status_code == 403
    assert "the provider's userinfo is about another person" in refusals()[0]
    assert visitor.session is None


def test_a_userinfo_that_fails_stops_nobody(provider: Provider, visitor: Visitor):
    provider.answers["/userinfo"] = lambda: Answer({}, 500)
    assert visitor.sign_in(provider)["Location"] == "/auth/onboard"


BAD = {
    "ten megabytes": Answer(b"x" * 10_000_000),
    "no JSON": Answer(b"<html>"),
    "a list": Answer([]),
    "another status": Answer({}, 500),
    "a redirect": Answer({}, 302, {"Location": "http://127.0.0.1:1/"}),
    "a deep document": Answer(b"[" * 100_000),
    "nothing": Answer(b""),
    "keys of no shape": Answer({"keys": 7, "issuer": 7}),
    "a name twice": Answer(b'{"issuer": "a", "issuer": "b"}'),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_an_answer_that_is_none_is_a_503_and_is_told_to_administrators(
    provider: Provider, visitor: Visitor, path: str, bad: str
):
    if path == "/.well-known/openid-configuration":
        provider.answers[path] = lambda: BAD[bad]
        response = visitor.client.get("/c/oidc/login")
    else:
        url = visitor.begin()
        provider.answers[path] = lambda: BAD[bad]
        response = visitor.finish(provider.authorize(url))  # type: ignore[assignment]
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "sign-in service does not answer as it should" in response.content.decode()
    assert refusals()[0].startswith("the OpenID provider: ")
    assert visitor.pending_cookies() == []


def test_a_slow_provider_is_not_waited_for(
    provider: Provider, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking, "LIMITS", Limits(connect_seconds=1, idle_seconds=0.5, total_seconds=1))
    asking._client.cache_clear()
    answer = provider.authorize(visitor.begin())

    released = threading.Event()

    def late() -> Answer:
        released.wait(60)
        return Answer({})

    provider.answers["/token"] = late
    try:
        # Before the provider's answer, which comes only afterwards.
        assert visitor.finish(answer).status_code == 503
        assert "stopped sending" in refusals()[0]
    finally:
        released.set()
        asking._client.cache_clear()


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "https://evil.example"}, "the discovery document is that of another issuer"),
        ({"token_endpoint": "http://evil.example/token"}, "token_endpoint is no https:// address"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint is no https:// address"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri is no https:// address"),
        ({"token_endpoint": 7}, "names no token_endpoint"),
        ({"authorization_endpoint": "https://a\r\nSet-Cookie: x=y"}, "is no https:// address"),
        ({"token_endpoint": "https://u:p@127.0.0.1/"}, "is no https:// address"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "none of the algorithms"),
        ({"token_endpoint": "https://169.254.169.254/latest"}, "no public address"),
        ({"token_endpoint": "https://127.0.0.1:1/token"}, "port 1 is not one of those allowed"),
    ],
)
def test_a_discovery_document_leads_nowhere_it_should_not(
    provider: Provider, visitor: Visitor, metadata: dict[str, object], why: str
):
    provider.metadata = dict(metadata)
    response = visitor.client.get("/c/oidc/login")
    if response.status_code == 302:
        response = visitor.finish(provider.authorize(response["Location"]))  # type: ignore[assignment]
    assert response.status_code == 503
    assert why in refusals()[0]


def test_a_provider_that_is_back_is_believed_at_once(
    provider: Provider, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(discovery, "FAILED_SECONDS", 0.0)
    provider.answers["/.well-known/openid-configuration"] = lambda: Answer({}, 502)
    assert visitor.client.get("/c/oidc/login").status_code == 503
    provider.answers.clear()
    assert visitor.begin().startswith(provider.issuer)


def test_the_parameters_an_administrator_adds_do_not_replace_ours(
    provider: Provider, visitor: Visitor, configure: Configure
):
    configure(oidc_extra_redirect_parms='{"prompt": "login", "hd": "a&b=c"}')
    asked = parse_qs(urlsplit(visitor.begin()).query)
    assert (asked["prompt"], asked["hd"]) == (["login"], ["a&b=c"])
    assert quote("a&b=c") in visitor.begin()


ODD_KEYS: list[Any] = [
    *(
        7,
        None,
        [],
        "x",
        {},
        {"kty": []},
        {"kty": "RSA"},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        {"kty": "RSA", "kid": 7},
    ),
    {"kty": "RSA", "n": "!" * 400, "e": "AQAB"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": ["P-256"], "x": "AA", "y": 7},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
    {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
]


def test_keys_nobody_can_read_stand_in_nobodys_way(provider: Provider, visitor: Visitor):
    provider.public = [*ODD_KEYS, *provider.public]
    assert visitor.sign_in(provider)["Location"] == "/auth/onboard"


@pytest.mark.parametrize("key", ODD_KEYS)
def test_keys_nobody_can_read_alone_are_none(provider: Provider, visitor: Visitor, key: object):
    provider.answers["/keys"] = lambda: Answer({"keys": [key]})
    assert visitor.sign_in(provider).status_code == 503
    assert "publishes no public key that signs" in refusals()[0]
