"""The code a browser brings becomes tokens. Source: OpenID Connect Core 1.0 §3.1.3, RFC 6749 §2.3.1, RFC 7636."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from accounts.oidc import asking, discovery
from accounts.oidc.asking import Reply
from accounts.oidc.discovery import Endpoints
from accounts.oidc.settings import ProviderSettings
from audit.detail import clean
from core.errors import ProviderUnavailable, SignInRefused

AGAIN: Final = "this sign-in could not be completed: begin it once more"
_ERROR = re.compile(r"[a-z_]{1,64}", re.ASCII)
_HINTS: Final = {
    "invalid_client": "check oidc_client_id and oidc_client_secret, and how the provider lets this client prove itself",
    "unauthorized_client": "allow this client the authorization code flow at the provider",
    "invalid_request": "see the provider's log",
}
MAX_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was worth."""

    id_token: str
    access_token: str = ""

    def __repr__(self) -> str:
        return "Tokens(…)"


def redeem(
    settings: ProviderSettings, endpoints: Endpoints, *, code: str, verifier: str, redirect_uri: str
) -> Tokens:
    """Raises SignInRefused for a code that is worth nothing (used, of another browser), ProviderUnavailable."""
    try:
        reply = _asked(settings, endpoints, _Code(code, verifier, redirect_uri))
    except ProviderUnavailable:
        discovery.doubt(settings)
        raise
    return _tokens(settings, reply)


def error_of(
    settings: ProviderSettings, endpoints: Endpoints, *, code: str, verifier: str, redirect_uri: str
) -> str:
    """What RFC 6749 §5.2 calls the provider's refusal, "" for none. Raises ProviderUnavailable."""
    reply = _asked(settings, endpoints, _Code(code, verifier, redirect_uri))
    return "" if reply.status == 200 else _name(reply.members.get("error"))


@dataclass(frozen=True, slots=True)
class _Code:
    code: str
    verifier: str
    redirect_uri: str


def _asked(settings: ProviderSettings, endpoints: Endpoints, brought: _Code) -> Reply:
    form = {
        "grant_type": "authorization_code",
        "code": brought.code,
        "redirect_uri": brought.redirect_uri,
        "code_verifier": brought.verifier,
    }
    secret = settings.client_secret.get_secret_value()
    basic = None
    if secret and "client_secret_basic" in endpoints.client_methods:
        # Each is form-encoded first (RFC 6749 §2.3.1), so that a colon in the name ends nothing.
        basic = (quote(settings.client_id, safe=""), quote(secret, safe=""))
    else:
        form |= {"client_id": settings.client_id} | ({"client_secret": secret} if secret else {})
    return asking.post(endpoints.token, form, certificates_checked=settings.certificates_checked, basic=basic)


def _tokens(settings: ProviderSettings, reply: Reply) -> Tokens:
    if reply.status != 200:
        raise _refusal(settings, reply)
    id_token, access_token = reply.members.get("id_token"), reply.members.get("access_token", "")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise ProviderUnavailable(
            f"{reply.where} gave no ID token for a code",
            hint="oidc_scope must hold openid, and it does: see its log",
        )
    # What could not stand in a header is no access token of anybody's.
    return Tokens(id_token, access_token if access_token.isascii() and access_token.isprintable() else "")


def _refusal(settings: ProviderSettings, reply: Reply) -> Exception:
    """RFC 6749 §5.2 names the error; what it says besides is for administrators."""
    error = _name(reply.members.get("error"))
    said = reply.members.get("error_description")
    words = f": {clean(said, MAX_SHOWN)}" if isinstance(said, str) and said else ""
    if error == "invalid_grant":
        return SignInRefused(AGAIN, reason=f"the provider refuses the code (invalid_grant{words})")
    if not error:
        discovery.doubt(settings)
        return ProviderUnavailable(
            f"{reply.where} answered with status {reply.status} when given a code",
            hint="see the provider's log",
        )
    return ProviderUnavailable(
        f"{reply.where} refuses this client ({error}{words})",
        hint=_HINTS.get(error, "see the provider's log"),
    )


def _name(error: Any) -> str:
    return error if isinstance(error, str) and _ERROR.fullmatch(error) else ""
