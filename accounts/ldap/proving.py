"""Whether a name and a password are those of one person of the directory.

django-auth-ldap leads the sign-in: it looks for exactly one entry and signs in as that. How it asks is ours: each of its
requests goes through our session, so that it is bounded, and an error of the directory is never taken for a wrong password.
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, Final

import ldap
import structlog
from django_auth_ldap.backend import LDAPBackend
from django_auth_ldap.config import LDAPSearch, LDAPSettings

from accounts.ldap import faults, finding, parsing
from accounts.ldap.people import Person
from accounts.ldap.session import Session

MAX_NAME: Final = 255
MAX_PASSWORD: Final = 1024

# The name of an entry and its attributes, as the library knows one.
Found = tuple[str, dict[str, Any]]

log = structlog.get_logger(__name__)
# The library writes down what was typed as a name, which is a password now and then. What matters is logged here. A filter:
# `disabled` is undone whenever logging is configured.
logging.getLogger("django_auth_ldap").addFilter(lambda _: False)


def is_plausible(name: object, password: object) -> bool:
    """Whether it makes sense to ask: a directory says yes to an empty password, and libraries cut text at a NUL."""
    return _is_text(name, MAX_NAME) and str(name) == str(name).strip() and _is_text(password, MAX_PASSWORD)


def prove(session: Session, name: str, password: str) -> Person | None:
    """The person; None with a line in the log. The session is his afterwards. Raises DirectoryUnavailable."""
    attempt = _Attempt(session)
    if _Backend(attempt).authenticate(None, username=name, password=password) is None:
        log.info("the directory does not prove these credentials", reason=attempt.reason, dn=attempt.dn)
        return None
    return attempt.person


class _Attempt:
    """One sign-in: the library's connection, and what became of it. `reason`: why it failed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.person: Person | None = None
        self.dn = ""
        self.reason = ""

    def initialize(self, uri: str, bytes_mode: bool) -> _Attempt:  # noqa: ARG002 - the library's call
        """In place of ldap.initialize: the session is open, and bound as the search account."""
        return self

    def simple_bind_s(self, dn: str, password: str) -> None:
        """Raises LDAPError when the person's password is refused."""
        if not dn:
            return
        try:
            self._session.bind(dn, password)
        except faults.REFUSALS as error:
            self.reason = faults.why_refused(error)
            raise ldap.INVALID_CREDENTIALS from None

    def find(self, name: str) -> list[Found]:
        """His entry, if there is one and only one, and it is open."""
        found = finding.entries_of(self._session, name)
        if len(found) != 1:
            self.reason = "several people sign in by that name" if found else "nobody signs in by that name"
            return []
        entry = found[0]
        self.dn, self.person = entry.dn, parsing.person(entry, self._session)
        if self.person.is_disabled:
            self.reason = "the account is disabled"
            return []
        return [(entry.dn, {})]


class _Search(LDAPSearch):
    """The library's search for a person, by our filter."""

    def __init__(self, attempt: _Attempt) -> None:
        super().__init__("", ldap.SCOPE_SUBTREE)
        self._attempt = attempt

    def execute(self, connection: _Attempt, filterargs: Any = (), escape: bool = True) -> list[Found]:  # noqa: ARG002 - the library's
        return self._attempt.find(filterargs["user"])


class _Backend(LDAPBackend):
    """The library without its settings, its cache and its way to make accounts."""

    def __init__(self, attempt: _Attempt) -> None:
        self._ldap = attempt
        self._settings = LDAPSettings(
            "WHARF_DIRECTORY_", {"USER_SEARCH": _Search(attempt), "ALWAYS_UPDATE_USER": False}
        )

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[SimpleNamespace, bool]:  # noqa: ARG002 - the library's
        """Accounts are made where sign-ins are written down, not here."""
        return SimpleNamespace(), False


def _is_text(value: object, limit: int) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= limit or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
