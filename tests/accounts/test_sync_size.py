"""How much a synchronisation costs: the same few statements for any number of people who are as they were."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.accounts.directories import (
    Configure,
    forget_passwords,
    imported,
    known_people,
    synchronised,
)
from tests.ldap.slapd import PEOPLE, Slapd, slapd
from tests.people import make_user, unique

pytestmark = pytest.mark.django_db
PEOPLE_THERE = int(os.environ.get("SYNC_PEOPLE", "600"))
SECONDS = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        yield found


@pytest.fixture
def directory(server: Slapd, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Slapd:
    forget_passwords(monkeypatch)
    configure(**server.settings)
    make_user("admin", password="a local horse", is_admin=True)
    return server


def statements(call: Any) -> tuple[int, float]:
    begun = time.monotonic()
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured), time.monotonic() - begun


def test_people_who_are_as_they_were_cost_no_statement_each(directory: Slapd, record_property: Any):
    names = [unique("p") for _ in range(PEOPLE_THERE)]
    known_people(directory, names[:10])
    dns = [f"uid={name},{PEOPLE}" for name in names]
    group_dn = directory.add_group(unique("all"), dns[:10])
    imported(group_dn)
    few, _ = statements(synchronised)
    known_people(directory, names[10:])
    directory.add_members(group_dn, *dns[10:])
    statements(synchronised)
    many, seconds = statements(synchronised)
    record_property("figures", f"{PEOPLE_THERE} people: {many} statements, {seconds:.2f} s")
    assert many == few
    assert seconds < SECONDS


def test_everybody_joining_a_group_is_one_act(directory: Slapd, record_property: Any):
    names = [unique("q") for _ in range(PEOPLE_THERE)]
    known_people(directory, names)
    group_dn = directory.add_group(unique("all"))
    group = imported(group_dn)
    directory.add_members(group_dn, *[f"uid={name},{PEOPLE}" for name in names])
    count, seconds = statements(synchronised)
    record_property("figures", f"{PEOPLE_THERE} join: {count} statements, {seconds:.2f} s")
    assert group.people.count() == PEOPLE_THERE
    assert count < 60


def test_changes_cost_a_few_statements_each(directory: Slapd, record_property: Any):
    names = [unique("r") for _ in range(40)]
    known_people(directory, names)
    for name in names:
        directory.modify(f"uid={name},{PEOPLE}", 2, "mail", ["new@example.org"])
    count, seconds = statements(synchronised)
    record_property("figures", f"40 changed: {count} statements, {seconds:.2f} s")
    assert count < 40 * 8 + 40
