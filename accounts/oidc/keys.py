"""The keys a provider signs with: public ones for signatures alone, read again when a token names one that is not known.

Source: RFC 7517, OpenID Connect Core 1.0 §10.1.1 (rotation).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from accounts.oidc import asking
from accounts.oidc.discovery import Endpoints
from core.errors import ProviderUnavailable

FRESH_SECONDS: Final = 3600.0
# Tokens that name made-up keys must not make us ask the provider each time.
UNKNOWN_SECONDS: Final = 30.0
MAX_KEYS: Final = 100
MIN_RSA_BITS: Final = 2048
# What only a private key has (RFC 7518 §6), and a symmetric one.
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KINDS: Final = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_KIND_OF: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES: Final = {
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
}

PublicKey = RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class Keys:
    """All public keys of one provider that may have signed an ID token, as (member `kid` or "", what it may sign with, key)."""

    listed: tuple[tuple[str, str, PublicKey], ...]
    read_at: float

    def fitting(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of that name, or the only one of its kind for a token that names none; None for none or several."""
        found = [
            key
            for name, only, key in self.listed
            if only in ("", algorithm) and _signs(key, algorithm) and kid in ("", name)
        ]
        return found[0] if len(found) == 1 else None


_Place = tuple[str, bool]

_lock = threading.Lock()
_known: dict[_Place, Keys] = {}


def find(endpoints: Endpoints, kid: str, algorithm: str, *, certificates_checked: bool) -> PublicKey | None:
    """The key a token says it is signed with. Raises ProviderUnavailable when the keys cannot be read."""
    place = (endpoints.keys, certificates_checked)
    known = _known.get(place)
    if known is None or _age(known) > FRESH_SECONDS:
        known = _read_again(place, known)
    found = known.fitting(kid, algorithm)
    if found is None and _age(known) > UNKNOWN_SECONDS:
        found = _read_again(place, known).fitting(kid, algorithm)
    return found


def forget() -> None:
    """For tests."""
    _known.clear()


def read(url: str, *, certificates_checked: bool) -> Keys:
    """As asked for now. Raises ProviderUnavailable."""
    reply = asking.get(url, certificates_checked=certificates_checked)
    reply.require_success("its keys")
    return parse(reply.members)


def parse(document: Mapping[str, Any]) -> Keys:
    """Keys that cannot have signed an ID token are left out. Raises ProviderUnavailable when none is left."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise ProviderUnavailable("the provider's keys are no JWK set", hint="check the provider's jwks_uri")
    found = [key for each in listed[:MAX_KEYS] if (key := _key(each)) is not None]
    if not found:
        raise ProviderUnavailable(
            "the provider publishes no public key that signs", hint="check its jwks_uri"
        )
    return Keys(tuple(found), time.monotonic())


def _age(keys: Keys) -> float:
    return time.monotonic() - keys.read_at


def _read_again(place: _Place, before: Keys | None) -> Keys:
    with asking.one_asks(_lock):
        known = _known.get(place)
        if known is None or known is before:
            known = _known[place] = read(place[0], certificates_checked=place[1])
        return known


def _key(jwk: Any) -> tuple[str, str, PublicKey] | None:
    """Of one member of a JWK set; None for what is not a public key that signs.

    A private key in public is a secret that everybody has: what it signs proves nothing.
    """
    if not isinstance(jwk, dict) or str(jwk.get("kty")) not in _KINDS or _PRIVATE & set(jwk):
        return None
    if jwk.get("use", "sig") != "sig":
        return None
    kid, only = jwk.get("kid", ""), jwk.get("alg", "")
    if not isinstance(kid, str) or not isinstance(only, str) or _is_short(jwk):
        return None
    try:
        key = import_key(
            {name: value for name, value in jwk.items() if name not in ("use", "key_ops", "alg")}
        )
    except (JoseError, TypeError, ValueError, KeyError):
        return None
    return (kid, only, key) if isinstance(key, RSAKey | ECKey | OKPKey) else None


def _is_short(jwk: Mapping[str, Any]) -> bool:
    """RFC 7518 §3.3: RSA keys have 2048 bits or more."""
    modulus = jwk.get("n")
    return jwk["kty"] == "RSA" and (not isinstance(modulus, str) or len(modulus) * 6 < MIN_RSA_BITS)


def _signs(key: PublicKey, algorithm: str) -> bool:
    if _KIND_OF.get(algorithm[:2]) != key.key_type:
        return False
    return algorithm not in _CURVES or key.as_dict(private=False).get("crv") == _CURVES[algorithm]
