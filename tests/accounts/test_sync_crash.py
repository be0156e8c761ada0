"""The worker is killed in the middle of a synchronisation: nobody is harmed, and the next attempt does the rest."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from accounts.sync import job
from audit.models import AuditEvent
from config import current, services
from jobs.models import Run, State
from tests.accounts.directories import forget_passwords, imported, known_people, names_in
from tests.jobs.world import SYSTEM, World, own_world, wait
from tests.ldap.slapd import PEOPLE, Slapd, slapd
from tests.people import unique

pytestmark = pytest.mark.services
MANY = 400


@pytest.fixture
def world(django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), own_world() as found:
        yield found


@pytest.fixture
def directory(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slapd]:
    with slapd(tmp_path / "ldap") as server:
        forget_passwords(monkeypatch)
        services.change(SYSTEM, server.settings)
        current.forget()
        world.add_worker(processes=2)
        world.worker_ready()
        yield server
    current.forget()


def followed() -> int:
    return AuditEvent.objects.filter(operation="user.update").count()


def process_of(run: Run) -> int:
    return int(Run.objects.get(pk=run.pk).lease_owner.rpartition("/")[2].partition("-")[0])


def test_what_a_killed_worker_left_the_next_attempt_does(world: World, directory: Slapd):
    names = [unique("p") for _ in range(MANY)]
    known_people(directory, names)
    dns = [f"uid={name},{PEOPLE}" for name in names]
    group_dn = directory.add_group(unique("all"))
    group = imported(group_dn)
    for dn in dns:
        directory.modify(dn, 2, "mail", ["new@example.org"])
    directory.add_members(group_dn, *dns)
    directory.delete(dns[0])
    run = job.start(SYSTEM)
    assert AuditEvent.objects.filter(operation="directory.sync", resource_id=str(run.pk)).count() == 1
    wait(lambda: followed() > 20, why=world.logs)
    os.kill(process_of(run), signal.SIGKILL)
    assert 0 < followed() < MANY - 1
    run = world.wait_state(run, seconds=90)
    assert (run.state, run.attempts) == (State.SUCCEEDED, 2), world.logs()
    assert followed() == MANY - 1  # nobody twice
    assert User.objects.filter(email="new@example.org", is_active=True).count() == MANY - 1
    assert not User.objects.get(username=names[0]).is_active
    assert names_in(group) == set(names[1:])


def test_a_directory_that_freezes_while_the_job_reads_harms_nobody(world: World, directory: Slapd):
    names = [unique("p") for _ in range(20)]
    known_people(directory, names)
    services.change(SYSTEM, {"ldap_timeout": 2, "ldap_connect_timeout": 2})
    directory.delete(f"uid={names[0]},{PEOPLE}")
    directory.pause()
    run = job.start(SYSTEM)
    try:
        wait(lambda: world.state(run) == State.RETRYING, seconds=60, why=world.logs)
        assert "nothing was changed" in Run.objects.get(pk=run.pk).error
        assert User.objects.filter(username__in=names, is_active=True).count() == 20
    finally:
        directory.resume()
    world.wait_state(run, seconds=90)
    assert world.state(run) == State.SUCCEEDED
    assert User.objects.filter(username__in=names, is_active=True).count() == 19
