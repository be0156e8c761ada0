"""Distinguished names in one form, so that two that mean the same entry are equal text; and values within filters."""

from __future__ import annotations

import unicodedata
from typing import Final

import ldap
from ldap.dn import dn2str, str2dn
from ldap.filter import escape_filter_chars

from accounts.ldap.settings import DirectorySettings, Search
from config.directory import Scope

# Other spellings under which servers and people write the same attribute (RFC 4514 §3, RFC 4519).
_SPELLINGS: Final = {
    "2.5.4.3": "cn",
    "commonname": "cn",
    "2.5.4.10": "o",
    "organizationname": "o",
    "2.5.4.11": "ou",
    "organizationalunitname": "ou",
    "0.9.2342.19200300.100.1.1": "uid",
    "userid": "uid",
    "0.9.2342.19200300.100.1.25": "dc",
    "domaincomponent": "dc",
}
_ESCAPED: Final = "\\{:02x}"


def normal(dn: str) -> str:
    """The name with attributes and values in lower case, one space where there were several, and plain separators.

    What is no name comes back in lower case: it equals nothing that is one.
    """
    try:
        parts = str2dn(dn)
    except (ldap.DECODING_ERROR, ldap.INVALID_SYNTAX, ValueError):
        return dn.lower()
    return str(dn2str([sorted(_pair(*pair) for pair in part) for part in parts]))


def first_value(dn: str, attribute: str) -> str:
    """The value of `attribute` in the first part of the name; "" if it is not named by it."""
    try:
        parts = str2dn(dn)
    except (ldap.DECODING_ERROR, ldap.INVALID_SYNTAX, ValueError):
        return ""
    wanted = _attribute(attribute)
    found = [value for name, value, _ in (parts[0] if parts else []) if _attribute(name) == wanted]
    return str(found[0]) if found else ""


def is_in(dn: str, where: Search) -> bool:
    """Whether the entry is where a search would look."""
    inner, outer = normal(dn), normal(where.base)
    if inner == outer:
        return where.scope is not Scope.ONE_LEVEL
    if not inner.endswith(f",{outer}") and outer:
        return False
    return where.scope is Scope.SUBTREE or (
        where.scope is Scope.ONE_LEVEL and len(str2dn(inner)) == len(str2dn(outer)) + 1
    )


def chosen(settings: DirectorySettings) -> tuple[str, ...]:
    """The groups of administrators and auditors: they count wherever they are, since they were named one by one."""
    return tuple(normal(dn) for dn in (settings.admin_dn, settings.auditor_dn) if dn)


def equals(attribute: str, value: str | bytes) -> str:
    """A filter for entries where `attribute` is `value`; nothing in `value` can be taken for anything else."""
    if isinstance(value, bytes):
        return f"({attribute}={''.join(map(_ESCAPED.format, value))})"
    return f"({attribute}={escape_filter_chars(value)})"


def holds(attribute: str, text: str) -> str:
    """A filter for entries where `attribute` holds `text` somewhere."""
    return f"({attribute}=*{escape_filter_chars(text)}*)"


def every(*filters: str) -> str:
    """All of the filters that are not ""."""
    given = [each for each in filters if each]
    return given[0] if len(given) == 1 else f"(&{''.join(given)})"


def any_of(*filters: str) -> str:
    return filters[0] if len(filters) == 1 else f"(|{''.join(filters)})"


def _pair(name: str, value: str, flags: int) -> tuple[str, str, int]:
    # Lower case, not folded: servers must take what comes out for the same name, and few of them fold as Unicode does.
    folded = unicodedata.normalize("NFC", value).lower()
    return _attribute(name), " ".join(part for part in folded.split(" ") if part), flags


def _attribute(name: str) -> str:
    return _SPELLINGS.get(name.lower(), name.lower())
