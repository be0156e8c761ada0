"""Who signs in, and how."""

from __future__ import annotations

from typing import Final

from config import kinds
from config.catalogue.setting import Section, Setting
from config.directory import AuthMode

AUTH_MODE: Final[Setting[AuthMode]] = Setting(
    "auth_mode",
    Section.SIGN_IN,
    kinds.choice(AuthMode),
    AuthMode.DB_AUTH,
    "Where passwords are checked, and what the sign-in page shows first. With ldap_auth the directory is asked. Accounts made "
    "here sign in whatever this says, and OpenID Connect is offered wherever oidc_endpoint is set.",
)

SELF_REGISTRATION: Final[Setting[bool]] = Setting(
    "self_registration",
    Section.SIGN_IN,
    kinds.boolean(),
    False,
    "Whether anybody may make an account of his own.",
)
SESSION_TIMEOUT: Final[Setting[int]] = Setting(
    "session_timeout",
    Section.SIGN_IN,
    kinds.whole(5, 43200, "minutes"),
    60,
    "How long a browser stays signed in while nobody uses it.",
)
SESSION_LIFETIME: Final[Setting[int]] = Setting(
    "session_lifetime",
    Section.SIGN_IN,
    kinds.whole(1, 720, "hours"),
    24,
    "How long a browser stays signed in at most.",
)
PASSWORD_MIN_LENGTH: Final[Setting[int]] = Setting(
    "password_min_length",
    Section.SIGN_IN,
    kinds.whole(8, 128, "characters"),
    8,
    "How long a new password is at least.",
)
