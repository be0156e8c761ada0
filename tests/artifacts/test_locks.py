"""What a writer holds until COMMIT, seen from a second connection: the collector skips it, and waits for nobody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import transaction

from artifacts import manifests, repositories
from artifacts.models import RepositoryBlob
from core.errors import ManifestBlobUnknown, RepositoryUnknown
from core.oci.digest import Digest
from tests.artifacts import rows
from tests.artifacts.actors import other_session, push_of, target
from tests.registry_api import documents
from tests.registry_api.client import MANIFEST, Repository, World
from tests.registry_api.crowd import at_once, begun

CONFIG = b"{}"


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("developer")
    made.push_blob(CONFIG)
    return made


def put(world: World, repository: Repository, payload: bytes, tag: str = "latest") -> None:
    manifests.put(repository.client.principal, target(world, repository), push_of(payload, tag))


def free_links(collector: psycopg.Connection[tuple[Any, ...]], repository: Repository) -> list[int]:
    """Links the collector could take at this moment."""
    statement = "SELECT blob_id FROM repository_blob WHERE repository_id = %s FOR UPDATE SKIP LOCKED"
    found = collector.execute(statement, [rows.row(repository).pk]).fetchall()
    collector.rollback()
    return [blob_id for (blob_id,) in found]


def test_an_uncommitted_push_keeps_its_links_from_the_collector(world: World, repository: Repository) -> None:
    loose = repository.push_blob(f"loose {uuid4()}".encode())
    used, unused = rows.blob(str(Digest.of(CONFIG))).pk, rows.blob(loose).pk
    with other_session() as collector:
        assert sorted(free_links(collector, repository)) == sorted([used, unused])
        with transaction.atomic():
            put(world, repository, documents.manifest(CONFIG))
            assert free_links(collector, repository) == [unused]
        assert sorted(free_links(collector, repository)) == sorted([used, unused])


def test_an_uncommitted_index_keeps_its_children_from_the_collector(
    world: World, repository: Repository
) -> None:
    child = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    repository.put_manifest("child", child)
    child_id = rows.artifact(repository, str(Digest.of(child))).pk
    index = documents.index([documents.descriptor(child, MANIFEST)])
    statement = "SELECT id FROM artifact WHERE id = %s FOR UPDATE SKIP LOCKED"
    with other_session() as collector, transaction.atomic():
        assert collector.execute(statement, [child_id]).fetchall() == [(child_id,)]
        collector.rollback()
        put(world, repository, index, "index")
        assert collector.execute(statement, [child_id]).fetchall() == []


def test_a_push_waits_for_the_collector_and_is_told_what_is_gone(
    world: World, repository: Repository
) -> None:
    layer = f"collected {uuid4()}".encode()
    digest = repository.push_blob(layer)
    payload = documents.manifest(CONFIG, [layer])
    link = (rows.row(repository).pk, rows.blob(digest).pk)
    with ThreadPoolExecutor(1) as pool:
        with other_session() as collector:
            collector.execute("DELETE FROM repository_blob WHERE repository_id = %s AND blob_id = %s", link)
            pushing = begun(pool, lambda: put(world, repository, payload))
            collector.commit()
        with pytest.raises(ManifestBlobUnknown) as refusal:
            pushing.result(30)
    assert refusal.value.missing == (Digest.of(layer),)
    assert not RepositoryBlob.objects.filter(repository_id=link[0], blob_id=link[1]).exists()


def test_a_referenced_link_cannot_be_deleted_by_any_statement(repository: Repository) -> None:
    repository.push_image("latest", config=CONFIG)
    statement, which = "DELETE FROM repository_blob WHERE repository_id = %s", [rows.row(repository).pk]
    with other_session() as collector:
        with pytest.raises(psycopg.errors.RestrictViolation):
            collector.execute(statement, which)
        collector.rollback()


def test_a_repository_being_deleted_takes_no_more_pushes(world: World, repository: Repository) -> None:
    put(world, repository, documents.manifest(CONFIG))
    late = documents.manifest(CONFIG, annotations={"n": "late"})
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            repositories.delete(world.maintainer.principal, target(world, repository))
            pushing = begun(pool, lambda: put(world, repository, late, "late"))
        with pytest.raises(RepositoryUnknown):
            pushing.result(30)


def test_pushes_to_one_repository_do_not_wait_for_each_other(world: World, repository: Repository) -> None:
    put(world, repository, documents.manifest(CONFIG), "first")
    with transaction.atomic():
        put(world, repository, documents.manifest(CONFIG, annotations={"n": "1"}), "one")
        # Another tag of the same repository is pushed while this transaction is still open.
        (answer,) = at_once(
            [
                lambda: repository.put_manifest(
                    "two", documents.manifest(CONFIG, annotations={"n": "2"}), timeout=10
                )
            ]
        )
        assert answer.status_code == 201
