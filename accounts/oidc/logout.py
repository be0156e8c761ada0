"""Signing out at the provider too. Source: OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import structlog

from accounts.oidc import discovery
from accounts.oidc.settings import ProviderSettings
from core.errors import ProviderUnavailable

BACK: Final = "/auth/login"
# Longer addresses are refused on their way by many servers.
MAX_URL: Final = 6000

log = structlog.get_logger(__name__)


def logout_url(session_text: str, origin_url: str) -> str | None:
    """Where a browser goes to sign out at the provider, None where it need not.

    `session_text`: what the session had kept, "" for one of another method; `origin_url`: scheme and host of ours.
    """
    issuer, _, id_token = session_text.partition("\n")
    if not issuer:
        return None
    try:
        settings = ProviderSettings.current()
        # Another provider is told nothing of this one's people.
        if not settings.logout or settings.issuer != issuer:
            return None
        endpoint = discovery.endpoints(settings).end_session
    except ProviderUnavailable as error:
        log.warning("nobody is signed out at the OpenID provider", reason=error.told)
        return None
    if not endpoint:
        log.warning("nobody is signed out at the OpenID provider", reason="it names no end_session_endpoint")
        return None
    wanted = {"client_id": settings.client_id, "post_logout_redirect_uri": origin_url + BACK}
    hinted = _with(endpoint, {"id_token_hint": id_token, **wanted})
    return hinted if id_token and len(hinted) <= MAX_URL else _with(endpoint, wanted)


def _with(endpoint: str, parameters: dict[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
