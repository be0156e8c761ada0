"""A conversation with a directory: bound as the search account, every request within the deadline, every answer whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import ldap
from ldap.controls import SimplePagedResultsControl

from accounts.ldap import faults
from accounts.ldap.kinds import Kind, kind_of
from accounts.ldap.limits import Deadline
from accounts.ldap.settings import DirectorySettings, Search
from accounts.ldap.transport import Connection
from config.directory import Scope
from core.errors import DirectoryUnavailable

# Below what servers give at once (Active Directory: 1000, OpenLDAP: 500).
PAGE: Final = 400
# Requests under way at once; OpenLDAP hangs up on a client with more than a hundred of them.
PIPELINED: Final = 50
ALL: Final = "(objectClass=*)"


@dataclass(frozen=True, slots=True)
class Entry:
    """`dn` as the directory writes it; `attributes` by their names in lower case."""

    dn: str
    attributes: dict[str, list[bytes]]

    def texts(self, attribute: str) -> list[str]:
        return [value.decode("utf-8", "replace") for value in self.attributes.get(attribute.lower(), [])]

    def text(self, attribute: str) -> str:
        """The first value, "" for none."""
        return next(iter(self.texts(attribute)), "")


class Session:
    """An open conversation. Methods raise DirectoryUnavailable for all that is no answer."""

    def __init__(
        self, connection: Connection, url: str, settings: DirectorySettings, deadline: Deadline
    ) -> None:
        self._connection = connection
        self._deadline = deadline
        self.url = url
        self.settings = settings

    @cached_property
    def kind(self) -> Kind:
        """What kind of directory it is; asked once, of the root entry, which everybody may read."""
        root = self.read("", ("supportedCapabilities", "vendorName"))
        if root is None:
            raise DirectoryUnavailable(
                f"the directory does not say what it is ({self.url})",
                hint="let the search account read its root entry (that without a name)",
            )
        return kind_of(root.texts("supportedCapabilities"), root.text("vendorName"))

    def introduce(self, within: Deadline | None = None) -> None:
        """Bind as the search account, or as nobody if there is none: the first thing that is said, or to be it again."""
        dn = self.settings.search_dn
        password = self.settings.search_password.get_secret_value() if dn else ""
        if dn and not password:
            raise DirectoryUnavailable("the search account has no password", hint="set ldap_search_password")
        try:
            with _told_but(faults.REFUSALS, self.url):
                self._connection.bound((within or self._deadline).left())
                self._connection.ldap.simple_bind_s(dn, password)
        except faults.REFUSALS as error:
            raise faults.refused_search_account(error, self.url) from None

    def bind(self, dn: str, password: str) -> None:
        """Raises one of faults.REFUSALS when the directory refuses these credentials, DirectoryUnavailable for the rest."""
        assert password, "a directory takes a name without a password for nobody, and says yes"
        with _told_but(faults.REFUSALS, self.url):
            self._connection.bound(self._deadline.left(self.settings.timeout))
            self._connection.ldap.simple_bind_s(dn, password)

    def search(self, where: Search, filter_: str, attributes: Sequence[str]) -> list[Entry]:
        """All entries that match `filter_` (the one of `where` is the caller's to add)."""
        found: list[Entry] = []
        page = SimplePagedResultsControl(criticality=False, size=PAGE, cookie="")
        while True:
            entries, cookie = self._page(where, filter_, attributes, page)
            found += entries
            if not cookie:
                return found
            page.cookie = cookie

    def some(self, where: Search, filter_: str, attributes: Sequence[str], *, limit: int) -> list[Entry]:
        """The first `limit` entries that match; that there are more is no error."""
        page = SimplePagedResultsControl(criticality=False, size=limit, cookie="")
        entries, _ = self._page(where, filter_, attributes, page)
        return entries[:limit]

    def read(self, dn: str, attributes: Sequence[str], filter_: str = ALL) -> Entry | None:
        """One entry; None if it is not there or does not match."""
        return self.read_all([dn], attributes, filter_)[0]

    def read_all(
        self, dns: Sequence[str], attributes: Sequence[str], filter_: str = ALL
    ) -> list[Entry | None]:
        """As `read`, of each name, without waiting for one answer before the next question."""
        found: list[Entry | None] = []
        for start in range(0, len(dns), PIPELINED):
            asked = [
                self._ask(Search(dn, Scope.BASE), filter_, attributes)
                for dn in dns[start : start + PIPELINED]
            ]
            found += [self._one(number) for number in asked]
        return found

    def _one(self, number: int) -> Entry | None:
        try:
            with _told_but((ldap.NO_SUCH_OBJECT,), self.url):
                entries, _ = self._answer(number)
        except ldap.NO_SUCH_OBJECT:
            return None
        return next(iter(entries), None)

    def _page(
        self, where: Search, filter_: str, attributes: Sequence[str], page: SimplePagedResultsControl
    ) -> tuple[list[Entry], Any]:
        with faults.told(self.url):
            entries, controls = self._answer(self._ask(where, filter_, attributes, page))
        return entries, next((c.cookie for c in controls if c.controlType == page.controlType), "")

    def _ask(self, where: Search, filter_: str, attributes: Sequence[str], *controls: Any) -> int:
        with faults.told(self.url):
            self._connection.bound(self._deadline.left(self.settings.timeout))
            number: int = self._connection.ldap.search_ext(
                where.base,
                int(where.scope),
                filter_ or ALL,
                list(attributes),
                serverctrls=list(controls),
                timeout=self.settings.timeout,
            )
        return number

    def _answer(self, number: int) -> tuple[list[Entry], Sequence[Any]]:
        """What was asked under `number`. Raises LDAPError. What is said to be elsewhere (references) is not followed."""
        seconds = self._deadline.left(self.settings.timeout)
        _, found, _, controls = self._connection.ldap.result3(number, 1, seconds)
        entries = [
            Entry(dn, {name.lower(): values for name, values in attributes.items()})
            for dn, attributes in found
            if dn is not None
        ]
        return entries, controls

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def _told_but(kinds: tuple[type[ldap.LDAPError], ...], url: str) -> Iterator[None]:
    """As faults.told, while errors of `kinds` say something to the caller."""
    try:
        yield
    except kinds:
        raise
    except ldap.LDAPError as error:
        raise faults.unavailable(error, url) from None
