"""Who is in which group: each way answers both "whose groups" and "which members", and the two agree.

memberof  what a person's own entry says; members are the people whose entry says it
reverse   groups that name the person; members are those the group names
nested    both through groups of groups: Active Directory follows them itself, elsewhere we do
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import Final

from accounts.ldap import names, parsing
from accounts.ldap.kinds import Kind
from accounts.ldap.people import FoundGroup, Person
from accounts.ldap.session import Entry, Session
from config.directory import GroupMode
from core.errors import DirectoryUnavailable

# https://learn.microsoft.com/openspecs/windows_protocols/ms-adts: LDAP_MATCHING_RULE_TRANSITIVE_EVAL
CHAIN: Final = ":1.2.840.113556.1.4.1941:"
# Names in one filter; beyond it servers refuse a filter for its length.
BATCH: Final = 100
MAX_GROUPS: Final = 20_000
# Of `member;range=0-1499` the last number, "*" for the end.
_RANGE = re.compile(r"range=\d+-(\d+|\*)", re.IGNORECASE)
# The one usual attribute that holds names people sign in with, not distinguished names (RFC 2307).
_BY_NAME: Final = "memberuid"


class Way(Enum):
    """How this directory is asked."""

    MEMBEROF = "memberof"
    REVERSE = "reverse"
    CHAIN = "chain"
    WALK = "walk"


class Membership:
    """Questions about members, in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._settings = session.settings
        self._attributes = parsing.group_attributes(session.settings)
        self.way = way(session.settings.group_mode, session.kind)

    def groups_of(self, person: Person) -> tuple[FoundGroup, ...]:
        """Those within base and filter, and of administrators' and auditors' group those he is in; ordered by their names."""
        groups = {group.subject: group for group in self._found(person)}
        for dn in set(names.chosen(self._settings)) - {group.dn for group in groups.values()}:
            entry = self._if_in(dn, person, groups.values())
            if entry is not None:
                group = parsing.group(entry, self._session)
                groups[group.subject] = group
        return tuple(sorted(groups.values(), key=lambda group: group.dn))

    def _found(self, person: Person) -> list[FoundGroup]:
        if not self._settings.groups.base:
            return []
        if self.way is Way.MEMBEROF:
            return self._named_by(person.dn)
        if self.way is Way.CHAIN:
            return self._search(names.equals(f"{self._settings.member}{CHAIN}", person.dn))
        if self.way is Way.REVERSE:
            return self._search(self._names(person))
        return self._walk_up(person)

    def _if_in(self, dn: str, person: Person, groups: Iterable[FoundGroup]) -> Entry | None:
        """The entry of a group outside of the base, if the person is in it."""
        if self.way is Way.MEMBEROF:
            said = self._session.read(person.dn, ("1.1",), names.equals(self._settings.membership, dn))
            return None if said is None else self._session.read(dn, self._attributes)
        if self.way is Way.CHAIN:
            wanted = [names.equals(f"{self._settings.member}{CHAIN}", person.dn)]
        else:
            wanted = [self._names(person)]
        if self.way is Way.WALK:
            wanted += [names.equals(self._settings.member, group.dn) for group in groups]
        found = (self._session.read(dn, self._attributes, names.any_of(*batch)) for batch in _batches(wanted))
        return next((entry for entry in found if entry is not None), None)

    def members_of(self, group: FoundGroup) -> frozenset[str]:
        if self.way is Way.MEMBEROF:
            return self._people(names.equals(self._settings.membership, group.dn))
        if self.way is Way.CHAIN:
            return self._people(names.equals(f"{self._settings.membership}{CHAIN}", group.dn))
        if self.way is Way.REVERSE:
            return self._as_people(self._named_in(group.dn))
        return self._walk_down(group)

    # Whose groups ---------------------------------------------------------------------------------------------------

    def _names(self, person: Person) -> str:
        attribute = self._settings.member
        return names.equals(attribute, person.name if attribute.lower() == _BY_NAME else person.dn)

    def _named_by(self, dn: str) -> list[FoundGroup]:
        """The groups that the entry `dn` says it is in."""
        dns = self._values(dn, self._settings.membership) or []
        if len(dns) > MAX_GROUPS:
            raise _too_many()
        inside = [each for each in dns if names.is_in(each, self._settings.groups)]
        found = self._session.read_all(inside, self._attributes, self._settings.groups.filter)
        return [parsing.group(entry, self._session) for entry in found if entry is not None]

    def _search(self, filter_: str) -> list[FoundGroup]:
        where = self._settings.groups
        entries = self._session.search(where, names.every(where.filter, filter_), self._attributes)
        return [parsing.group(entry, self._session) for entry in entries]

    def _walk_up(self, person: Person) -> list[FoundGroup]:
        """Groups that name the person, then those that name one of them, until no new one is found."""
        known: dict[str, FoundGroup] = {}
        filters = [self._names(person)]
        while filters:
            found = [group for filter_ in filters for group in self._search(filter_)]
            new = {group.dn: group for group in found if group.dn not in known}
            known |= new
            if len(known) > MAX_GROUPS:
                raise _too_many()
            by_dn = (names.equals(self._settings.member, dn) for dn in new)
            filters = [names.any_of(*batch) for batch in _batches(by_dn)]
        return list(known.values())

    # Which members --------------------------------------------------------------------------------------------------

    def _people(self, filter_: str) -> frozenset[str]:
        where = self._settings.people
        entries = self._session.search(where, names.every(where.filter, filter_), ("1.1",))
        return frozenset(names.normal(entry.dn) for entry in entries)

    def _as_people(self, members: Iterable[str]) -> frozenset[str]:
        """What a group's attribute holds, as distinguished names."""
        if self._settings.member.lower() != _BY_NAME:
            return frozenset(map(names.normal, members))
        # A person of several names is known by one of them, and in a group if that one is listed: as `_names` asks.
        where, listed = self._settings.people, frozenset(members)
        found: set[str] = set()
        for batch in _batches(names.equals(self._settings.uid, name) for name in listed):
            wanted = names.every(where.filter, names.any_of(*batch))
            entries = self._session.search(where, wanted, (self._settings.uid,))
            found |= {
                names.normal(each.dn) for each in entries if parsing.name(each, self._settings) in listed
            }
        return frozenset(found)

    def _named_in(self, dn: str) -> list[str]:
        """All that the group's member attribute holds."""
        values = self._values(dn, self._settings.member)
        if values is None:
            raise DirectoryUnavailable("a group vanished while it was read", hint="try again")
        return values

    def _values(self, dn: str, attribute: str) -> list[str] | None:
        """All values of an attribute, of which Active Directory gives 1500 at a time; None if there is no such entry."""
        values: list[str] = []
        wanted = attribute
        while wanted:
            entry = self._session.read(dn, (wanted,))
            if entry is None:
                return None
            found, wanted = _part(entry, attribute, len(values))
            values += found
        return values

    def _walk_down(self, group: FoundGroup) -> frozenset[str]:
        """Those the group names, and those its groups name. A group within itself is looked at once."""
        if self._settings.member.lower() == _BY_NAME:
            return self._as_people(self._named_in(group.dn))
        where = self._settings.groups
        groups = {names.normal(entry.dn) for entry in self._session.search(where, where.filter, ("1.1",))}
        people: set[str] = set()
        seen, waiting = {group.dn}, [group.dn]
        while waiting:
            members = set(map(names.normal, self._named_in(waiting.pop())))
            people |= members - groups
            waiting += (members & groups) - seen
            seen |= members & groups
        return frozenset(people)


