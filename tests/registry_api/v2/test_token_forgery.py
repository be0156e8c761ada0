"""Tokens that this registry did not sign, or not like that: each is a 401 that makes clients fetch a new one."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from accounts import signing_keys
from tests.registry_api.client import World
from tests.registry_api.tokens import (
    altered,
    by_key,
    by_public_key_as_secret,
    genuine,
    joined,
    payload,
    unsigned,
)

Forger = Callable[[str], str]
OWN = ec.generate_private_key(ec.SECP256R1())
JWK = signing_keys._jwk(OWN.public_key())
NO_NUMBERS: list[object] = ["x", None, [], -1, 1.5, 2**63, 10**400]
DEEP = b"[" * 8000


def now() -> int:
    return int(time.time())


def without(*claims: str) -> Forger:
    return lambda token: altered(token, without=claims)


def header(**changes: object) -> Forger:
    return lambda token: altered(token, header=changes)


def foreign(**changes: object) -> Forger:
    """Signed by a key of the attacker's, which the header may even bring along."""
    return lambda token: altered(token, header=changes, sign=by_key(OWN))


def private(**changes: object) -> Forger:
    """With another private claim."""
    return lambda token: altered(token, wharf=payload(token)["wharf"] | changes)


CORPUS: dict[str, Forger] = {
    "alg none, no signature": lambda t: altered(t, header={"alg": "none"}, sign=unsigned),
    "alg None, old signature": lambda t: altered(t, header={"alg": "None"}),
    "alg missing": header(alg=None),
    "alg a number": header(alg=256),
    "HS256 keyed by the public key": lambda t: altered(
        t, header={"alg": "HS256"}, sign=by_public_key_as_secret(Encoding.PEM)
    ),
    "HS256 keyed by the public key's DER": lambda t: altered(
        t, header={"alg": "HS256"}, sign=by_public_key_as_secret(Encoding.DER)
    ),
    "ES256 claimed, HMAC inside": lambda t: altered(t, sign=by_public_key_as_secret(Encoding.PEM)),
    "ES384 claimed": header(alg="ES384"),
    "signed by another key": foreign(),
    "unknown key id": foreign(kid=signing_keys.thumbprint(JWK)),
    "key id missing": header(kid=None),
    "key id a list": header(kid=["a"]),
    "key id a path": foreign(kid="../../../../dev/null"),
    "key embedded": foreign(jwk=JWK),
    "key embedded, own id": foreign(jwk=JWK, kid=signing_keys.thumbprint(JWK)),
    "key embedded, ours": header(jwk={}),
    "key by URL": foreign(jku="http://127.0.0.1/keys"),
    "certificate embedded": foreign(x5c=["MII="]),
    "certificate by URL": header(x5u="http://127.0.0.1/cert"),
    "critical extension": header(crit=["exp"]),
    "critical extension, known": header(crit=["b64"], b64=True),
    "signature cut off": lambda t: t.rsplit(".", 1)[0] + ".",
    "signature changed": lambda t: t[:-6] + ("AAAAAA" if t[-6:] != "AAAAAA" else "BBBBBB"),
    "signature of zeros": lambda t: altered(t, sign=lambda _signed: bytes(64)),
    "other audience": lambda t: altered(t, aud="another-registry"),
    "audience among others": lambda t: altered(t, aud=["wharf-registry", "another"]),
    "other issuer": lambda t: altered(t, iss="somebody"),
    "valid in ten minutes": lambda t: altered(t, nbf=now() + 600),
    "issued in ten minutes": lambda t: altered(t, iat=now() + 600),
    "expired": lambda t: altered(t, exp=now() - 61),
    "expiry no number": lambda t: altered(t, exp="never"),
    "expiry huge": lambda t: altered(t, exp=10**400),
    **{
        f"without {claim}": without(claim)
        for claim in ("exp", "nbf", "iat", "iss", "aud", "sub", "jti", "access", "wharf")
    },
    "subject a number": lambda t: altered(t, sub=1),
    "access no list": lambda t: altered(t, access={"type": "repository"}),
    "access of strings": lambda t: altered(t, access=["repository"]),
    "access null": lambda t: altered(t, access=None),
    "private claim a string": lambda t: altered(t, wharf="user"),
    "unknown kind of principal": lambda t: altered(t, wharf=payload(t)["wharf"] | {"kind": "god"}),
    "epoch missing": lambda t: altered(t, wharf={"kind": "user", "id": 1, "projects": {}}),
    **{
        f"{member} {value!r:.12}": private(**{member: value})
        for member in ("id", "epoch", "key")
        for value in NO_NUMBERS
    },
    "key of another user": private(key=2**62),
    "another epoch": private(epoch=2**62),
    "a robot of a user's id": private(kind="robot"),
    "projects a list": lambda t: altered(t, wharf=payload(t)["wharf"] | {"projects": []}),
    "projects of numbers": lambda t: altered(t, wharf=payload(t)["wharf"] | {"projects": {"a": 1}}),
    "claims no object": lambda _t: joined(
        {"alg": "ES256", "kid": signing_keys.keyset().kid}, b"[]", by_key(signing_keys.keyset().private)
    ),
    "claims nested deeply": lambda _t: joined(
        {"alg": "ES256", "kid": signing_keys.keyset().kid}, DEEP, by_key(signing_keys.keyset().private)
    ),
    "header no object": lambda _t: "W10.e30.AAAA",
    "header nested deeply": lambda _t: "W1tb" * 2000 + ".e30.AAAA",
    "five parts": lambda t: t + ".a.b",
    "one part": lambda t: t.replace(".", ""),
    "payload of another token": lambda t: ".".join(
        [t.split(".")[0], altered(t, sub="admin").split(".")[1], t.split(".")[2]]
    ),
}


@pytest.fixture(scope="module")
def world(registry, django_db_blocker):
    """One project for the whole corpus: no token here changes anything."""
    with django_db_blocker.unblock():
        yield World.make(registry)


def test_a_token_signed_anew_with_nothing_changed_is_as_good_as_before(world: World) -> None:
    token = altered(genuine(world.guest))
    answer = world.registry.request("GET", "/v2/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("forgery", CORPUS)
def test_a_forged_token_is_invalid_on_every_route(world: World, forgery: str) -> None:
    """Case 3."""
    name = world.name()
    token = CORPUS[forgery](genuine(world.guest, f"repository:{name}:pull"))
    for path in ("/v2/", f"/v2/{name}/tags/list", f"/v2/{name}/manifests/latest"):
        answer = world.registry.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert ',error="invalid_token"' in answer.headers["WWW-Authenticate"]
