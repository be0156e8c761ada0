"""Accounts and people of the directory: linked, unlinked, moved from one to the other; rights stay with the account."""

from __future__ import annotations

import pytest

from access.table import Role
from accounts.models import Identity, User
from accounts.services import identities, users
from accounts.sync.people import find_person, import_group_at, import_person, the_directory
from core.errors import AlreadyExists, Conflict, GroupUnknown, LastAdministrator, Unavailable, UserUnknown
from projects.services.members import add_member
from tests.accounts.directories import (
    LOCAL,
    PASSWORD,
    Configure,
    identity,
    imported,
    names_in,
    operations,
    sign_in,
    signed_in,
    synchronised,
)
from tests.ldap.slapd import Slapd
from tests.people import SYSTEM, make_project, make_user, unique

pytestmark = pytest.mark.django_db


def linked(directory: Slapd) -> tuple[User, str]:
    """A local account with a person of the same name, and his DN."""
    user = make_user("ann", password=LOCAL)
    dn = directory.add_person(user.username, PASSWORD)
    identities.link_identity(SYSTEM, user, find_person(the_directory(), user.username))
    return user, dn


def epoch(user: User) -> int:
    return User.objects.get(pk=user.pk).auth_epoch


def test_a_linked_account_is_opened_by_either_password(directory: Slapd):
    user, dn = linked(directory)
    assert sign_in(user.username, PASSWORD) == user
    assert sign_in(user.username, LOCAL) == user
    assert sign_in(user.username, "neither") is None
    assert (identity(user).dn, epoch(user)) == (dn, user.auth_epoch)
    assert operations(user) == ["identity.link"]


def test_linking_twice_is_linking_once(directory: Slapd):
    user, _ = linked(directory)
    identities.link_identity(SYSTEM, user, find_person(the_directory(), user.username))
    assert operations(user) == ["identity.link"]


def test_one_person_has_one_account_and_one_account_one_person(directory: Slapd):
    user, _ = linked(directory)
    person, other = find_person(the_directory(), user.username), unique("bob")
    with pytest.raises(AlreadyExists, match=user.username):
        identities.link_identity(SYSTEM, make_user(), person)
    directory.add_person(other)
    with pytest.raises(AlreadyExists, match="unlink that first"):
        identities.link_identity(SYSTEM, user, find_person(the_directory(), other))


def test_what_came_from_the_directory_goes_with_the_link(directory: Slapd, configure: Configure):
    user, dn = linked(directory)
    group = imported(directory.add_group(unique("devs"), [dn]))
    add_member(SYSTEM, make_project(), group, Role.DEVELOPER)
    configure(ldap_group_admin_dn=directory.add_group(unique("admins"), [dn]))
    assert signed_in(user.username).is_admin
    left = identities.unlink_identity(SYSTEM, user)
    assert not left.is_admin
    assert names_in(group) == set()
    assert epoch(user) > user.auth_epoch
    assert sign_in(user.username, PASSWORD) is None
    assert sign_in(user.username, LOCAL) == user
    with pytest.raises(Conflict, match="not linked"):
        identities.unlink_identity(SYSTEM, user)


def test_unlinking_ends_what_was_begun_with_the_directorys_password(directory: Slapd):
    user, _ = linked(directory)
    begun = signed_in(user.username).auth_epoch
    identities.unlink_identity(SYSTEM, user)
    assert epoch(user) == begun + 1


def test_another_person_in_place_of_one_who_is_gone_ends_what_that_one_began(directory: Slapd):
    user, dn = linked(directory)
    make_user("admin", password=LOCAL, is_admin=True)
    name = unique("bob")
    directory.add_person(name, PASSWORD)
    directory.delete(dn)
    synchronised()
    gone = epoch(user)
    identities.link_identity(SYSTEM, user, find_person(the_directory(), name))
    assert epoch(user) == gone + 1


def test_an_account_of_the_directory_is_not_unlinked_but_migrated(directory: Slapd):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    user, project = signed_in(name), make_project()
    add_member(SYSTEM, project, user, Role.DEVELOPER)
    with pytest.raises(Conflict, match="migrate"):
        identities.unlink_identity(SYSTEM, user)
    local = identities.migrate_to_local(SYSTEM, user, LOCAL)
    assert (local.pk, local.source, local.auth_epoch > user.auth_epoch) == (user.pk, "local", True)
    assert sign_in(name, LOCAL) == user
    assert sign_in(name, PASSWORD) is None
    assert project.members.filter(user=user).exists()
    assert not Identity.objects.filter(user=user).exists()
    with pytest.raises(Conflict, match="already"):
        identities.migrate_to_local(SYSTEM, user, LOCAL)


