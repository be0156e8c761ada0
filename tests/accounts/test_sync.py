"""The synchronisation against a real directory: what changes, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from access.table import Role
from accounts.models import Group, User
from accounts.services import users
from accounts.sync import job, reading
from audit.models import AuditEvent
from core.errors import Conflict, LossesRefused, Unavailable
from projects.services.members import add_member
from tests.accounts.directories import (
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


def test_nothing_changed_means_nothing_is_written(directory: Slapd, django_assert_max_num_queries: Any):
    user, dn = person(directory)
    imported(directory.add_group(unique("devs"), [dn]))
    synchronised()
    before = AuditEvent.objects.count()
    assert job.preview(SYSTEM).steps == ()
    assert synchronised()["changes"] == {}
    assert AuditEvent.objects.count() == before + 1  # that it was asked for
    assert state(user).auth_epoch == user.auth_epoch


def test_who_is_deleted_in_the_directory_is_disabled_and_his_sessions_end(directory: Slapd):
    user, dn = person(directory)
    stays, _ = person(directory)
    directory.delete(dn)
    assert synchronised()["changes"] == {"identity.update": 1, "user.disable": 1}
    gone = state(user)
    assert (gone.is_active, gone.disabled_by, gone.auth_epoch) == (False, "directory", user.auth_epoch + 1)
    assert identity(user).gone_at is not None
    assert state(stays).is_active
    assert operations(user)[-2:] == ["identity.update", "user.disable"]


def test_who_moves_out_of_the_base_is_disabled_and_who_returns_is_enabled(directory: Slapd):
    user, dn = person(directory)
    person(directory)  # a directory that shows nobody at all is not believed
    moved = directory.move(dn)
    synchronised()
    assert not state(user).is_active
    directory.root.rename_s(moved, dn.split(",")[0], newsuperior=PEOPLE, delold=1)
    synchronised()
    assert (state(user).is_active, identity(user).gone_at) == (True, None)


def test_whom_an_administrator_disabled_stays_disabled(directory: Slapd):
    user, _ = person(directory)
    users.disable_user(SYSTEM, user)
    synchronised()
    assert not state(user).is_active


def test_a_renamed_and_moved_person_keeps_his_account_and_roles(directory: Slapd):
    user, dn = person(directory)
    project, new = make_project(), unique("ann-lee")
    add_member(SYSTEM, project, user, Role.DEVELOPER)
    directory.rename(dn, new)
    synchronised()
    assert (state(user).username, state(user).auth_epoch) == (new, user.auth_epoch)
    assert project.members.filter(user=user).exists()
    assert identity(user).dn == f"uid={new},{PEOPLE}"


def test_a_name_that_is_taken_is_left_and_noted(directory: Slapd):
    user, dn = person(directory)
    taken = make_user("taken")
    directory.rename(dn, taken.username)
    planned = job.preview(SYSTEM)
    assert planned.notes == (f"{user.username}: the name {taken.username} is taken",)
    synchronised()
    assert state(user).username == user.username


def test_members_of_a_known_group_come_and_go(directory: Slapd):
    (ann, ann_dn), (bob, bob_dn) = person(directory), person(directory)
    group_dn = directory.add_group(unique("devs"), [ann_dn])
    group = imported(group_dn)
    assert names_in(group) == {ann.username}
    directory.add_members(group_dn, bob_dn)
    directory.remove_members(group_dn, ann_dn)
    synchronised()
    assert names_in(group) == {bob.username}


def test_a_renamed_group_keeps_its_people_and_its_roles(directory: Slapd):
    ann, dn = person(directory)
    group_dn, new = directory.add_group(unique("devs"), [dn]), unique("developers")
    group = imported(group_dn)
    directory.rename(group_dn, new)
    synchronised()
    group.refresh_from_db()
    assert (group.name, group.dn.split(",")[0]) == (new, f"cn={new}")
    assert names_in(group) == {ann.username}


def test_a_deleted_group_has_nobody_and_gives_nothing(directory: Slapd):
    ann, dn = person(directory)
    group_dn = directory.add_group(unique("devs"), [dn])
    imported(directory.add_group(unique("stays"), [dn]))
    group = imported(group_dn)
    add_member(SYSTEM, make_project(), group, Role.DEVELOPER)
    directory.delete(group_dn)
    synchronised()
    group.refresh_from_db()
    assert group.gone_at is not None
    assert names_in(group) == set()
    assert state(ann).auth_epoch == ann.auth_epoch + 1


def test_an_administrators_right_goes_with_the_group(directory: Slapd, configure: Configure):
    ann, dn = person(directory)
    admins = directory.add_group(unique("admins"), [dn])
    configure(ldap_group_admin_dn=admins)
    synchronised()
    assert (state(ann).is_admin, state(ann).admin_from_directory) == (True, True)
    directory.remove_members(admins, dn)
    synchronised()
    assert (state(ann).is_admin, state(ann).auth_epoch) == (False, ann.auth_epoch + 1)


def test_the_last_administrator_stays_and_the_run_says_so(directory: Slapd, configure: Configure):
    ann, dn = person(directory)
    configure(ldap_group_admin_dn=directory.add_group(unique("admins"), [dn]))
    synchronised()
    User.objects.filter(is_admin=True).exclude(pk=ann.pk).update(is_admin=False)
    directory.add_person(unique("stays"))  # a directory that shows nobody at all changes nothing
    directory.delete(dn)
    assert synchronised()["failed"] == 2  # neither disabled nor without the right
    assert state(ann).is_active


def test_a_directory_that_is_off_changes_nothing(directory: Slapd):
    users_before = [person(directory)[0] for _ in range(2)]
    directory.stop()
    try:
        with pytest.raises(Unavailable, match="nothing was changed"):
            synchronised()
    finally:
        directory.start()
    assert all(state(user).is_active for user in users_before)


def test_a_directory_that_goes_off_while_it_is_read_changes_nothing(
    directory: Slapd, monkeypatch: pytest.MonkeyPatch
):
    gone, dn = person(directory)
    stays, stays_dn = person(directory)
    imported(directory.add_group(unique("devs"), [stays_dn]))
    directory.delete(dn)
    check = reading._check_not_empty

    def stopped(*facts: Any) -> None:
        check(*facts)
        directory.stop()  # people were read, members were not

    monkeypatch.setattr(reading, "_check_not_empty", stopped)
    try:
        with pytest.raises(Unavailable):
            synchronised()
    finally:
        directory.start()
    assert state(gone).is_active
    assert state(stays).is_active


def test_a_base_that_shows_nobody_is_a_mistake_and_not_an_exodus(directory: Slapd, configure: Configure):
    ann, _ = person(directory)
    configure(ldap_filter="(objectClass=device)")
    with pytest.raises(Unavailable, match="nobody at all"):
        synchronised()
    assert state(ann).is_active


def test_the_last_person_of_the_directory_can_leave(directory: Slapd):
    ann, dn = person(directory)
    directory.delete(dn)
    synchronised()
    assert not state(ann).is_active


def test_more_than_half_at_once_must_be_accepted(directory: Slapd):
    people = [person(directory) for _ in range(10)]
    for _, dn in people[:6]:
        directory.delete(dn)
    with pytest.raises(LossesRefused, match="--accept-losses 6"):
        synchronised()
    with pytest.raises(LossesRefused):
        synchronised(accept_losses=5)
    assert all(state(user).is_active for user, _ in people)
    synchronised(accept_losses=6)
    assert sum(state(user).is_active for user, _ in people) == 4


def test_without_a_directory_there_is_nothing_to_do(configure: Configure):
    with pytest.raises(Conflict, match="auth_mode"):
        job.start(SYSTEM)
    assert not Group.objects.filter(source="ldap").exists()
