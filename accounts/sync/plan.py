"""What a synchronisation would change: pure functions of what is known here and what the directory says.

Both sides are whole when they come here: a directory that did not answer, or not to the end, never gets this far.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.sync.shapes import (
    Act,
    Change,
    Flag,
    Found,
    GroupChange,
    Known,
    KnownGroup,
    KnownPerson,
    Membership,
    Plan,
    Step,
)
from accounts.sync.wanted import fitting_email, fitting_name, fitting_username

if TYPE_CHECKING:
    from accounts.ldap import FoundGroup, Person


def plan(known: Known, found: Found) -> Plan:
    """Groups first, then people; what is given (members, and rights given by groups) before what is taken."""
    notes: list[str] = []
    people = list(_people(known, found, notes))
    steps: tuple[Step, ...] = (*_groups(known, found, notes), *people, *_members(known, found))
    return Plan(
        steps=tuple(sorted(steps, key=_turn)),
        notes=tuple(notes),
        people=sum(person.is_active for person in known.people),
        memberships=sum(len(group.people) for group in known.groups),
    )


def person_changes(known: KnownPerson, person: Person | None, *, admin: bool, auditor: bool) -> list[Change]:
    """What the directory says of one person, without his name, which others may have (see `renamed`)."""
    changes = [_moved(known, person), _details(known, person), _open_or_closed(known, person)]
    if person is None:
        admin = auditor = False
    changes += [
        _flag(Act.ADMIN, known, known.admin, wanted=admin),
        _flag(Act.AUDITOR, known, known.auditor, wanted=auditor),
    ]
    return sorted((change for change in changes if change is not None), key=_turn)


def _turn(step: Step) -> int:
    """Its place. Taking a right moves the epoch, and who is given one after that looks as if he had lost something since."""
    if isinstance(step, Membership):
        return 2 if step.added else 5
    if step.act in (Act.ADMIN, Act.AUDITOR):
        return 3 if any(step.after.values()) else 6
    return {Act.GROUP: 0, Act.DISABLE: 4}.get(step.act, 1)


def renamed(known: KnownPerson, person: Person | None) -> Change | None:
    """A change of name, for a name that can be one here."""
    wanted = None if person is None or not known.follows else fitting_username(person.name)
    if wanted is None or wanted == known.username:
        return None
    return _change(Act.RENAME, known, {"username": known.username}, {"username": wanted})


def _people(known: Known, found: Found, notes: list[str]) -> Iterator[Change]:
    renames, at = [], _places(known, found)
    admins = at.listed(found.admins, {each.user_id for each in known.people if each.admin.from_directory})
    auditors = at.listed(
        found.auditors, {each.user_id for each in known.people if each.auditor.from_directory}
    )
    for each in known.people:
        person, id_ = found.people.get(each.subject), each.user_id
        yield from person_changes(each, person, admin=id_ in admins, auditor=id_ in auditors)
        if person and each.follows and fitting_username(person.name) is None:
            notes.append(f"{each.username}: its name in the directory cannot be a user name here")
        if (change := renamed(each, person)) is not None:
            renames.append(change)
    yield from _in_turn(renames, dict(known.usernames), "username", notes)


def _in_turn(
    renames: list[Change], holders: dict[str, int], field_: str, notes: list[str]
) -> Iterator[Change]:
    """Renames in an order in which each name is free when it is taken; what never gets free is noted."""
    waiting = renames
    while waiting:
        blocked = []
        for change in waiting:
            wanted = str(change.after[field_]).lower()
            if holders.get(wanted, change.id) != change.id:
                blocked.append(change)
                continue
            holders.pop(str(change.before[field_]).lower(), None)
            holders[wanted] = change.id
            yield change
        if len(blocked) == len(waiting):
            notes += [f"{each.name}: the name {each.after[field_]} is taken" for each in blocked]
            return
        waiting = blocked


def _moved(known: KnownPerson, person: Person | None) -> Change | None:
    before = {"name": known.name, "dn": known.dn, "gone": known.is_gone}
    if person is None:
        return _change(Act.MOVE, known, before, {"gone": True})
    after = {"name": fitting_name(person.name), "dn": person.dn, "gone": False}
    return _change(Act.MOVE, known, before, after)


def _details(known: KnownPerson, person: Person | None) -> Change | None:
    if person is None or not known.follows:
        return None
    before = {"email": known.email, "full_name": known.full_name}
    after = {"email": fitting_email(person.email), "full_name": fitting_name(person.full_name)}
    return _change(Act.DETAILS, known, before, after)


def _open_or_closed(known: KnownPerson, person: Person | None) -> Change | None:
    may_sign_in = person is not None and not person.is_disabled
    if known.is_active and not may_sign_in:
        return _change(Act.DISABLE, known, {"active": True}, {"active": False})
    if may_sign_in and known.disabled_by_directory and not known.is_active:
        return _change(Act.ENABLE, known, {"active": False}, {"active": True})
    return None


def _flag(act: Act, known: KnownPerson, flag: Flag, *, wanted: bool) -> Change | None:
    """What was given by hand stays; what the directory gave goes with the group."""
    right = act.removeprefix("user.")
    if wanted and not flag.held:
        return _change(act, known, {right: False}, {right: True})
    if not wanted and flag.from_directory:
        return _change(act, known, {right: True}, {right: False})
    return None


def _change(
    act: Act, known: KnownPerson, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Change | None:
    differs = [key for key in after if before[key] != after[key]]
    if not differs:
        return None
    return Change(
        act, known.user_id, known.username, known.sighting, _only(before, differs), _only(after, differs)
    )


def _only(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: values[key] for key in keys}


def _groups(known: Known, found: Found, notes: list[str]) -> Iterator[GroupChange]:
    holders = dict(known.group_names)
    for each in known.groups:
        group = found.groups.get(each.subject)
        if group is None:
            continue
        before = {"name": each.name, "dn": each.dn, "gone": each.is_gone}
        after = {"name": _group_name(each, group, holders, notes), "dn": group.dn, "gone": False}
        differs = [key for key in after if before[key] != after[key]]
        if differs or group.name != each.directory_name:
            yield GroupChange(each.id, each.name, group, _only(before, differs), _only(after, differs))


def _group_name(known: KnownGroup, group: FoundGroup, holders: dict[str, int], notes: list[str]) -> str:
    """The name it will have here: an administrator's choice stays, and so does the old one where the new one is taken."""
    there = fitting_name(group.name)
    if not there or not known.follows or there == known.name:
        return known.name
    if holders.get(there.lower(), known.id) != known.id:
        notes.append(f"group {known.name}: the name {there} is taken")
        return known.name
    holders.pop(known.name.lower(), None)
    holders[there.lower()] = known.id
    return there