def way(mode: GroupMode, kind: Kind) -> Way:
    """Auto follows groups of groups where the directory does it by itself; what a group names is true everywhere."""
    if mode is GroupMode.MEMBEROF:
        return Way.MEMBEROF
    if mode is GroupMode.REVERSE:
        return Way.REVERSE
    if kind.is_active_directory:
        return Way.CHAIN
    return Way.WALK if mode is GroupMode.NESTED else Way.REVERSE


def _part(entry: Entry, attribute: str, known: int) -> tuple[list[str], str]:
    """Some values, and what to ask for next ("" at the end)."""
    for name in entry.attributes:
        match = _RANGE.search(name)
        if match is not None and name.split(";", 1)[0] == attribute.lower():
            values = entry.texts(name)
            if match[1] == "*":
                return values, ""
            if not values:
                raise DirectoryUnavailable(f"{attribute} could not be read to the end", hint="try again")
            return values, f"{attribute};range={known + len(values)}-*"
    return entry.texts(attribute), ""


def _batches(filters: Iterable[str]) -> Iterator[Sequence[str]]:
    remaining = iter(filters)
    while batch := tuple(islice(remaining, BATCH)):
        yield batch


def _too_many() -> DirectoryUnavailable:
    return DirectoryUnavailable(
        f"a person is in more than {MAX_GROUPS} groups", hint="narrow ldap_group_base_dn or its filter"
    )
