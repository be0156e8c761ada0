"""What a setting is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from access.table import P, Permission
from config.kinds import Kind

T = TypeVar("T")

VARIABLE_PREFIX: Final = "WHARF_SETTING_"


class Section(StrEnum):
    """Groups of settings, as people look for them."""

    SIGN_IN = "Sign-in"
    LDAP = "LDAP directory"
    LDAP_GROUPS = "LDAP groups"
    OIDC = "OpenID Connect"
    TOKENS = "Tokens and keys"
    LIMITS = "Limits"
    CONTENTS = "Contents"
    OUTGOING = "Outgoing connections"
    AUDIT = "Audit log"


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting. `permission`: what changing it takes."""

    key: str
    section: Section
    kind: Kind[T]
    default: T
    description: str
    permission: Permission = P.CONFIGURATION_UPDATE

    @property
    def secret(self) -> bool:
        return self.kind.secret

    @property
    def must_be_readable(self) -> bool:
        """Whether a row that cannot be read refuses whoever asks. The default would let in whom a lost filter kept out."""
        return self.section in (Section.LDAP, Section.LDAP_GROUPS, Section.OIDC)

    @property
    def decides_who_signs_in(self) -> bool:
        """Whether it can make somebody an administrator, by a directory or provider of his own: changed by a person himself."""
        return self.section in (Section.SIGN_IN, Section.LDAP, Section.LDAP_GROUPS, Section.OIDC)

    @property
    def variable(self) -> str:
        """The variable of the environment that fixes the value."""
        return f"{VARIABLE_PREFIX}{self.key.upper()}"