def _members(known: Known, found: Found) -> Iterator[Membership]:
    """Who joins and who leaves are steps apart: who goes from one group to another never has less meanwhile."""
    names = {each.user_id: each.username for each in known.people}
    seen = {each.user_id: each.sighting for each in known.people}
    at = _places(known, found)
    for group in known.groups:
        if group.subject not in found.groups:
            if group.people or not group.is_gone:
                yield Membership(group.id, group.name, {}, _named(group.people, names), Act.GONE)
            continue
        wanted = at.listed(found.members.get(group.subject, frozenset()), group.people)
        if added := wanted - group.people:
            joining = {user: seen[user] for user in sorted(added)}
            yield Membership(group.id, group.name, _named(added, names), {}, seen=joining)
        if removed := group.people - wanted:
            yield Membership(group.id, group.name, {}, _named(removed, names))


@dataclass(frozen=True, slots=True)
class _Places:
    """Ids of users by DN: who is there, and who had been there until he moved."""

    now: Mapping[str, int]
    before: Mapping[str, Collection[int]]

    def listed(self, dns: Collection[str], having: Collection[int]) -> frozenset[int]:
        """Whom these lists name. Where somebody was counts only for what he has already (`having`)."""
        keeping = (user for dn in dns for user in self.before.get(dn, ()) if user in having)
        return frozenset(self.now[dn] for dn in dns if dn in self.now).union(keeping)


def _places(known: Known, found: Found) -> _Places:
    """Where people are, and where those who are elsewhere now were last, unless somebody known is there now.

    Servers mend the lists of their groups a moment after a move (OpenLDAP's refint), and that moment must cost no right. It
    must give none either: who is there now may have no account here.
    """
    there = [each for each in known.people if each.subject in found.people]
    now = {found.people[each.subject].dn: each.user_id for each in there}
    before: dict[str, list[int]] = {}
    for each in there:
        if each.dn not in now:
            before.setdefault(each.dn, []).append(each.user_id)
    return _Places(now, before)


def _named(users: Iterable[int], names: Mapping[int, str]) -> dict[int, str]:
    return {user: names.get(user, f"user {user}") for user in sorted(users)}
