"""What a plan does to accounts that changed after it was made: nothing to another's, and nothing given by older news."""

from __future__ import annotations

import pytest

from access.table import Role
from accounts.models import Group, Identity
from accounts.services import identities, users
from accounts.services.directory import directory_actor
from accounts.sync import job
from accounts.sync.acts import apply
from accounts.sync.people import find_person, the_directory
from accounts.sync.shapes import Plan
from projects.services.members import add_member
from tests.accounts.directories import (
    PASSWORD,
    Configure,
    identity,
    imported,
    names_in,
    operations,
    person,
    state,
    synchronised,
)
from tests.ldap.slapd import PEOPLE, Slapd
from tests.people import SYSTEM, make_project, make_user, unique

pytestmark = pytest.mark.django_db


def test_a_newcomer_at_an_old_place_brings_nothing_to_who_was_there(directory: Slapd, configure: Configure):
    ann, dn = person(directory)
    group_dn, admins = directory.add_group(unique("devs")), directory.add_group(unique("admins"))
    group = imported(group_dn)
    configure(ldap_group_admin_dn=admins)
    directory.rename(dn, unique("ann-lee"))
    directory.add_person(ann.username, PASSWORD)  # without an account here
    for each in (group_dn, admins):
        directory.add_members(each, dn)
    synchronised()
    assert names_in(group) == set()
    assert not state(ann).is_admin


def carried_out(planned: Plan) -> None:
    for step in planned.steps:
        apply(directory_actor(), step)


def given_much(directory: Slapd, configure: Configure, dn: str) -> Group:
    """The person at this place is to be administrator, auditor, and in a group, the one that is given back."""
    group_dn = directory.add_group(unique("devs"))
    group = imported(group_dn)
    directory.add_members(group_dn, dn)
    configure(
        ldap_group_admin_dn=directory.add_group(unique("admins"), [dn]),
        ldap_group_auditor_dn=directory.add_group(unique("auditors"), [dn]),
    )
    return group


def test_an_account_unlinked_meanwhile_gets_nothing(directory: Slapd, configure: Configure):
    user = make_user("ann", password="a local horse")
    dn = directory.add_person(user.username, PASSWORD)
    identities.link_identity(SYSTEM, user, find_person(the_directory(), user.username))
    group = given_much(directory, configure, dn)
    planned = job.preview(SYSTEM)
    assert [str(step.act) for step in planned.steps] == ["group.sync", "user.admin", "user.auditor"]
    identities.unlink_identity(SYSTEM, user)
    told = operations(user)
    carried_out(planned)
    assert (state(user).is_admin, state(user).is_auditor, names_in(group)) == (False, False, set())
    assert operations(user) == told


def test_an_account_made_a_local_one_meanwhile_is_left_alone(directory: Slapd):
    user, dn = person(directory)
    directory.delete(dn)
    planned = job.preview(SYSTEM)
    assert [str(step.act) for step in planned.steps] == ["identity.update", "user.disable"]
    identities.migrate_to_local(SYSTEM, user, "a local horse")
    carried_out(planned)
    assert state(user).is_active
    assert operations(user)[-1] == "user.migrate"


def test_an_account_that_is_another_persons_by_now_is_left_alone(directory: Slapd):
    user, dn = person(directory)
    other = unique("bob")
    other_dn = directory.add_person(other)
    directory.modify(dn, 2, "mail", ["new@example.org"])
    directory.rename(dn, unique("ann-lee"))
    planned = job.preview(SYSTEM)
    assert {str(step.act) for step in planned.steps} == {"identity.update", "user.update", "user.rename"}
    identities.migrate_to_local(SYSTEM, user, "a local horse")
    identities.migrate_to_directory(SYSTEM, user, find_person(the_directory(), other))
    carried_out(planned)
    assert (identity(user).name, identity(user).dn) == (other, other_dn)
    assert (state(user).username, state(user).email) == (user.username, user.email)


def test_a_local_account_linked_again_meanwhile_keeps_its_name_and_mail(directory: Slapd):
    user, dn = person(directory)
    directory.modify(dn, 2, "mail", ["new@example.org"])
    new = unique("ann-lee")
    directory.rename(dn, new)
    planned = job.preview(SYSTEM)
    identities.migrate_to_local(SYSTEM, user, "a local horse")
    identities.link_identity(SYSTEM, user, find_person(the_directory(), new))
    carried_out(planned)
    assert (state(user).username, state(user).email) == (user.username, user.email)
    assert Identity.objects.filter(user=user).exists()


def test_who_lost_something_meanwhile_is_given_nothing_by_older_news(directory: Slapd, configure: Configure):
    user, dn = person(directory)
    group = given_much(directory, configure, dn)
    planned = job.preview(SYSTEM)
    users.end_sessions(user.pk)
    carried_out(planned)
    assert (state(user).is_admin, state(user).is_auditor, names_in(group)) == (False, False, set())
    synchronised()
    assert (state(user).is_admin, state(user).is_auditor) == (True, True)
    assert names_in(group) == {user.username}


def test_who_is_closed_again_meanwhile_is_not_enabled_by_older_news(directory: Slapd):
    user, dn = person(directory)
    moved = directory.move(dn)
    synchronised()
    directory.root.rename_s(moved, dn.split(",")[0], newsuperior=PEOPLE, delold=1)
    planned = job.preview(SYSTEM)
    assert [str(step.act) for step in planned.steps] == ["identity.update", "user.enable"]
    users.end_sessions(user.pk)
    carried_out(planned)
    assert not state(user).is_active


def test_who_changes_groups_has_left_the_one_and_is_in_the_other_after_one_run(directory: Slapd):
    user, dn = person(directory)
    dns = [directory.add_group(unique("old"), [dn]), directory.add_group(unique("new"))]
    old, new = map(imported, dns)
    for group in (old, new):
        add_member(SYSTEM, make_project(), group, Role.DEVELOPER)
    directory.remove_members(dns[0], dn)
    directory.add_members(dns[1], dn)
    synchronised()
    assert (names_in(old), names_in(new)) == (set(), {user.username})
    assert state(user).auth_epoch == user.auth_epoch + 1
