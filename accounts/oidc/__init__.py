"""Sign-in by OpenID Connect: one provider, the authorization code flow with PKCE, accounts by issuer and subject alone."""

from __future__ import annotations

import structlog

from accounts.oidc.diagnosis import Step, diagnose
from accounts.oidc.logout import logout_url
from accounts.oidc.settings import ProviderSettings
from config import current
from config.catalogue.oidc import OIDC_ENDPOINT
from core.errors import ProviderUnavailable, SettingUnreadable

__all__ = ["ProviderSettings", "Step", "diagnose", "is_set_up", "logout_url", "offered"]

log = structlog.get_logger(__name__)


def is_set_up() -> bool:
    """Whether there is a provider, well or badly set up."""
    try:
        return bool(current.get(OIDC_ENDPOINT))
    except SettingUnreadable:
        return True


def offered() -> str | None:
    """What the provider is called on the sign-in page, None where there is none."""
    if not is_set_up():
        return None
    try:
        return ProviderSettings.current().name
    except ProviderUnavailable as error:
        log.error("nobody can sign in by OpenID Connect", reason=error.told)
        return None
