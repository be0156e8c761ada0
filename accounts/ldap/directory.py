"""The directory as the rest of Wharf asks it: everything bounded in time and number, complete or refused.

What needs python-ldap is imported when somebody asks: it may not be installed, and where no directory is used it would cost
every process ten megabytes and half a second of starting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from accounts.ldap.installed import HOW_TO_INSTALL, available
from accounts.ldap.people import FoundGroup, Person, Proven
from accounts.ldap.settings import DirectorySettings
from core.errors import DirectoryUnavailable

if TYPE_CHECKING:
    from accounts.ldap.session import Session

# Whoever signs in waits: all of it, over all servers.
PROVE_SECONDS: Final = 5.0
ASK_SECONDS: Final = 15.0
# Members of a large group, thousands of people: a job waits for it, nobody else.
READ_SECONDS: Final = 120.0

log = structlog.get_logger(__name__)


class Directory:
    """A directory under some settings. Holds no connection: each method opens one, asks and closes it.

    Every method raises DirectoryUnavailable when the directory cannot be asked, or answers less than all: then nothing is
    known, neither good nor bad. None and empty answers mean that the directory said so.
    """

    def __init__(self, settings: DirectorySettings) -> None:
        if not available():
            raise DirectoryUnavailable("this installation cannot ask directories", hint=HOW_TO_INSTALL)
        self.settings = settings

    @classmethod
    def current(cls) -> Directory:
        """The one in use. Raises DirectoryUnavailable if there is none, python-ldap is missing or a setting is unreadable."""
        return cls(DirectorySettings.current())

    @classmethod
    def of(cls, settings: DirectorySettings) -> Directory:
        """One under settings that need not be in force, as for a test before saving. Raises as `current`."""
        return cls(settings)

    @property
    def admin_dn(self) -> str:
        """The group whose members are administrators, normalised; "" for none."""
        from accounts.ldap import names

        return names.normal(self.settings.admin_dn)

    @property
    def auditor_dn(self) -> str:
        """The group whose members are auditors, normalised; "" for none."""
        from accounts.ldap import names

        return names.normal(self.settings.auditor_dn)

    def prove(self, name: str, password: str, client: str = "") -> Proven | None:
        """The person these credentials prove, with his groups; within PROVE_SECONDS in all.

        `client`: the address they came from; one asks only so many questions at once. None: no such person,
        another password, filtered out, closed, or more than one of that name (the log says which).
        """
        from accounts.ldap import proving
        from accounts.ldap.membership import Membership

        if not proving.is_plausible(name, password):
            return None
        with self._opened(PROVE_SECONDS, client) as session:
            person = proving.prove(session, name, password)
            if person is None:
                return None
            # Read as the search account: what a person may see of groups depends on the person.
            session.introduce()
            return Proven(person, Membership(session).groups_of(person))

    def person(self, name: str) -> Person | None:
        """Who signs in by that name; None also if the name is not one person's alone."""
        from accounts.ldap import finding, proving

        if not proving.is_plausible(name, "-"):
            return None
        with self._opened(ASK_SECONDS) as session:
            return finding.person(session, name)

    def people(self, subjects: Collection[str]) -> dict[str, Person]:
        """By subject, those of `subjects` who are there and match base and filter."""
        from accounts.ldap import finding

        if not subjects:
            return {}
        with self._opened(READ_SECONDS) as session:
            return finding.people(session, subjects)

    def groups(self, subjects: Collection[str]) -> dict[str, FoundGroup]:
        """By subject, those of `subjects` that are there and match base and filter, or were chosen for a right."""
        from accounts.ldap import finding

        if not subjects:
            return {}
        with self._opened(READ_SECONDS) as session:
            return finding.groups(session, subjects)

    def group(self, dn: str) -> FoundGroup | None:
        """The group of that name, if it is within base and filter."""
        from accounts.ldap import finding

        with self._opened(ASK_SECONDS) as session:
            return finding.group(session, dn)

    def groups_of(self, person: Person) -> tuple[FoundGroup, ...]:
        """As `prove` gives them: those within base and filter, ordered by their names."""
        from accounts.ldap.membership import Membership

        with self._opened(ASK_SECONDS) as session:
            return Membership(session).groups_of(person)

    def members_of(self, group: FoundGroup) -> frozenset[str]:
        """Normalised DNs of all who are in it, also through other groups where the mode says so. All of them, or raises.

        Some may name what is no person, if the group does.
        """
        from accounts.ldap.membership import Membership

        with self._opened(READ_SECONDS) as session:
            return Membership(session).members_of(group)

    def search_people(self, text: str, limit: int = 50) -> tuple[Person, ...]:
        """People whose name, full name or e-mail address holds `text`, at most `limit`, by name."""
        from accounts.ldap import finding

        with self._opened(ASK_SECONDS) as session:
            return finding.search_people(session, text, limit)

    def search_groups(self, text: str, limit: int = 50) -> tuple[FoundGroup, ...]:
        """Groups whose name holds `text`, at most `limit`, by name."""
        from accounts.ldap import finding

        with self._opened(ASK_SECONDS) as session:
            return finding.search_groups(session, text, limit)

    @contextmanager
    def _opened(self, seconds: float, client: str = "") -> Iterator[Session]:
        from accounts.ldap import opening

        try:
            with opening.opened(self.settings, seconds, client) as session:
                yield session
        except DirectoryUnavailable as error:
            log.warning("the directory cannot be asked", reason=error.reason, hint=error.hint)
            raise
