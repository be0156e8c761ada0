"""ID tokens: believed when signed by the provider, for us, now, and for this very sign-in.

Source: OpenID Connect Core 1.0 §3.1.3.7, RFC 8725. Authlib checks the claims, joserfc the signature, with the key we chose by
the algorithms we take; nothing in the token's own header chooses another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from accounts.oidc import keys
from accounts.oidc.discovery import Endpoints
from accounts.oidc.exchange import AGAIN, Tokens
from accounts.oidc.settings import ProviderSettings
from core.errors import ManifestInvalid, SignInRefused
from core.oci.quoting import quoted
from core.oci.strict_json import parse_json

LEEWAY_SECONDS: Final = 60
MAX_SUBJECT: Final = 255
MAX_TOKEN: Final = 128 * 1024
# What checking claims of any JSON type may stumble over.
_STUMBLES: Final = (JoseError, TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError)


class _Registry(JWSRegistry):
    """Takes headers with members it does not know (providers add their own), but none that is critical."""

    max_header_length = 4096

    def get_alg(self, name: str) -> Any:
        """As the base does, without the warning that the name EdDSA has a successor."""
        if name not in (self.allowed or ()):
            raise ValueError("an algorithm that is not taken here")
        return self.algorithms[name]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the sign-in was begun with. `max_age`: seconds the proof may be old at the most, None for any age; `begun_at`: when
    the browser was sent away, in seconds of the epoch."""

    nonce: str
    begun_at: float = 0.0
    max_age: int | None = None


def claims_of(
    settings: ProviderSettings, endpoints: Endpoints, tokens: Tokens, expected: Expected
) -> Mapping[str, Any]:
    """The claims of a token that proves somebody. Raises SignInRefused, ProviderUnavailable when the keys cannot be read."""
    header, payload = _verified(settings, endpoints, tokens.id_token)
    try:
        claims = parse_json(payload)
    except ManifestInvalid as invalid:
        raise _refusal(f"its claims are no JSON as it should be: {invalid.message}") from None
    if not isinstance(claims, dict):
        raise _refusal("its claims are no JSON object")
    params = {"nonce": expected.nonce, "client_id": settings.client_id, "access_token": tokens.access_token}
    _check(settings, header, claims, params)
    _check_age(claims, expected)
    return claims


def _verified(
    settings: ProviderSettings, endpoints: Endpoints, token: str
) -> tuple[Mapping[str, Any], bytes]:
    """Header and payload of a token whose signature is the provider's."""
    if not token.isascii() or len(token) > MAX_TOKEN or token.count(".") != 2:
        raise _refusal("it is no signed token")
    registry = _Registry(algorithms=sorted(endpoints.algorithms), strict_check_header=False)
    try:
        header = jws.extract_compact(token.encode(), None, registry).headers()
        algorithm, kid = header.get("alg"), header.get("kid", "")
    except _STUMBLES:
        raise _refusal("its header cannot be read") from None
    if not isinstance(algorithm, str) or algorithm not in endpoints.algorithms:
        raise _refusal(
            f"it is signed with {quoted(str(algorithm))}, which the provider does not list or nobody may use"
        )
    key = keys.find(endpoints, str(kid), algorithm, certificates_checked=settings.certificates_checked)
    if key is None:
        raise _refusal(f"no key of the provider fits it (kid {quoted(str(kid))}, {algorithm})")
    try:
        found = jws.deserialize_compact(token.encode(), key, registry=registry)
        return found.headers(), bytes(found.payload or b"")
    except _STUMBLES as error:
        raise _refusal(f"its signature is wrong ({type(error).__name__})") from None


def _check(
    settings: ProviderSettings,
    header: Mapping[str, Any],
    claims: dict[str, Any],
    params: dict[str, str],
) -> None:
    options = {
        "iss": {"essential": True, "value": settings.issuer},
        "aud": {"essential": True, "value": settings.client_id},
    }
    # Authlib hashes by the name of the algorithm, and knows this one by its former name (RFC 9864).
    algorithm = "EdDSA" if header["alg"] == "Ed25519" else header["alg"]
    found = CodeIDToken(claims, {"alg": algorithm}, options=options, params=params)
    try:
        found.validate(int(time.time()), LEEWAY_SECONDS)
    except _STUMBLES as error:
        raise _refusal(_said(error, claims, settings)) from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise _refusal(f"its sub is no text of 1 to {MAX_SUBJECT} printable characters")


def _said(error: Exception, claims: Mapping[str, Any], settings: ProviderSettings) -> str:
    wrong = getattr(error, "claim_name", "") or getattr(error, "claim", "")
    if wrong in ("exp", "iat", "nbf"):
        return f"its {wrong} does not go with this machine's clock: compare the clocks (wharf oidc test)"
    if wrong == "aud":
        return f"it is for {quoted(str(claims.get('aud')))}, not for {quoted(settings.client_id)} (oidc_client_id)"
    return f"its {wrong} is wrong" if wrong else f"a claim is wrong ({type(error).__name__})"


def _check_age(claims: Mapping[str, Any], expected: Expected) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: with max_age, auth_time must be there."""
    if expected.max_age is None:
        return
    proven_at = claims.get("auth_time")
    if not isinstance(proven_at, int | float) or isinstance(proven_at, bool):
        raise _refusal("it does not say when the person proved himself (auth_time)")
    if proven_at < expected.begun_at - expected.max_age - LEEWAY_SECONDS:
        raise SignInRefused(
            "the sign-in service did not ask you anew: begin once more",
            reason="the provider ignores prompt=login and max_age: the person proved himself earlier",
        )


def _refusal(reason: str) -> SignInRefused:
    return SignInRefused(AGAIN, reason=f"the ID token is not accepted: {reason}")
