"""What a synchronisation would change: pure functions of what is known here and what the directory says.

Both sides are whole when they come here: a directory that did not answer, or not to the end, never gets this far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
)
from accounts.sync.wanted import fitting_email, fitting_name, fitting_username

if TYPE_CHECKING:
    from accounts.ldap import FoundGroup, Person


def plan(known: Known, found: Found) -> Plan:
    """Groups first, then people, members, and rights given by groups."""
    notes: list[str] = []
    people = list(_people(known, found, notes))
    return Plan(
        steps=(
            *_groups(known, found, notes),
            *(change for change in people if change.act not in (Act.ADMIN, Act.AUDITOR)),
            *_members(known, found),
            *(change for change in people if change.act in (Act.ADMIN, Act.AUDITOR)),
        ),
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
    return [change for change in changes if change is not None]


def renamed(known: KnownPerson, person: Person | None) -> Change | None:
    """A change of name, for a name that can be one here."""
    wanted = None if person is None or not known.follows else fitting_username(person.name)
    if wanted is None or wanted == known.username:
        return None
    return _change(Act.RENAME, known, {"username": known.username}, {"username": wanted})


def _people(known: Known, found: Found, notes: list[str]) -> Iterator[Change]:
    renames, at = [], _places(known, found)
    admins, auditors = ({at[dn] for dn in dns if dn in at} for dns in (found.admins, found.auditors))
    for each in known.people:
        person, subject = found.people.get(each.subject), each.subject
        yield from person_changes(each, person, admin=subject in admins, auditor=subject in auditors)
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
    return Change(act, known.user_id, known.username, _only(before, differs), _only(after, differs))


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
    at = _places(known, found)
    names = {each.user_id: each.username for each in known.people}
    ids = {each.subject: each.user_id for each in known.people}
    for group in known.groups:
        if group.subject not in found.groups:
            if group.people or not group.is_gone:
                yield Membership(group.id, group.name, {}, _named(group.people, names), Act.GONE)
            continue
        wanted = _ids(found.members.get(group.subject, frozenset()), at, ids)
        added, removed = wanted - group.people, group.people - wanted
        if added or removed:
            yield Membership(group.id, group.name, _named(added, names), _named(removed, names))


def _places(known: Known, found: Found) -> dict[str, str]:
    """DN -> subject of everybody found. Whoever has just moved also counts where he was, unless somebody else is there now.

    Servers mend the lists of their groups a moment after a move (OpenLDAP's refint), and that moment must cost no right.
    """
    moved = {each.dn: each.subject for each in known.people if each.subject in found.people}
    return moved | {person.dn: subject for subject, person in found.people.items()}


def _ids(dns: Iterable[str], at: Mapping[str, str], ids: Mapping[str, int]) -> frozenset[int]:
    return frozenset(ids[at[dn]] for dn in dns if dn in at and at[dn] in ids)


def _named(users: Iterable[int], names: Mapping[int, str]) -> dict[int, str]:
    return {user: names.get(user, f"user {user}") for user in sorted(users)}
