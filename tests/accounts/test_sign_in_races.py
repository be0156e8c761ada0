"""Several at once: first sign-ins of one person, a sign-in while the synchronisation runs, two who take one name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.gate import sign_in as sign_in_module
from accounts.models import Identity, User
from accounts.services import group_sync, groups, identities
from accounts.services.directory import directory_actor
from accounts.services.group_sync import replace_groups_of
from accounts.sync import job, people, reading
from accounts.sync.acts import apply
from accounts.sync.people import find_person, the_directory
from accounts.sync.shapes import Sighting
from audit.models import AuditEvent
from config import current, services
from database import sql
from tests.accounts.directories import (
    PASSWORD,
    by_directory,
    forget_passwords,
    imported,
    names_in,
    signed_in,
)
from tests.groups import make_directory_group
from tests.ldap.slapd import Slapd, slapd
from tests.people import SYSTEM, make_user, unique

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8
LOCAL = "a local horse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        yield found


@pytest.fixture
def directory(server: Slapd, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slapd]:
    forget_passwords(monkeypatch)
    services.change(SYSTEM, server.settings)
    current.forget()
    yield server
    current.forget()


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What the calls gave, each in a thread that began when all were ready."""
    barrier = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        barrier.wait(10)
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def test_first_sign_ins_of_one_person_make_one_account(directory: Slapd):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    group = imported(directory.add_group(unique("devs"), [dn]))
    found = at_once([lambda: by_directory(name, PASSWORD)] * AT_ONCE)
    assert {user.pk for user in found} == {User.objects.get(username=name).pk}
    assert Identity.objects.count() == 1
    assert names_in(group) == {name}
    assert AuditEvent.objects.filter(operation="user.create", resource_name=name).count() == 1
    assert not AuditEvent.objects.filter(result="denied").exists()


def test_two_who_are_renamed_to_one_name_do_not_both_get_it(directory: Slapd):
    new = unique("lee")
    names = [unique("ann"), unique("bob")]
    dns = [directory.add_person(name, PASSWORD) for name in names]
    users = [signed_in(name) for name in names]
    directory.rename(dns[0], new)
    directory.delete(dns[1])
    directory.add_person(names[1], PASSWORD)  # another person of the old name
    found = at_once([lambda: by_directory(new, PASSWORD), lambda: by_directory(names[1], PASSWORD)])
    assert found[0].pk == users[0].pk
    assert found[1] is None
    assert User.objects.get(pk=users[0].pk).username == new


def test_who_signs_in_while_everything_is_read_keeps_what_he_brought(
    directory: Slapd, monkeypatch: pytest.MonkeyPatch
):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    group_dn = directory.add_group(unique("devs"))
    group = imported(group_dn)
    user = signed_in(name)
    planned = job.preview(SYSTEM)
    directory.add_members(group_dn, dn)
    forget_passwords(monkeypatch)
    signed_in(name)
    for step in planned.steps:
        apply(directory_actor(), step)
    assert names_in(group) == {name}
    assert User.objects.get(pk=user.pk).is_active


def test_what_a_sign_in_takes_while_the_group_is_changed_is_not_given_back(
    directory: Slapd, monkeypatch: pytest.MonkeyPatch
):
    names = [unique("ann"), unique("bob")]
    dns = [directory.add_person(name, PASSWORD) for name in names]
    ann, _ = [signed_in(name) for name in names]
    group_dn = directory.add_group(unique("devs"), dns[:1])
    group = imported(group_dn)
    directory.add_members(group_dn, dns[1])
    planned = job.preview(SYSTEM)
    lock = groups.locked

    def locked(*args: Any) -> Any:
        monkeypatch.setattr(group_sync, "locked", lock)
        at_once([lambda: replace_groups_of(directory_actor(), ann, [])])
        return lock(*args)

    monkeypatch.setattr(group_sync, "locked", locked)
    for step in planned.steps:
        apply(directory_actor(), step)
    assert names_in(group) == {names[1]}


