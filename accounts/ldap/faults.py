"""What goes wrong between us and a directory, in words for its administrator. Never a password, never what a person typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import ldap

from core.errors import DirectoryUnavailable

# https://learn.microsoft.com/windows/win32/debug/system-error-codes: what Active Directory says in "data 52e".
_ACTIVE_DIRECTORY: Final = {
    "525": "there is no such account",
    "52e": "the password is another one",
    "530": "the account may not sign in at this time",
    "531": "the account may not sign in from this machine",
    "532": "the password has expired",
    "533": "the account is disabled",
    "568": "the account is in too many groups",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked",
}
_DATA = re.compile(r"\bdata ([0-9a-f]{3})\b")

_KNOWN: Final[tuple[tuple[tuple[type[ldap.LDAPError], ...], str, str], ...]] = (
    (
        (ldap.TIMEOUT, ldap.TIMELIMIT_EXCEEDED),
        "the directory did not answer in time",
        "see whether it is overloaded, or raise ldap_timeout",
    ),
    (
        (ldap.SIZELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED),
        "the directory gives only a part of what was asked for",
        "raise its size limit for the search account (paged results too)",
    ),
    (
        (ldap.REFERRAL,),
        "the directory refers to another server",
        "name in ldap_url a server that holds the whole base itself (of Active Directory: a global catalogue)",
    ),
    (
        (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX),
        "the directory has no such entry",
        "check ldap_base_dn and ldap_group_base_dn, and that the search account may read there",
    ),
    (
        (ldap.INSUFFICIENT_ACCESS,),
        "the search account may not read there",
        "set ldap_search_dn to one that has the right to read people and groups",
    ),
    (
        (ldap.STRONG_AUTH_REQUIRED, ldap.CONFIDENTIALITY_REQUIRED),
        "the directory wants an encrypted connection",
        "use ldaps:// in ldap_url, or set ldap_start_tls",
    ),
    (
        (ldap.OPERATIONS_ERROR,),
        "the directory does not answer anonymous searches",
        "set ldap_search_dn and ldap_search_password",
    ),
    (
        (ldap.FILTER_ERROR,),
        "a filter is not one to the directory",
        "check ldap_filter and ldap_group_search_filter",
    ),
    (
        (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.UNAVAILABLE, ldap.BUSY),
        "the directory cannot be reached",
        "see whether it runs, and try: wharf ldap test",
    ),
)
# A bind that fails so says something of the one who signs in; any other failure says it of the directory.
REFUSALS: Final = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.NO_SUCH_OBJECT,
    ldap.CONSTRAINT_VIOLATION,
    ldap.UNWILLING_TO_PERFORM,
    ldap.INSUFFICIENT_ACCESS,
)


@contextmanager
def told(url: str) -> Iterator[None]:
    """python-ldap's errors as ours, none of them swallowed."""
    try:
        yield
    except ldap.LDAPError as error:
        raise unavailable(error, url) from None


def unavailable(error: ldap.LDAPError, url: str) -> DirectoryUnavailable:
    for kinds, reason, hint in _KNOWN:
        if isinstance(error, kinds):
            return DirectoryUnavailable(f"{reason} ({url}{_quoted(error)})", hint=hint)
    return DirectoryUnavailable(f"the directory refuses ({url}{_quoted(error)})", hint="see its own log")


def refused_search_account(error: ldap.LDAPError, url: str) -> DirectoryUnavailable:
    """The bind of ldap_search_dn was refused."""
    why = why_refused(error)
    return DirectoryUnavailable(
        f"the directory refuses the search account ({url}: {why})",
        hint="check ldap_search_dn and give ldap_search_password again",
    )


def why_refused(error: ldap.LDAPError) -> str:
    """Of a refused bind, for the log: Active Directory tells more than that it is refused."""
    code = _DATA.search(_info(error))
    if code is not None and code[1] in _ACTIVE_DIRECTORY:
        return _ACTIVE_DIRECTORY[code[1]]
    return str(_facts(error).get("desc", "refused"))


def _quoted(error: ldap.LDAPError) -> str:
    texts = dict.fromkeys(text for text in (str(_facts(error).get("desc", "")), _info(error)) if text)
    return ": " + "; ".join(texts) if texts else ""


def _info(error: ldap.LDAPError) -> str:
    """What the server or the library added, without what is no text."""
    return "".join(char for char in str(_facts(error).get("info", "")) if char.isprintable())[:200]


def _facts(error: ldap.LDAPError) -> dict[str, Any]:
    found = error.args[0] if error.args else {}
    return found if isinstance(found, dict) else {"desc": str(found)}
