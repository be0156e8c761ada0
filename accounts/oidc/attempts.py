"""One attempt to sign in: where the browser is sent, and what it must come back with.

Source: OpenID Connect Core 1.0 §3.1.2, RFC 7636, RFC 9207, RFC 9700 §2.1.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from accounts.oidc import cookies
from accounts.oidc.discovery import Endpoints
from accounts.oidc.settings import ProviderSettings
from audit.detail import clean
from core.errors import SignInRefused

SECONDS: Final = 600
COOKIE: Final = "wharf_oidc_"
CALLBACK: Final = "/c/oidc/callback"
MAX_ANSWER: Final = 4096
MAX_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`session_id`: that of the session in which its user proves himself again, 0 for a sign-in. `begun_at`: epoch seconds."""

    state: str
    nonce: str
    verifier: str
    issuer: str
    redirect_uri: str
    next: str
    session_id: int = 0
    begun_at: float = 0.0

    def __repr__(self) -> str:
        return f"Attempt(issuer={self.issuer!r})"

    @classmethod
    def begin(
        cls, settings: ProviderSettings, origin_url: str, next_: str, *, session_id: int = 0
    ) -> Attempt:
        """`origin_url`: scheme and host the browser knows us by."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            issuer=settings.issuer,
            redirect_uri=origin_url + CALLBACK,
            next=next_,
            session_id=session_id,
        )

    @property
    def cookie(self) -> str:
        """The name of its cookie: each attempt has one of its own, so that two tabs do not end each other."""
        return cookie_of(self.state)

    def sealed(self) -> str:
        facts = asdict(self)
        del facts["begun_at"]
        return cookies.sealed(self.cookie, facts)

    def url(self, settings: ProviderSettings, endpoints: Endpoints) -> str:
        """Where the browser goes to. The parameters an administrator added never replace ours (config.texts)."""
        wanted = {
            **settings.extra,
            **({"prompt": "login", "max_age": "0"} if self.session_id else {}),
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(settings.scopes),
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        mark = "&" if "?" in endpoints.authorization else "?"
        return f"{endpoints.authorization}{mark}{urlencode(wanted)}"


def cookie_of(state: str) -> str:
    digest = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
    return COOKIE + digest[:24]


def resume(answer: Mapping[str, str], jar: Mapping[str, str]) -> Attempt:
    """The attempt the provider's answer belongs to, by the cookies of the browser that brings it. Raises SignInRefused."""
    state = answer.get("state", "")
    if not state or len(state) > MAX_ANSWER:
        raise cookies.missing()
    name = cookie_of(state)
    if not jar.get(name):
        raise cookies.missing()
    facts = cookies.opened(name, jar[name], seconds=SECONDS)
    attempt = Attempt(begun_at=facts.pop("at"), **facts)
    if not hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "surrogatepass")):
        raise cookies.missing()
    return attempt


def code_of(
    attempt: Attempt, answer: Mapping[str, str], settings: ProviderSettings, endpoints: Endpoints
) -> str:
    """The code in the provider's answer. Raises SignInRefused for an error it names, and for another provider's answer."""
    issuer = answer.get("iss", "")
    if attempt.issuer != settings.issuer or (issuer and issuer != attempt.issuer):
        raise _mixed_up("the answer is not that of the provider that was asked (iss)")
    if endpoints.names_issuer and not issuer:
        raise _mixed_up("the provider says that its answers name it, and this one does not (iss)")
    if "error" in answer:
        raise _refused(answer)
    code = answer.get("code", "")
    if not code or len(code) > MAX_ANSWER or not code.isprintable():
        raise SignInRefused(
            "the sign-in service sent you back without an answer: begin once more",
            reason="the answer holds no code",
            is_malformed=True,
        )
    return code


def ambiguous(name: str) -> SignInRefused:
    """The answer says something twice."""
    return _mixed_up(f"the answer holds {clean(name, 64)} twice")


def _mixed_up(reason: str) -> SignInRefused:
    """RFC 9700 §4.4."""
    return SignInRefused(
        "this is not the answer of the sign-in service that was asked: begin once more",
        reason=reason,
        is_malformed=True,
    )


def _refused(answer: Mapping[str, str]) -> SignInRefused:
    """What the provider says is for administrators: anybody can write such an address."""
    error = clean(answer["error"], 64)
    said = clean(answer.get("error_description", ""), MAX_SHOWN)
    sentences = {
        "access_denied": "the sign-in service did not let you in, or you cancelled: sign in again, or ask your administrator",
        "login_required": "the sign-in service wants you to sign in there first: begin once more",
        "temporarily_unavailable": "the sign-in service cannot take you now: try again in a moment",
    }
    text = sentences.get(error, "the sign-in service refused: tell your administrator the number below")
    return SignInRefused(text, reason=f"the provider answered {error}" + (f": {said}" if said else ""))


def facts_of(attempt: Attempt) -> dict[str, Any]:
    """What the provider's ID token must go with, for id_token.Expected."""
    return {
        "nonce": attempt.nonce,
        "begun_at": attempt.begun_at,
        "max_age": 0 if attempt.session_id else None,
    }
