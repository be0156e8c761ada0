"""Signing in through the directory: who gets in, what is made of him, and what is written."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import gate
from accounts.gate import sign_in as real
from accounts.models import User
from accounts.services import users
from accounts.sync.people import find_person, the_directory
from accounts.sync.shapes import Sighting
from audit.models import AuditEvent
from core.errors import CredentialsRefused
from tests.accounts.directories import (
    PASSWORD,
    Configure,
    forget_passwords,
    identity,
    imported,
    names_in,
    operations,
    sign_in,
    signed_in,
)
from tests.ldap.slapd import GROUPS, LEFT, Slapd
from tests.people import ORIGIN, SYSTEM, make_user, unique

pytestmark = pytest.mark.django_db


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sign-in for which the directory is asked."""

    def sign_in_again(name: str, password: str = PASSWORD) -> User:
        forget_passwords(monkeypatch)
        return signed_in(name, password)

    return sign_in_again


def test_the_first_sign_in_makes_an_account_without_rights_or_password(directory: Slapd):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD, full_name="Ann Lee")
    user = signed_in(name)
    assert (user.username, user.source, user.full_name) == (name, "ldap", "Ann Lee")
    assert (user.email, user.has_usable_password()) == (f"{name}@example.org", False)
    assert not user.is_admin
    assert not user.is_auditor
    assert identity(user).subject == directory.uuid(dn)
    assert operations(user) == ["user.create"]


@pytest.mark.parametrize("password", ["", "wrong", "nul\0", PASSWORD + " "])
def test_a_wrong_password_makes_nobody(directory: Slapd, password: str):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    assert sign_in(name, password) is None
    assert not User.objects.filter(username=name).exists()


@pytest.mark.parametrize("name", ["*", "a*", "nobody-here", "a)(uid=*", "a b", "x$robot"])
def test_a_name_the_directory_does_not_have_makes_nobody(directory: Slapd, name: str):
    assert sign_in(name, PASSWORD) is None


def test_a_password_that_was_right_asks_nobody_for_a_minute(directory: Slapd, django_assert_num_queries: Any):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    signed_in(name)
    directory.stop()
    try:
        for _ in range(3):
            with django_assert_num_queries(1):
                assert signed_in(name).username == name
    finally:
        directory.start()


def test_a_lost_right_ends_what_was_remembered(directory: Slapd):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    user = signed_in(name)
    directory.set_password(dn, "another password")
    assert sign_in(name, PASSWORD)
    users.end_sessions(user.pk)
    assert sign_in(name, PASSWORD) is None


def test_signing_in_again_writes_nothing(directory: Slapd, again: Any):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    imported(directory.add_group(unique("devs"), [dn]))
    user = again(name)
    before = AuditEvent.objects.count()
    with CaptureQueriesContext(connection) as asked:
        assert again(name) == user
    assert AuditEvent.objects.count() == before
    assert len(asked) <= 7
    assert [each["sql"] for each in asked if not each["sql"].lstrip().startswith("SELECT")] == []


def test_a_local_account_of_the_same_name_is_not_taken_over(directory: Slapd):
    user = make_user("ann", password="a local horse")
    directory.add_person(user.username, PASSWORD)
    with pytest.raises(CredentialsRefused) as caught:
        gate.prove(user.username, PASSWORD, ORIGIN)
    event = AuditEvent.objects.filter(operation="user.sign-in", result="denied").latest("id")
    assert f"wharf user link {user.username}" in event.detail["reason"]
    assert "link" not in caught.value.message
    assert sign_in(user.username, "a local horse") == user


def test_a_name_given_to_somebody_else_does_not_open_the_old_ones_account(directory: Slapd, again: Any):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    again(name)
    directory.delete(dn)
    directory.add_person(name, PASSWORD)
    assert sign_in(name, "x") is None
    with pytest.raises(CredentialsRefused) as caught:
        real.by_directory(name, PASSWORD)
    assert "belongs to another person" in caught.value.reason


