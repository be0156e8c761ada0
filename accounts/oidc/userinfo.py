"""What an ID token leaves out, asked for by the access token. Source: OpenID Connect Core 1.0 §5.3."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import structlog

from accounts.oidc import asking
from accounts.oidc.discovery import Endpoints
from accounts.oidc.exchange import AGAIN, Tokens
from accounts.oidc.settings import ProviderSettings
from core.errors import ProviderUnavailable, SignInRefused

log = structlog.get_logger(__name__)


def complete(
    settings: ProviderSettings,
    endpoints: Endpoints,
    tokens: Tokens,
    claims: Mapping[str, Any],
    *,
    wanted: Collection[str],
) -> Mapping[str, Any]:
    """The claims with those of `wanted` that the token lacks, where the provider tells them; the token's own word counts first.

    A provider that does not tell stops nobody. Raises SignInRefused when it tells of another person.
    """
    missing = [name for name in wanted if claims.get(name) is None]
    if not missing or not endpoints.userinfo or not tokens.access_token:
        return claims
    try:
        found = _asked(settings, endpoints, tokens)
    except ProviderUnavailable as error:
        log.warning("the OpenID provider tells nothing besides its token", missing=missing, reason=error.told)
        return claims
    if found.get("sub") != claims["sub"]:
        raise SignInRefused(AGAIN, reason="the provider's userinfo is about another person (sub)")
    told = {name: found[name] for name in missing if name in found}
    return {**claims, **told}


def _asked(settings: ProviderSettings, endpoints: Endpoints, tokens: Tokens) -> Mapping[str, Any]:
    reply = asking.get(
        endpoints.userinfo, certificates_checked=settings.certificates_checked, bearer=tokens.access_token
    )
    reply.require_success("the person's details")
    return reply.members
