"""ID tokens that prove nothing: each refused, recorded, and never a 500. Source: RFC 8725, OpenID Connect Core 1.0 §3.1.3.7."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from accounts.oidc import keys
from tests.oidc.provider import ACCESS, CLIENT, Json, Provider, new_key
from tests.oidc.visitor import Visitor, refusals

pytestmark = pytest.mark.django_db


def refused(visitor: Visitor, provider: Provider, why: str) -> None:
    answer = visitor.sign_in(provider)
    text = answer.content.decode()
    assert answer.status_code == 403, text
    assert "begin it once more" in text
    # The browser is told a number, the administrator the cause.
    assert why not in text
    assert why in refusals()[0]
    assert visitor.session is None
    assert visitor.pending_cookies() == []
    assert visitor.client.get("/auth/onboard").status_code == 400


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "its iss is wrong"),
        ({"iss": ...}, "its iss is wrong"),
        ({"aud": "another"}, "it is for 'another', not for 'wharf'"),
        ({"aud": ["another"]}, "it is for"),
        ({"aud": {"wharf": 1}}, "it is for"),
        ({"aud": ...}, "it is for 'None'"),
        ({"aud": [CLIENT, "another"]}, "its azp is wrong"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "its azp is wrong"),
        ({"azp": "another"}, "its azp is wrong"),
        ({"nonce": "another"}, "its nonce is wrong"),
        ({"nonce": ...}, "its nonce is wrong"),
        ({"exp": int(time.time()) - 3600}, "its exp does not go with this machine's clock"),
        ({"exp": ...}, "its exp"),
        ({"exp": "tomorrow"}, "its exp"),
        ({"exp": True}, "its exp"),
        ({"iat": int(time.time()) + 3600}, "its iat does not go with this machine's clock"),
        ({"iat": ...}, "its iat"),
        ({"nbf": int(time.time()) + 3600}, "its nbf"),
        ({"sub": ...}, "its sub is wrong"),
        ({"sub": 7}, "its sub is wrong"),
        ({"sub": ""}, "its sub is"),
        ({"sub": "x" * 256}, "its sub is"),
        ({"sub": "a\x00b"}, "its sub is"),
        ({"sub": "\ud800"}, "its sub is"),
        ({"at_hash": "AAAA"}, "its at_hash is wrong"),
        ({"at_hash": {"a": 1}}, "is wrong"),
    ],
)
def test_claims_of_another_sign_in_prove_nothing(
    provider: Provider, visitor: Visitor, claims: Json, why: str
):
    provider.claims = claims
    refused(visitor, provider, why)


def by_secret(secret: bytes, claims: Json) -> str:
    begun = unsigned(claims, "HS256").rstrip(".")
    digest = hmac.digest(secret, begun.encode(), hashlib.sha256)
    return f"{begun}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def unsigned(claims: Json, alg: str = "none") -> str:
    parts = [json.dumps({"alg": alg}), json.dumps(claims)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


def signed_by(key: Any, **header: Any) -> Callable[[Json], str]:
    def sign(claims: Json) -> str:
        found = {"alg": "RS256", **header}
        return jws.serialize_compact(found, json.dumps(claims), key, algorithms=[found["alg"]])

    return sign


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_nobody_signed_proves_nothing(provider: Provider, visitor: Visitor, algorithm: str):
    provider.sign = lambda claims: unsigned(claims, algorithm)
    refused(visitor, provider, "it is signed with")


@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_the_public_key_is_no_secret_to_sign_with(provider: Provider, visitor: Visitor, form: str):
    """HS256 with the public key as its secret, which the provider even lists as an algorithm of its own."""
    public = provider.key.as_pem(private=False) if form == "pem" else json.dumps(provider.public[0]).encode()
    provider.sign = lambda claims: by_secret(public, claims)
    refused(visitor, provider, "it is signed with 'HS256'")


def test_a_secret_among_the_keys_signs_nothing(provider: Provider, visitor: Visitor):
    secret = OctKey.generate_key(256, {"kid": "shared"})
    provider.public.append(secret.as_dict(private=True))
    provider.sign = signed_by(secret, alg="HS256", kid="shared")
    refused(visitor, provider, "it is signed with 'HS256'")


def test_a_private_key_in_public_signs_nothing(provider: Provider, visitor: Visitor):
    everybodys = new_key("everybodys")
    provider.public.append(everybodys.as_dict(private=True))
    provider.sign = signed_by(everybodys, kid="everybodys")
    refused(visitor, provider, "no key of the provider fits it")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"kid": "made-up"},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain"},
        {"kid": "../../etc/passwd"},
    ],
)
def test_a_foreign_key_signs_nothing(provider: Provider, visitor: Visitor, header: Json):
    provider.sign = signed_by(new_key("foreign"), **({"kid": provider.key.kid} | header))
    refused(visitor, provider, "the ID token is not accepted")


def test_a_key_the_token_brings_along_signs_nothing(provider: Provider, visitor: Visitor):
    own = new_key("own")
    provider.sign = signed_by(own, kid=provider.key.kid, jwk=own.as_dict(private=False))
    refused(visitor, provider, "its signature is wrong")


def test_a_critical_header_nobody_understands_is_not_passed_over(provider: Provider, visitor: Visitor):
    header = {"alg": "RS256", "kid": provider.key.kid, "crit": ["b64"], "b64": False}
    encoded = [base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()]
    provider.sign = lambda claims: ".".join([*encoded, *provider.signed(claims).split(".")[1:]])
    refused(visitor, provider, "the ID token is not accepted")


def test_a_key_for_encryption_signs_nothing(provider: Provider, visitor: Visitor):
    other = new_key("enc")
    provider.public.append({**other.as_dict(private=False), "use": "enc"})
    provider.sign = signed_by(other, kid="enc")
    refused(visitor, provider, "no key of the provider fits it")


def test_a_weak_key_signs_nothing(provider: Provider, visitor: Visitor):
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    provider.public = [weak.as_dict(private=False), *provider.public]
    provider.sign = signed_by(weak, kid="weak")
    refused(visitor, provider, "no key of the provider fits it")


def test_an_algorithm_the_provider_does_not_list_is_not_taken(provider: Provider, visitor: Visitor):
    key = ECKey.generate_key("P-256", {"kid": "ec"})
    provider.public.append(key.as_dict(private=False))
    provider.sign = signed_by(key, alg="ES256", kid="ec")
    refused(visitor, provider, "it is signed with 'ES256', which the provider does not list")


@pytest.mark.parametrize(
    ("algorithm", "curve", "hashed"),
    [
        ("ES256", "P-256", "sha256"),
        ("ES384", "P-384", "sha384"),
        ("EdDSA", "Ed25519", "sha512"),
        ("Ed25519", "Ed25519", "sha512"),
    ],
)
def test_an_algorithm_it_lists_is_taken(
    provider: Provider, visitor: Visitor, algorithm: str, curve: str, hashed: str
):
    key = (OKPKey if curve == "Ed25519" else ECKey).generate_key(curve, {"kid": "other"})  # type: ignore[arg-type]
    digest = hashlib.new(hashed, ACCESS.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    provider.claims["at_hash"] = half
    provider.metadata["id_token_signing_alg_values_supported"] = [algorithm]
    provider.public.append(key.as_dict(private=False))
    registry = jws.JWSRegistry(algorithms=[algorithm])
    registry.get_alg = registry.algorithms.__getitem__  # type: ignore[method-assign, assignment]
    provider.sign = lambda claims: jws.serialize_compact(
        {"alg": algorithm, "kid": "other"}, json.dumps(claims), key, registry=registry
    )
    assert visitor.sign_in(provider)["Location"] == "/auth/onboard"


def test_a_new_key_is_found_without_a_restart(
    provider: Provider, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    assert visitor.sign_in(provider)["Location"] == "/auth/onboard"
    provider.key = new_key("second")
    provider.public = [provider.key.as_dict(private=False)]
    refused(Visitor(), provider, "no key of the provider fits it")
    asked = provider.asked.count("/keys")
    refused(Visitor(), provider, "no key of the provider fits it")
    assert provider.asked.count("/keys") == asked, "a made-up kid must not make us ask each time"
    monkeypatch.setattr(keys, "UNKNOWN_SECONDS", 0.0)
    assert Visitor().sign_in(provider)["Location"] == "/auth/onboard"


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "....", "e30.e30.", "é.é.é", "a.b.c.d.e", "x" * 200_000]
)
def test_what_is_no_token_proves_nothing(provider: Provider, visitor: Visitor, token: str):
    provider.sign = lambda _: token
    assert visitor.sign_in(provider).status_code in (403, 503)
    assert visitor.session is None
