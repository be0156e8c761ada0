"""Every setting an administrator can change while the registry runs. A setting nobody reads is not allowed to stand here.

Keys are Harbor's where Harbor has the setting, so that its clients find them. This module is plain data: no Django, no
database; `config.current.get(LDAP_URL)` gives the value in force, typed as its kind is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from pydantic import SecretStr

from access.table import P, Permission
from config import directory, kinds
from config.directory import AuthMode, GroupMode, Scope
from config.kinds import Kind
from net.addresses import Network

T = TypeVar("T")

VARIABLE_PREFIX: Final = "WHARF_SETTING_"
MAX_FILTER: Final = 4096
MAX_PEM: Final = 256 * 1024
MAX_LDAP_URLS: Final = 8


class Section(StrEnum):
    """Groups of settings, as people look for them."""

    SIGN_IN = "Sign-in"
    LDAP = "LDAP directory"
    LDAP_GROUPS = "LDAP groups"
    TOKENS = "Tokens"
    OUTGOING = "Outgoing connections"


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
        return self.section in (Section.LDAP, Section.LDAP_GROUPS)

    @property
    def variable(self) -> str:
        """The variable of the environment that fixes the value."""
        return f"{VARIABLE_PREFIX}{self.key.upper()}"


AUTH_MODE: Final[Setting[AuthMode]] = Setting(
    "auth_mode",
    Section.SIGN_IN,
    kinds.choice(AuthMode),
    AuthMode.DB_AUTH,
    "Where passwords are checked. With ldap_auth the directory is asked, and accounts made here still sign in.",
)

LDAP_URL: Final[Setting[tuple[str, ...]]] = Setting(
    "ldap_url",
    Section.LDAP,
    kinds.urls(
        "ldaps://host[:port] or ldap://host[:port]; several with spaces between",
        directory.address,
        limit=MAX_LDAP_URLS,
    ),
    (),
    "The directory's servers, asked in this order until one answers.",
)
LDAP_START_TLS: Final[Setting[bool]] = Setting(
    "ldap_start_tls",
    Section.LDAP,
    kinds.boolean(),
    False,
    "Encrypt a connection to ldap:// before anything is said (StartTLS).",
)
LDAP_VERIFY_CERT: Final[Setting[bool]] = Setting(
    "ldap_verify_cert",
    Section.LDAP,
    kinds.boolean(),
    True,
    "Check the directory's certificate and its host name. Without it anybody in between can read passwords.",
)
LDAP_CA_CERTIFICATES: Final[Setting[str]] = Setting(
    "ldap_ca_certificates",
    Section.LDAP,
    kinds.block("certificates in PEM", directory.authorities, limit=MAX_PEM),
    "",
    "Authorities that sign the directory's certificate, besides those the machine trusts.",
)
LDAP_SEARCH_DN: Final[Setting[str]] = Setting(
    "ldap_search_dn",
    Section.LDAP,
    kinds.line("a distinguished name, or nothing to search anonymously", directory.name),
    "",
    "The account that searches the directory.",
)
LDAP_SEARCH_PASSWORD: Final[Setting[SecretStr]] = Setting(
    "ldap_search_password",
    Section.LDAP,
    kinds.secret(),
    SecretStr(""),
    "The password of that account.",
)
LDAP_BASE_DN: Final[Setting[str]] = Setting(
    "ldap_base_dn",
    Section.LDAP,
    kinds.line("a distinguished name", directory.name),
    "",
    "Where people are searched for.",
)
LDAP_FILTER: Final[Setting[str]] = Setting(
    "ldap_filter",
    Section.LDAP,
    kinds.line("a search filter, or nothing", directory.filter_, limit=MAX_FILTER),
    "",
    "Only people who match this may sign in.",
)
LDAP_UID: Final[Setting[str]] = Setting(
    "ldap_uid",
    Section.LDAP,
    kinds.line("an attribute: uid, sAMAccountName, mail, cn", directory.attribute, required=True),
    "uid",
    "The attribute that holds the name people sign in with.",
)
LDAP_SCOPE: Final[Setting[Scope]] = Setting(
    "ldap_scope",
    Section.LDAP,
    kinds.choice(Scope),
    Scope.SUBTREE,
    "How far below the base people are searched for.",
)
LDAP_TIMEOUT: Final[Setting[int]] = Setting(
    "ldap_timeout",
    Section.LDAP,
    kinds.whole(1, 120, "seconds"),
    5,
    "How long one search may take.",
)
LDAP_CONNECT_TIMEOUT: Final[Setting[int]] = Setting(
    "ldap_connect_timeout",
    Section.LDAP,
    kinds.whole(1, 60, "seconds"),
    5,
    "How long connecting to one server may take before the next one is tried.",
)

LDAP_GROUP_BASE_DN: Final[Setting[str]] = Setting(
    "ldap_group_base_dn",
    Section.LDAP_GROUPS,
    kinds.line("a distinguished name, or nothing for no groups", directory.name),
    "",
    "Where groups are searched for.",
)
LDAP_GROUP_SEARCH_FILTER: Final[Setting[str]] = Setting(
    "ldap_group_search_filter",
    Section.LDAP_GROUPS,
    kinds.line("a search filter, or nothing", directory.filter_, limit=MAX_FILTER),
    "",
    "Only entries that match this are groups.",
)
LDAP_GROUP_ATTRIBUTE_NAME: Final[Setting[str]] = Setting(
    "ldap_group_attribute_name",
    Section.LDAP_GROUPS,
    kinds.line("an attribute", directory.attribute, required=True),
    "cn",
    "The attribute that holds a group's name.",
)
LDAP_GROUP_SEARCH_SCOPE: Final[Setting[Scope]] = Setting(
    "ldap_group_search_scope",
    Section.LDAP_GROUPS,
    kinds.choice(Scope),
    Scope.SUBTREE,
    "How far below the base groups are searched for.",
)
LDAP_GROUP_MODE: Final[Setting[GroupMode]] = Setting(
    "ldap_group_mode",
    Section.LDAP_GROUPS,
    kinds.choice(GroupMode),
    GroupMode.AUTO,
    "How a person's groups are found: memberof reads the person's own attribute, reverse asks for groups that name the "
    "person, nested asks Active Directory for groups of groups too, auto takes what the directory offers.",
)
LDAP_GROUP_MEMBERSHIP_ATTRIBUTE: Final[Setting[str]] = Setting(
    "ldap_group_membership_attribute",
    Section.LDAP_GROUPS,
    kinds.line("an attribute", directory.attribute, required=True),
    "memberOf",
    "The attribute of a person that lists his groups (memberof).",
)
LDAP_GROUP_MEMBER_ATTRIBUTE: Final[Setting[str]] = Setting(
    "ldap_group_member_attribute",
    Section.LDAP_GROUPS,
    kinds.line("an attribute: member, uniqueMember, memberUid", directory.attribute, required=True),
    "member",
    "The attribute of a group that lists its members (reverse).",
)
LDAP_GROUP_ADMIN_DN: Final[Setting[str]] = Setting(
    "ldap_group_admin_dn",
    Section.LDAP_GROUPS,
    kinds.line("a distinguished name, or nothing", directory.name),
    "",
    "Members of this group are system administrators.",
)
LDAP_GROUP_AUDITOR_DN: Final[Setting[str]] = Setting(
    "ldap_group_auditor_dn",
    Section.LDAP_GROUPS,
    kinds.line("a distinguished name, or nothing", directory.name),
    "",
    "Members of this group are auditors: they read the audit log and see every project.",
)

TOKEN_EXPIRATION: Final[Setting[int]] = Setting(
    "token_expiration",
    Section.TOKENS,
    kinds.whole(1, 30, "minutes"),
    5,
    "How long a registry token is valid. A right that is lost ends tokens at once, whatever this says.",
)

OUTGOING_ALLOWED_NETWORKS: Final[Setting[tuple[Network, ...]]] = Setting(
    "outgoing_allowed_networks",
    Section.OUTGOING,
    kinds.networks(),
    (),
    "Networks that are not public and may be connected to nevertheless: other registries, webhook receivers, scanners.",
)
OUTGOING_ALLOWED_PORTS: Final[Setting[tuple[int, ...]]] = Setting(
    "outgoing_allowed_ports",
    Section.OUTGOING,
    kinds.ports(),
    (80, 443, 5000, 8080, 8443),
    "The only ports that may be connected to over HTTP.",
)

CATALOGUE: Final[Mapping[str, Setting[Any]]] = {
    found.key: found for found in tuple(globals().values()) if isinstance(found, Setting)
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What several settings must be together. `broken` gets a way to ask for their values; asked when one of them changes.

    `key`: whom the mistake is told of.
    """

    key: str
    settings: tuple[Setting[Any], ...]
    message: str
    broken: Callable[[Callable[[Setting[Any]], Any]], bool]


RULES: Final = (
    Rule(
        AUTH_MODE.key,
        (AUTH_MODE, LDAP_URL, LDAP_BASE_DN),
        "ldap_auth needs ldap_url and ldap_base_dn",
        lambda value: (
            value(AUTH_MODE) is AuthMode.LDAP_AUTH and not (value(LDAP_URL) and value(LDAP_BASE_DN))
        ),
    ),
    Rule(
        LDAP_START_TLS.key,
        (LDAP_START_TLS, LDAP_URL),
        "StartTLS is for ldap://: an ldaps:// address is encrypted from the start",
        lambda value: value(LDAP_START_TLS) and any(url.startswith("ldaps:") for url in value(LDAP_URL)),
    ),
    Rule(
        # A directory takes a name without a password for nobody, and says yes.
        LDAP_SEARCH_PASSWORD.key,
        (LDAP_SEARCH_DN, LDAP_SEARCH_PASSWORD),
        "ldap_search_dn needs its password: give both, or neither to search anonymously",
        lambda value: bool(value(LDAP_SEARCH_DN)) and not value(LDAP_SEARCH_PASSWORD).get_secret_value(),
    ),
)
