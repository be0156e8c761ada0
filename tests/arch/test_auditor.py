"""The auditor reads all of the log and every project's members, roles and settings; nothing private; and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from access.check import permissions_of, system_permissions_of
from access.models import Member
from access.principal import Principal
from access.table import TABLE, P, Role, Subject
from accounts.keys.robots import visible_robots
from artifacts import listings
from artifacts import queries as contents
from audit.models import AuditEvent
from audit.reading.filter import Filter
from audit.reading.scope import scope_of
from audit.reading.search import search
from core.errors import Denied, NotFound, WharfError
from projects import explanations, queries
from projects.queries import ref
from tests.arch.callers import Scene, principal_of
from tests.arch.services import own, pins
from tests.arch.services.matrix import MATRIX
from tests.arch.state import fingerprint
from tests.groups import make_group
from tests.people import make_project, make_user

READING: Final = frozenset({"read", "list"})
# What is in a project's repositories, and which there are.
CONTENTS: Final = frozenset(
    {"repository", "artifact", "tag", "accessory", "artifact-addition", "sbom", "scan"}
)
# What changes nothing but one's own account.
HIS_OWN: Final = own.ROWS.keys() | pins.ROWS.keys()
# Reading the log is put on record where it is taken along.
EXPORTS: Final = frozenset({"audit.export", "audit.export-start", "audit.export-download"})


def test_the_table_gives_him_nothing_but_reading_and_no_contents() -> None:
    given = TABLE[Subject.AUDITOR] | TABLE[Subject.AUDITOR_IN_PROJECT]
    assert {permission for permission in given if permission.partition(":")[2] not in READING} == set()
    assert {permission for permission in given if permission.partition(":")[0] in CONTENTS} == set()


def test_the_matrix_of_services_lets_him_into_no_act_but_exports_and_those_on_his_own_account() -> None:
    let_in = {
        row.event
        for name, rows in MATRIX.items()
        for row in rows
        if "auditor" in row.allowed and row.event and name not in HIS_OWN
    }
    assert let_in <= EXPORTS


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        from artifacts.storage import store

        store().prepare()
        yield Scene()
        transaction.set_rollback(True)


@pytest.fixture
def auditor(scene: Scene, django_db_blocker: DjangoDbBlocker) -> Iterator[Principal]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield principal_of("auditor", scene)
        transaction.set_rollback(True)


def _rows() -> Iterator[Any]:
    for name, rows in MATRIX.items():
        for number, row in enumerate(rows, 1):
            if name not in HIS_OWN and row.event not in EXPORTS:
                yield pytest.param(row, id=f"{name} {number}")


@pytest.mark.parametrize("row", list(_rows()))
def test_no_service_changes_anything_for_him(scene: Scene, auditor: Principal, row: Any) -> None:
    prepared = row.given(scene, auditor)
    before = fingerprint()
    try:
        row.call(scene, auditor, prepared)
    except WharfError:
        assert "auditor" not in row.allowed or row.ends
    changed = {name for name, rows in fingerprint().items() if before[name] != rows}
    assert changed <= {"audit_event"}
    assert not AuditEvent.objects.filter(actor_id=auditor.id, actor_kind="user", result="ok").exists()


def test_he_reads_every_row_of_the_log_an_administrator_reads(scene: Scene, auditor: Principal) -> None:
    admin = principal_of("admin", scene)
    assert scope_of(auditor) == scope_of(admin)
    read, there = (search(scope_of(who), Filter(), size=50).entries for who in (auditor, admin))
    assert read == there != []


def test_he_reads_members_roles_and_settings_of_a_project_he_is_no_member_of(auditor: Principal) -> None:
    project, group, ann = make_project(quota=1000), make_group(), make_user("ann")
    Member.objects.create(project=project, user=ann, role_id=Role.DEVELOPER)
    Member.objects.create(project=project, group=group, role_id=Role.MAINTAINER)
    told = [(each.user or each.group, each.role_id) for each in queries.members_of(auditor, project)]
    assert told == [(ann, Role.DEVELOPER), (group, Role.MAINTAINER)]
    seen = queries.project_by_name(auditor, project.name)
    assert (seen.public, seen.quota.hard_limit) == (False, 1000)
    assert project in queries.visible_projects(auditor)
    assert list(visible_robots(auditor, ref(project))) == []
    assert ann.username in str(explanations.who_may(auditor, frozenset({P.REPOSITORY_PUSH}), project))


def test_he_lists_and_finds_no_private_repository_and_all_public_ones(
    scene: Scene, auditor: Principal
) -> None:
    names = {each.name for each in listings.visible_repositories(auditor)}
    catalog = set(contents.catalog_page(auditor, last="", limit=10_000))
    for found in (names, catalog):
        assert str(scene.image.name) not in found
        assert str(scene.shown.name) in found
    with pytest.raises(NotFound):
        listings.target_by_name(auditor, str(scene.image.name))
    with pytest.raises(Denied):
        list(listings.tags_of(auditor, scene.image))
    held = permissions_of(auditor, ref(scene.project)) | system_permissions_of(auditor)
    assert P.REPOSITORY_PULL not in held
