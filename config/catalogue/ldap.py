"""The LDAP directory."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from config import directory, kinds
from config.catalogue.setting import Section, Setting
from config.directory import GroupMode, Scope

MAX_FILTER: Final = 4096
MAX_PEM: Final = 256 * 1024
MAX_LDAP_URLS: Final = 8

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
