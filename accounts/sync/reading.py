"""Asks the directory for everything a synchronisation needs, and for nothing else. All of it, or an error.

Nothing here writes, and nothing is written before this has come to its end: an error half-way changes nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from accounts.ldap import Directory, FoundGroup
from accounts.sync.shapes import Found, Known
from core.errors import DirectoryUnavailable


def read(directory: Directory, known: Known, advance: Callable[[], None] = lambda: None) -> Found:
    """`advance` is called after each group. Raises DirectoryUnavailable, also for an answer that cannot be true."""
    groups = directory.groups([group.subject for group in known.groups])
    people = directory.people([person.subject for person in known.people])
    _check_not_empty(directory, known, people, groups)
    members = {}
    for subject, group in groups.items():
        members[subject] = directory.members_of(group)
        advance()
    return Found(
        people,
        groups,
        members,
        _members_at(directory, directory.admin_dn),
        _members_at(directory, directory.auditor_dn),
    )


def _members_at(directory: Directory, dn: str) -> frozenset[str]:
    """The members of the group that gives a right; of no group, nobody."""
    group = directory.group(dn) if dn else None
    return frozenset() if group is None else directory.members_of(group)


def _check_not_empty(
    directory: Directory, known: Known, people: Mapping[str, object], groups: Mapping[str, FoundGroup]
) -> None:
    """Everybody gone at once is a mistake of ours as long as the directory shows nobody at all."""
    had_people = any(not person.is_gone for person in known.people)
    if had_people and not people and not directory.search_people("", limit=1):
        raise DirectoryUnavailable(
            "the directory shows nobody at all", hint="check ldap_base_dn, ldap_filter and the search account"
        )
    had_groups = any(not group.is_gone for group in known.groups)
    if had_groups and not groups and not directory.search_groups("", limit=1):
        raise DirectoryUnavailable(
            "the directory shows no group at all",
            hint="check ldap_group_base_dn, ldap_group_search_filter and the search account, or delete the groups known here",
        )
