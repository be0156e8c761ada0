"""One person of the directory and his account: made, and brought up to date, at sign-in and by import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from accounts import ldap
from accounts.ldap import Directory, Person, Proven
from accounts.models import Group, Identity, Source, User
from accounts.services.directory import onboard
from accounts.services.group_sync import replace_groups_of, replace_people
from accounts.services.groups import import_group
from accounts.sync import facts
from accounts.sync.acts import apply
from accounts.sync.plan import person_changes, renamed
from accounts.sync.shapes import KnownPerson, Step
from core.errors import (
    AlreadyExists,
    DirectoryUnavailable,
    DirectoryUnused,
    GroupUnknown,
    LastAdministrator,
    Unavailable,
    UserUnknown,
)

if TYPE_CHECKING:
    from access.principal import Principal

T = TypeVar("T")

log = structlog.get_logger(__name__)


def follow(actor: Principal, known: KnownPerson, proven: Proven, directory: Directory) -> User:
    """The account as the directory has the person now: details, state, groups and rights. Nothing is written for no change.

    A name that is taken and the last administrator's right stay as they are. Raises UserUnknown for one removed or unlinked
    meanwhile.
    """
    dns = {group.dn for group in proven.groups}
    steps = person_changes(
        known, proven.person, admin=directory.admin_dn in dns, auditor=directory.auditor_dn in dns
    )
    rename = renamed(known, proven.person)
    for step in [*steps, *([rename] if rename else [])]:
        _try(actor, step)
    user = _user(known)
    changed = replace_groups_of(actor, user, _groups_here(proven), subject=known.subject)
    return _user(known) if changed else user


def import_person(actor: Principal, directory: Directory, name: str) -> User:
    """An account for someone who has not signed in yet, with his groups.

    Raises UserUnknown, AlreadyExists, NameInvalid, Unavailable, Denied.
    """
    person = find_person(directory, name)
    groups = asked(lambda: directory.groups_of(person))
    user = onboard(actor, person)
    known = facts.person(person.subject)
    return user if known is None else follow(actor, known, Proven(person, groups), directory)


def import_group_at(actor: Principal, directory: Directory, dn: str, *, name: str | None = None) -> Group:
    """Make a group of the directory known here; whoever of it has an account is in it at once.

    Who has moved since he was last seen follows with the next synchronisation.

    Raises GroupUnknown, AlreadyExists, NameInvalid, Unavailable, Denied.
    """
    found = asked(lambda: directory.group(dn))
    if found is None:
        raise GroupUnknown(
            f"the directory has no group '{dn}': look for it with wharf ldap search groups", group=dn
        )
    members = asked(lambda: directory.members_of(found))
    here = facts.last_seen_at(members)
    present = asked(lambda: directory.people(here.keys()))
    group = import_group(actor, found, name=name)
    people = [here[subject] for subject, person in present.items() if person.dn in members]
    replace_people(actor, group, people)
    group.refresh_from_db()
    return group


def find_person(directory: Directory, name: str) -> Person:
    """Who signs in to the directory by that name. Raises UserUnknown, Unavailable."""
    person = asked(lambda: directory.person(name))
    if person is None:
        raise UserUnknown(
            f"nobody signs in to the directory as '{name}': look for the name with wharf ldap search people",
            user=name,
        )
    return person


def the_directory() -> Directory:
    """The one in use. Raises DirectoryUnused; Unavailable, with what an administrator can do about it."""
    return asked(ldap.Directory.current)


def asked(ask: Callable[[], T]) -> T:
    """For administrators, who are told why the directory did not answer."""
    try:
        return ask()
    except DirectoryUnused:
        raise
    except DirectoryUnavailable as error:
        raise Unavailable(f"the directory could not be asked: {error.told}") from error


def _groups_here(proven: Proven) -> list[int]:
    """Of the directory's groups those that were imported: by subject, or by name where the subject could not be read."""
    subjects = [group.subject for group in proven.groups if group.subject]
    dns = [group.dn for group in proven.groups if not group.subject]
    return facts.groups_named(subjects, dns) if proven.groups else []


def _try(actor: Principal, step: Step) -> None:
    try:
        apply(actor, step)
    except (AlreadyExists, LastAdministrator) as error:
        log.warning("the directory's word was not followed", change=step.key, reason=error.message)


def _user(known: KnownPerson) -> User:
    """The account while it is his. Its epoch is of the same moment: should he lose it later, what begins now ends."""
    his = Identity.objects.filter(source=Source.LDAP, issuer="", subject=known.subject)
    found = User.objects.filter(pk=known.user_id, identities__in=his).first()
    if found is None:
        raise UserUnknown(
            f"'{known.username}' is not the account of that person any more", user=known.username
        )
    return found
