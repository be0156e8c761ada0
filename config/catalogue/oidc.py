"""Sign-in by OpenID Connect."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from config import kinds, texts
from config.catalogue.setting import Section, Setting

MAX_CLAIM: Final = 255
OIDC_NAME: Final[Setting[str]] = Setting(
    "oidc_name",
    Section.OIDC,
    kinds.line("text", texts.plain, limit=64),
    "OpenID Connect",
    "What the provider is called on the sign-in page.",
)
OIDC_ENDPOINT: Final[Setting[str]] = Setting(
    "oidc_endpoint",
    Section.OIDC,
    kinds.line("the issuer, an https:// address", texts.issuer),
    "",
    "The provider's issuer: below it lies .well-known/openid-configuration. Nothing for no sign-in by OpenID Connect.",
)
OIDC_CLIENT_ID: Final[Setting[str]] = Setting(
    "oidc_client_id",
    Section.OIDC,
    kinds.line("text", texts.plain),
    "",
    "What the provider knows this registry by.",
)
OIDC_CLIENT_SECRET: Final[Setting[SecretStr]] = Setting(
    "oidc_client_secret",
    Section.OIDC,
    kinds.secret(),
    SecretStr(""),
    "The secret of that client.",
)
OIDC_SCOPE: Final[Setting[str]] = Setting(
    "oidc_scope",
    Section.OIDC,
    kinds.line("scopes with commas between, openid among them", texts.scopes, required=True),
    "openid,profile,email",
    "What the provider is asked for. With offline_access nothing more is got: keys of their own serve programs.",
)
OIDC_VERIFY_CERT: Final[Setting[bool]] = Setting(
    "oidc_verify_cert",
    Section.OIDC,
    kinds.boolean(),
    True,
    "Check the provider's certificate. Without it anybody in between can sign in as anybody.",
)
OIDC_USER_CLAIM: Final[Setting[str]] = Setting(
    "oidc_user_claim",
    Section.OIDC,
    kinds.line("a claim, or nothing for preferred_username", texts.claim, limit=MAX_CLAIM),
    "",
    "The claim a new account gets its name from.",
)
OIDC_GROUPS_CLAIM: Final[Setting[str]] = Setting(
    "oidc_groups_claim",
    Section.OIDC,
    kinds.line("a claim, or nothing for no groups", texts.claim, limit=MAX_CLAIM),
    "",
    "The claim that lists the names of a person's groups.",
)
OIDC_GROUP_FILTER: Final[Setting[str]] = Setting(
    "oidc_group_filter",
    Section.OIDC,
    kinds.line("a pattern with * and ?, or nothing for all", texts.plain, limit=MAX_CLAIM),
    "",
    "Only groups whose names match this count.",
)
OIDC_ADMIN_GROUP: Final[Setting[str]] = Setting(
    "oidc_admin_group",
    Section.OIDC,
    kinds.line("a group, or nothing", texts.plain, limit=MAX_CLAIM),
    "",
    "Members of this group are system administrators.",
)
OIDC_AUTO_ONBOARD: Final[Setting[bool]] = Setting(
    "oidc_auto_onboard",
    Section.OIDC,
    kinds.boolean(),
    False,
    "Make an account at the first sign-in, by the claim, rather than ask for its name.",
)
OIDC_EXTRA_REDIRECT_PARMS: Final[Setting[str]] = Setting(
    "oidc_extra_redirect_parms",
    Section.OIDC,
    kinds.line("parameters as JSON, or nothing", texts.parameters),
    "",
    'Parameters the provider wants besides, such as {"prompt": "login"}.',
)
OIDC_LOGOUT: Final[Setting[bool]] = Setting(
    "oidc_logout",
    Section.OIDC,
    kinds.boolean(),
    False,
    "Sign out at the provider too when somebody signs out here.",
)