def test_a_local_account_becomes_one_of_the_directory_with_all_its_rights(directory: Slapd):
    user, name, project = make_user("ann", password=LOCAL), unique("ann-lee"), make_project()
    add_member(SYSTEM, project, user, Role.DEVELOPER)
    directory.add_person(name, PASSWORD)
    moved = identities.migrate_to_directory(SYSTEM, user, find_person(the_directory(), name))
    assert (moved.source, moved.has_usable_password()) == ("ldap", False)
    assert epoch(user) == user.auth_epoch + 1
    assert sign_in(user.username, LOCAL) is None
    assert signed_in(name) == user
    assert User.objects.get(pk=user.pk).username == name
    assert project.members.filter(user=user).exists()


def test_the_same_person_made_anew_in_the_directory_gets_his_account_back(directory: Slapd):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    user = signed_in(name)
    directory.delete(dn)
    directory.add_person(name, PASSWORD)
    person = find_person(the_directory(), name)
    with pytest.raises(AlreadyExists):
        identities.migrate_to_directory(SYSTEM, user, person)
    synchronised()
    assert sign_in(name, PASSWORD) is None
    identities.migrate_to_directory(SYSTEM, user, person)
    assert signed_in(name) == user


def test_the_administrator_who_needs_no_directory_stays_one(directory: Slapd):
    User.objects.filter(is_admin=True).update(is_admin=False)
    make_user(is_admin=True)
    admin = make_user("root", password=LOCAL, is_admin=True)
    directory.add_person(admin.username, PASSWORD)
    person = find_person(the_directory(), admin.username)
    identities.link_identity(SYSTEM, admin, person)
    with pytest.raises(LastAdministrator):
        identities.migrate_to_directory(SYSTEM, admin, person)
    assert sign_in(admin.username, LOCAL) == admin


def test_an_imported_person_has_his_groups_and_no_session(directory: Slapd):
    name = unique("ann")
    group = imported(directory.add_group(unique("devs"), [directory.add_person(name, PASSWORD)]))
    user = import_person(SYSTEM, the_directory(), name)
    assert (user.auth_epoch, user.has_usable_password(), user.source) == (1, False, "ldap")
    assert names_in(group) == {name}
    assert signed_in(name) == user
    with pytest.raises(AlreadyExists):
        import_person(SYSTEM, the_directory(), name)


def test_an_imported_group_holds_those_who_have_an_account(directory: Slapd):
    names = [unique("ann"), unique("bob")]
    dns = [directory.add_person(name, PASSWORD) for name in names]
    signed_in(names[0])
    group = import_group_at(SYSTEM, the_directory(), directory.add_group(unique("devs"), dns), name="ours")
    assert (group.name, group.source, names_in(group)) == ("ours", "ldap", {names[0]})
    assert group.synced_at is not None


def test_an_imported_group_does_not_hold_who_used_to_be_at_a_members_place(directory: Slapd):
    name, other = unique("ann"), unique("bob")
    dn = directory.add_person(name, PASSWORD)
    other_dn = directory.add_person(other, PASSWORD)
    signed_in(name)
    signed_in(other)
    directory.rename(dn, unique("ann-lee"))
    directory.add_person(name, PASSWORD)  # somebody else, without an account here
    group = imported(directory.add_group(unique("devs"), [dn, other_dn]))
    assert names_in(group) == {other}


def test_who_or_what_is_not_there_is_named(directory: Slapd):
    with pytest.raises(UserUnknown, match="wharf ldap search people"):
        find_person(the_directory(), "nobody-here")
    with pytest.raises(GroupUnknown, match="wharf ldap search groups"):
        import_group_at(SYSTEM, the_directory(), "cn=nothing,dc=example,dc=org")


def test_an_administrator_is_told_why_the_directory_does_not_answer(directory: Slapd):
    directory.stop()
    try:
        with pytest.raises(Unavailable, match=str(directory.port)):
            find_person(the_directory(), "ann")
    finally:
        directory.start()


def test_an_account_that_was_removed_comes_back_as_a_new_one(directory: Slapd):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    first = signed_in(name)
    users.remove_user(SYSTEM, first)
    assert signed_in(name).pk != first.pk
