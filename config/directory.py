"""The grammar of what an LDAP directory is configured with, checked without asking one. Pure functions.

Sources: RFC 4512 §1.4 (attribute descriptions), RFC 4514 (names), RFC 4515 (filters), RFC 4516 (addresses). A value that passes
is well formed; whether the directory knows it is found out by asking.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Final
from urllib.parse import urlsplit

from config.kinds import Unacceptable

MAX_DEPTH: Final = 32
HIGHEST_PORT: Final = 65_535

_ATTRIBUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)(?:;[A-Za-z0-9-]+)*", re.ASCII)
_TYPE = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)"
# Escapes are two hex digits or a special character; what must be escaped is not in the last class.
_VALUE = r"(?:\\[0-9A-Fa-f]{2}|\\[ \"#+,;<=>\\]|[^\\\"+,;<>])*"
_PAIR = rf" *{_TYPE} *={_VALUE}"
_NAME = re.compile(rf"{_PAIR}(?:[+,]{_PAIR})*")
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?", re.ASCII)
_ITEM = re.compile(r"[A-Za-z0-9.;:-]+(?:=|~=|>=|<=)(?:\\[0-9A-Fa-f]{2}|[^\\()\x00])*", re.ASCII)


class AuthMode(StrEnum):
    """Where people's passwords are checked; accounts made here sign in either way."""

    DB_AUTH = "db_auth"
    LDAP_AUTH = "ldap_auth"
    OIDC_AUTH = "oidc_auth"


class Scope(IntEnum):
    """How deep a search goes; the numbers are Harbor's and LDAP's own."""

    BASE = 0
    ONE_LEVEL = 1
    SUBTREE = 2


class GroupMode(StrEnum):
    """How a person's groups are found: by his own attribute, by groups that name him, by nested groups (Active Directory)."""

    AUTO = "auto"
    MEMBEROF = "memberof"
    REVERSE = "reverse"
    NESTED = "nested"


def address(text: str) -> str:
    """ldap://host[:port] or ldaps://…; nothing else a directory's client would read out of it (sockets, search parameters)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Unacceptable(
            "must be ldaps://host or ldap://host, with a port where it is not the usual one"
        ) from None
    whole = (
        parts.scheme in ("ldap", "ldaps") and parts.path in ("", "/") and not (parts.query or parts.fragment)
    )
    host, *_ = parts.netloc.rpartition(":") if port is not None else (parts.netloc,)
    if not whole or not _HOST.fullmatch(host) or port == 0:
        raise Unacceptable("must be ldaps://host or ldap://host, with a port where it is not the usual one")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def name(text: str) -> str:
    """A distinguished name."""
    if not _NAME.fullmatch(text):
        raise Unacceptable("must be a distinguished name such as ou=people,dc=example,dc=org")
    return text


def attribute(text: str) -> str:
    """The name of an attribute."""
    if not _ATTRIBUTE.fullmatch(text):
        raise Unacceptable("must be the name of an attribute, such as uid")
    return text


def filter_(text: str) -> str:
    """A search filter, as it was typed: who reads it back and compares finds no difference."""
    whole = in_parentheses(text)
    if _end_of_filter(whole, 0, 0) != len(whole):
        raise Unacceptable("must be a search filter such as (objectClass=person)")
    return text


def in_parentheses(text: str) -> str:
    """A search filter as directories take it, whether its parentheses were typed or not; nothing stays nothing."""
    return text if not text or text.startswith("(") else f"({text})"


def _end_of_filter(text: str, start: int, depth: int) -> int:
    """Where the filter that begins at `start` ends; -1 if none does (RFC 4515 §3)."""
    if depth > MAX_DEPTH or text[start : start + 1] != "(":
        return -1
    at = start + 1
    if text[at : at + 1] in ("&", "|", "!"):
        at = _end_of_list(text, at + 1, depth + 1, only_one=text[at] == "!")
    else:
        item = _ITEM.match(text, at)
        at = -1 if item is None else item.end()
    return at + 1 if at >= 0 and text[at : at + 1] == ")" else -1


def _end_of_list(text: str, start: int, depth: int, *, only_one: bool) -> int:
    at, found = start, 0
    while text[at : at + 1] == "(":
        at = _end_of_filter(text, at, depth)
        found += 1
        if at < 0:
            return -1
    return at if found == 1 or (found > 1 and not only_one) else -1


def authorities(pem: str) -> str:
    """Certificates of authorities in PEM, and nothing else: a private key does not belong among settings."""
    from cryptography.x509 import load_pem_x509_certificates

    if "PRIVATE KEY" in pem:
        raise Unacceptable("must not hold a private key")
    try:
        load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError:  # UnicodeEncodeError is one too
        raise Unacceptable("must be one or more certificates in PEM") from None
    return pem