def test_a_name_changed_in_the_directory_is_followed(directory: Slapd, again: Any):
    name, new = unique("ann"), unique("ann-lee")
    dn = directory.add_person(name, PASSWORD)
    user = again(name)
    directory.rename(dn, new)
    assert again(new) == user
    assert User.objects.get(pk=user.pk).username == new
    assert identity(user).name == new
    assert operations(user) == ["user.create", "identity.update", "user.rename"]
    assert sign_in(name, PASSWORD) is None


def test_a_name_somebody_has_already_stays_his(directory: Slapd, again: Any):
    name, taken = unique("ann"), make_user("taken", password="a local horse")
    dn = directory.add_person(name, PASSWORD)
    user = again(name)
    directory.rename(dn, taken.username)
    assert again(taken.username) == user
    assert User.objects.get(pk=user.pk).username == name
    assert sign_in(taken.username, "a local horse") == taken


def test_mail_and_full_name_are_followed(directory: Slapd, again: Any):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    again(name)
    directory.modify(dn, 2, "mail", ["new@example.org"])
    assert again(name).email == "new@example.org"
    assert operations(again(name))[-1] == "user.update"


def test_known_groups_of_the_directory_are_joined_and_left(directory: Slapd, again: Any):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    group_dn = directory.add_group(unique("devs"), [dn])
    group, other = imported(group_dn), imported(directory.add_group(unique("ops")))
    user = again(name)
    assert names_in(group) == {name}
    assert names_in(other) == set()
    directory.remove_members(group_dn, dn)
    again(name)
    assert names_in(group) == set()
    assert operations(user)[-1] == "user.groups"


def test_groups_nobody_imported_give_nothing(directory: Slapd, again: Any):
    name = unique("ann")
    directory.add_group(unique("devs"), [directory.add_person(name, PASSWORD)])
    assert not again(name).groups.exists()


def test_rights_come_and_go_with_their_groups(directory: Slapd, configure: Configure, again: Any):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    admins = directory.add_group(unique("admins"), [dn])
    auditors = directory.add_group(unique("auditors"), [dn])
    make_user("admin", password="a local horse", is_admin=True)  # somebody stays who needs no directory
    configure(ldap_group_admin_dn=admins.upper(), ldap_group_auditor_dn=auditors)
    user = again(name)
    assert (user.is_admin, user.is_auditor, user.admin_from_directory) == (True, True, True)
    directory.remove_members(admins, dn)
    directory.remove_members(auditors, dn)
    lost = again(name)
    assert (lost.is_admin, lost.is_auditor, lost.auth_epoch) == (False, False, user.auth_epoch + 2)


def test_a_right_given_by_hand_stays_without_the_group(directory: Slapd, configure: Configure, again: Any):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    configure(ldap_group_admin_dn=f"cn={unique('nothing')},{GROUPS}")
    users.set_admin(SYSTEM, again(name), True)
    assert again(name).is_admin


def test_whom_an_administrator_disabled_the_directory_lets_in_no_more(directory: Slapd, again: Any):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    users.disable_user(SYSTEM, again(name))
    assert sign_in(name, PASSWORD) is None


def test_who_is_back_in_the_directory_is_enabled_by_signing_in(directory: Slapd, again: Any):
    name = unique("ann")
    moved = directory.move(directory.add_person(name, PASSWORD), LEFT)
    assert sign_in(name, PASSWORD) is None
    directory.root.rename_s(moved, f"uid={name}", newsuperior=directory.settings["ldap_base_dn"], delold=1)
    user = again(name)
    users.disable_user(SYSTEM, user, by=Sighting(identity(user).subject, user.auth_epoch))
    assert again(name).is_active


def test_who_is_found_for_an_administrator_is_the_person_who_signs_in(directory: Slapd):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    assert find_person(the_directory(), name).subject == directory.uuid(dn)
