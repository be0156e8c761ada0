"""Tokens read and forged: what the token service signed, with claims, headers or keys of the test's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts import signing_keys
from tests.registry_api.client import Client

Signer = Callable[[bytes], bytes]


def payload(token: str) -> dict[str, Any]:
    """The claims of a token, unchecked."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def access(token: str) -> list[dict[str, Any]]:
    """The `access` claim."""
    entries: list[dict[str, Any]] = payload(token)["access"]
    return entries


def genuine(client: Client, *scopes: str) -> str:
    return client.registry.token(*scopes, basic=client.basic)


def altered(
    token: str,
    *,
    header: dict[str, Any] | None = None,
    without: Iterable[str] = (),
    sign: Signer | None = None,
    **claims: Any,
) -> str:
    """The token with changed headers and claims, signed anew: by the registry's own key unless `sign` says how."""
    signer = sign or by_key(signing_keys.keyset().private)
    head = jwt.get_unverified_header(token) | (header or {})
    body = {name: value for name, value in (payload(token) | claims).items() if name not in set(without)}
    return joined(
        {name: value for name, value in head.items() if value is not None}, json.dumps(body).encode(), signer
    )


def joined(header: dict[str, Any], body: bytes, sign: Signer) -> str:
    signed = f"{_base64url(json.dumps(header).encode())}.{_base64url(body)}"
    return f"{signed}.{_base64url(sign(signed.encode()))}"


def by_key(key: ec.EllipticCurvePrivateKey) -> Signer:
    algorithm = jwt.get_algorithm_by_name("ES256")
    return lambda signed: algorithm.sign(signed, key)


def unsigned(_signed: bytes) -> bytes:
    return b""


def by_public_key_as_secret(encoding: Encoding) -> Signer:
    """HMAC keyed with what everybody knows: the confusion of CVE-2022-29217."""
    keys = signing_keys.keyset()
    public = keys.public[keys.kid].public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    return lambda signed: hmac.digest(public, signed, hashlib.sha256)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
