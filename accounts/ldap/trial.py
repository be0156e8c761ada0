"""The steps of a diagnosis, each by itself. They ask past the open circuits: an administrator who tries wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from cryptography import x509

from accounts.ldap import faults, finding, limits, names, opening, parsing, proving, transport
from accounts.ldap.limits import Deadline
from accounts.ldap.membership import Membership, Way
from accounts.ldap.people import FoundGroup, Person, Proven
from accounts.ldap.session import Session
from accounts.ldap.settings import DirectorySettings, Search
from core.errors import DirectoryUnavailable, OutgoingFailed
from net import resolving, streams

TRIAL_SECONDS: Final = 60.0
COUNTED: Final = 500
SHOWN: Final = 20
_WAYS: Final = {
    Way.MEMBEROF: "as the person's entry says (memberof)",
    Way.REVERSE: "as the groups say (reverse)",
    Way.CHAIN: "with groups of groups, followed by Active Directory (nested)",
    Way.WALK: "with groups of groups (nested)",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found; as diagnosis.Step."""

    detail: str
    hint: str = ""
    filter: str = ""
    ok: bool = True


class Trial:
    """`with Trial(…) as trial`: steps to be run in order, each of which needs those before it to have gone well."""

    def __init__(
        self,
        settings: DirectorySettings,
        user: str,
        password: str,
        roles: Callable[[Proven], str] | None,
    ) -> None:
        self._settings = settings
        self._user, self._password, self._roles = user, password, roles
        self._deadline = Deadline(TRIAL_SECONDS)
        self._sessions: list[Session] = []
        self._person: Person | None = None
        self._groups: tuple[FoundGroup, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions:
            session.close()

    def steps(self) -> Iterator[tuple[str, Callable[[], Found]]]:
        """Names and what to run. Nothing run raises but `roles`: a directory's failure is a Found that is not ok."""
        if not self._settings.urls:
            yield (
                "settings",
                lambda: Found("ldap_url is empty", hint="set ldap_url and ldap_base_dn", ok=False),
            )
        several = len(self._settings.urls) > 1
        for url in self._settings.urls:
            for name, step in self._connecting(url):
                yield (f"{name} ({url})" if several else name), _told(step)
        yield "people", _told(self._people)
        if self._settings.groups.base:
            yield "groups", _told(self._all_groups)
        if self._user:
            yield "sample user", _told(self._sample)
            yield "groups found", _told(self._sample_groups)
            if self._roles is not None:
                yield "roles in Wharf", self._sample_roles

    def _connecting(self, url: str) -> Iterator[tuple[str, Callable[[], Found]]]:
        yield "name", lambda: self._resolve(url)
        yield "connection", lambda: self._connect(url)
        yield "encryption", lambda: self._encrypt(url)
        yield "search account", lambda: self._bind(url)

    def _connect_deadline(self) -> Deadline:
        return self._deadline.part(self._settings.connect_timeout)

    def _resolve(self, url: str) -> Found:
        host, _ = transport.address(url)
        addresses = resolving.lookup(host, self._connect_deadline().left())
        return Found(f"{host} is {', '.join(dict.fromkeys(map(str, addresses)))}")

    def _connect(self, url: str) -> Found:
        host, port = transport.address(url)
        streams.connect(host, port, self._connect_deadline().left()).close()
        return Found(f"port {port} takes connections")

    def _encrypt(self, url: str) -> Found:
        if not transport.is_secure(url, self._settings):
            return Found(
                "none", hint="passwords can be read on the way: use ldaps:// in ldap_url, or ldap_start_tls"
            )
        secured = transport.handshake(url, self._settings, self._connect_deadline())
        certificate, version = secured.getpeercert(binary_form=True), secured.version()
        secured.close()
        assert certificate is not None, "a server without a certificate ends no handshake"
        unchecked = "" if self._settings.verify else "the certificate is not checked: set ldap_verify_cert"
        return Found(f"{version}, {_described(certificate)}", hint=unchecked)

    def _bind(self, url: str) -> Found:
        with limits.slots.one(self._deadline):
            self._sessions.append(
                opening.begin(url, self._settings, self._deadline, self._connect_deadline())
            )
        if self._settings.search_dn:
            return Found(self._settings.search_dn)
        return Found("none, the directory is searched anonymously")

    @property
    def _session(self) -> Session:
        """With the server that would be asked first."""
        return self._sessions[0]

    def _people(self) -> Found:
        where = self._settings.people
        filter_ = names.every(where.filter, f"({self._settings.uid}=*)")
        return self._counted(where, filter_, "people", hint="check ldap_base_dn, ldap_filter and ldap_uid")

    def _all_groups(self) -> Found:
        where = self._settings.groups
        hint = "check ldap_group_base_dn and ldap_group_search_filter"
        return self._counted(where, where.filter or "(objectClass=*)", "groups", hint=hint)

    def _counted(self, where: Search, filter_: str, what: str, *, hint: str) -> Found:
        entries = self._session.some(where, filter_, ("1.1",), limit=COUNTED)
        more = " or more" if len(entries) == COUNTED else ""
        detail = f"{len(entries)}{more} {what} below {where.base}"
        return Found(detail, filter=filter_) if entries else Found(detail, hint, filter_, ok=False)

    def _sample(self) -> Found:
        if not proving.is_plausible(self._user, "-"):
            return Found("this can be nobody's name", ok=False)
        filter_ = finding.by_name(self._session, self._user)
        found = finding.entries_of(self._session, self._user)
        if len(found) != 1:
            what = "several people sign in by that name" if found else "nobody signs in by that name"
            return Found(what, "check ldap_base_dn, ldap_filter and ldap_uid", filter_, ok=False)
        self._person = parsing.person(found[0], self._session)
        if self._person.is_disabled:
            return Found(f"{found[0].dn} is disabled in the directory", filter=filter_, ok=False)
        return self._try_password(found[0].dn, filter_)

    def _try_password(self, dn: str, filter_: str) -> Found:
        if not self._password:
            return Found(f"{dn}; no password to try", filter=filter_)
        try:
            self._session.bind(dn, self._password)
        except faults.REFUSALS as error:
            return Found(f"{dn} is refused: {faults.why_refused(error)}", filter=filter_, ok=False)
        finally:
            self._session.introduce()
        return Found(f"{dn}, and the password is right", filter=filter_)

    def _sample_groups(self) -> Found:
        assert self._person is not None
        membership = Membership(self._session)
        self._groups = membership.groups_of(self._person)
        shown = ", ".join(group.name for group in self._groups[:SHOWN]) or "none"
        more = f" and {len(self._groups) - SHOWN} more" if len(self._groups) > SHOWN else ""
        hint = "" if self._settings.groups.base else "ldap_group_base_dn is empty: no groups are looked for"
        return Found(f"{shown}{more}, {_WAYS[membership.way]}", hint=hint)

    def _sample_roles(self) -> Found:
        assert self._person is not None
        assert self._roles is not None
        return Found(self._roles(Proven(self._person, self._groups)) or "none")


def _told(step: Callable[[], Found]) -> Callable[[], Found]:
    """The step, with the directory's failure as what it found."""

    def run() -> Found:
        try:
            return step()
        except DirectoryUnavailable as error:
            return Found(error.reason, error.hint, ok=False)
        except OutgoingFailed as error:
            failure = transport.unreached(error)
            return Found(failure.reason, failure.hint, ok=False)

    return run


def _described(certificate: bytes) -> str:
    """Whose it is and until when it is valid."""
    found = x509.load_der_x509_certificate(certificate)
    until = found.not_valid_after_utc
    return f"certificate of {found.subject.rfc4514_string()}, valid until {until:%Y-%m-%d %H:%MZ}"
