"""What a provider is asked with: the settings in force, or those an administrator is about to save."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import SecretStr

from config import current
from config.catalogue import oidc
from config.catalogue.setting import Setting
from config.proposals import proposed
from core.errors import ProviderUnavailable, SettingUnreadable
from core.sealing import SealBroken

NAME_CLAIM: Final = "preferred_username"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The settings of a provider under their own meanings (config.catalogue.oidc describes them).

    `name_claim` and `groups_claim` are names of claims, the second "" for no groups. `extra`: more parameters of the
    authorization request.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: SecretStr = field(default_factory=lambda: SecretStr(""))
    scopes: tuple[str, ...] = ("openid",)
    certificates_checked: bool = True
    name_claim: str = NAME_CLAIM
    groups_claim: str = ""
    group_filter: str = ""
    admin_group: str = ""
    auto_onboard: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    logout: bool = False

    @classmethod
    def current(cls) -> ProviderSettings:
        """Those in force. Raises ProviderUnavailable if no provider is set up, or a setting cannot be read."""
        return _of(current.snapshot().get)

    @classmethod
    def proposed(cls, wanted: Mapping[str, Any]) -> ProviderSettings:
        """Those in force with `wanted` (key -> JSON value) in their place: for a test before saving.

        Raises SettingsInvalid under the rules of a change, ProviderUnavailable.
        """
        return _of(proposed(wanted))

    @property
    def is_local(self) -> bool:
        """A provider on this very machine may be spoken to without encryption (config.texts.issuer)."""
        return self.issuer.startswith("http://")

    def counts(self, group: str) -> bool:
        """Whether the filter lets a group of that name count."""
        # `[` means itself: the filter knows * and ? alone.
        pattern = self.group_filter.replace("[", "[[]")
        return not pattern or fnmatch.fnmatchcase(group, pattern)


def _of(value: Callable[[Setting[Any]], Any]) -> ProviderSettings:
    try:
        if not value(oidc.OIDC_ENDPOINT):
            raise ProviderUnavailable("no OpenID provider is set up", hint="set oidc_endpoint")
        return _read(value)
    except (SettingUnreadable, SealBroken) as wrong:
        raise ProviderUnavailable(
            f"a setting of the provider cannot be read: {wrong.message}",
            hint="wharf config list shows its problem",
        ) from None


def _read(value: Callable[[Setting[Any]], Any]) -> ProviderSettings:
    extra = value(oidc.OIDC_EXTRA_REDIRECT_PARMS)
    return ProviderSettings(
        name=value(oidc.OIDC_NAME),
        issuer=value(oidc.OIDC_ENDPOINT),
        client_id=value(oidc.OIDC_CLIENT_ID),
        client_secret=value(oidc.OIDC_CLIENT_SECRET),
        scopes=tuple(value(oidc.OIDC_SCOPE).split(",")),
        certificates_checked=value(oidc.OIDC_VERIFY_CERT),
        name_claim=value(oidc.OIDC_USER_CLAIM) or NAME_CLAIM,
        groups_claim=value(oidc.OIDC_GROUPS_CLAIM),
        group_filter=value(oidc.OIDC_GROUP_FILTER),
        admin_group=value(oidc.OIDC_ADMIN_GROUP),
        auto_onboard=value(oidc.OIDC_AUTO_ONBOARD),
        extra=json.loads(extra) if extra else {},
        logout=value(oidc.OIDC_LOGOUT),
    )