def test_who_is_being_unlinked_while_he_is_to_join_does_not_join():
    """The statement that adds him began before, waits for his row, and must look at it again."""
    user, group = make_user("ann", password=LOCAL), make_directory_group()
    identity = Identity.objects.create(user=user, source="ldap", subject=unique("subject"))
    seen = {user.pk: Sighting(identity.subject, user.auth_epoch)}
    begun = threading.Event()

    def unlinked() -> None:
        with transaction.atomic():
            identities.unlink_identity(SYSTEM, user)
            begun.set()
            wait_for_a_waiter()

    def joins() -> group_sync.Replaced:
        begun.wait(10)
        return group_sync.change_people(SYSTEM, group, joined=seen, left=[])

    assert not at_once([unlinked, joins])[1]
    assert names_in(group) == set()


def wait_for_a_waiter() -> None:
    """Until another transaction waits for this one."""
    waiting = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    for _ in range(1000):
        if sql.row(waiting) is not None:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_sign_ins_and_the_synchronisation_do_not_block_each_other(directory: Slapd):
    names = [unique(f"p{number}") for number in range(12)]
    dns = [directory.add_person(name, PASSWORD) for name in names]
    group_dn = directory.add_group(unique("devs"), dns[:6])
    group = imported(group_dn)
    users = [signed_in(name) for name in names]
    directory.add_members(group_dn, *dns[6:])
    directory.remove_members(group_dn, *dns[:6])
    for dn in dns:
        directory.modify(dn, 2, "mail", ["new@example.org"])

    def synchronise() -> None:
        for step in job.preview(SYSTEM).steps:
            apply(directory_actor(), step)

    at_once([synchronise, synchronise, *(lambda name=name: by_directory(name, PASSWORD) for name in names)])
    synchronise()
    assert names_in(group) == set(names[6:])
    rows = User.objects.filter(pk__in=[user.pk for user in users])
    assert set(rows.values_list("email", "is_active")) == {("new@example.org", True)}


def test_an_account_removed_while_its_owner_signs_in_is_no_fault(
    directory: Slapd, monkeypatch: pytest.MonkeyPatch
):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    user = signed_in(name)

    def removed(*args: Any, **named: Any) -> Any:
        User.objects.filter(pk=user.pk).delete()
        return replace_groups_of(*args, **named)

    monkeypatch.setattr(people, "replace_groups_of", removed)
    by_directory(name, PASSWORD)  # raises nothing
    assert not User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("moment", ["follow", "replace_groups_of"])
def test_an_account_unlinked_while_its_owner_signs_in_gets_nothing_and_opens_for_nobody(
    directory: Slapd, monkeypatch: pytest.MonkeyPatch, moment: str
):
    make_user("admin", password=LOCAL, is_admin=True)
    user = make_user("ann", password=LOCAL)
    dn = directory.add_person(user.username, PASSWORD)
    group = imported(directory.add_group(unique("devs"), [dn]))
    identities.link_identity(SYSTEM, user, find_person(the_directory(), user.username))
    where = sign_in_module if moment == "follow" else people
    call = getattr(where, moment)

    def unlinked(*args: Any, **named: Any) -> Any:
        at_once([lambda: identities.unlink_identity(SYSTEM, user)])
        return call(*args, **named)

    monkeypatch.setattr(where, moment, unlinked)
    assert by_directory(user.username, PASSWORD) is None
    assert names_in(group) == set()


def test_reading_never_runs_inside_a_transaction(directory: Slapd, monkeypatch: pytest.MonkeyPatch):
    seen = []
    check = reading._check_not_empty

    def noted(*facts: Any) -> None:
        seen.append(connection.in_atomic_block)
        check(*facts)

    monkeypatch.setattr(reading, "_check_not_empty", noted)
    make_user()
    job.preview(SYSTEM)
    assert seen == [False]
