"""A copy beside the collector and beside deletions: whole or not at all, and it keeps what it references."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import transaction

from artifacts import copied_rows, copying, manifests, repositories
from artifacts.repositories import Target
from core.errors import ManifestBlobUnknown, ManifestUnknown
from core.oci.digest import Digest
from core.oci.names import RepositoryName
from core.oci.reference import Tag
from database import sql
from projects.queries import ref
from tests.artifacts import rows
from tests.artifacts.actors import other_session, target
from tests.registry_api import documents
from tests.registry_api.client import INDEX, MANIFEST, Repository, World
from tests.registry_api.crowd import at_once, begun

LATEST = Tag.parse("latest")


@pytest.fixture
def source(world: World) -> Repository:
    made = world.repository("developer")
    made.push_image("latest", config=f"config of {made.name}".encode(), layers=[made.name.encode()])
    return made


def copy(world: World, source: Repository, path: str = "copy") -> Target:
    to = Target(RepositoryName.parse(world.name(path)), ref(world.project))
    copying.copy(world.developer.principal, to, source=source.name, reference=LATEST)
    return to


def free(collector: psycopg.Connection[tuple[Any, ...]], repository: Repository) -> tuple[int, int]:
    """How many links and artifacts of the repository the collector could take at this moment."""
    key = [rows.row(repository).pk]
    links = "SELECT blob_id FROM repository_blob WHERE repository_id = %s FOR UPDATE SKIP LOCKED"
    artifacts = "SELECT id FROM artifact WHERE repository_id = %s FOR UPDATE SKIP LOCKED"
    found = tuple(len(collector.execute(each, key).fetchall()) for each in (links, artifacts))
    collector.rollback()
    return found[0], found[1]


def test_an_uncommitted_copy_keeps_its_source_from_the_collector(world: World, source: Repository) -> None:
    with other_session() as collector:
        assert free(collector, source) == (2, 1)
        with transaction.atomic():
            copy(world, source)
            assert free(collector, source) == (0, 0)
        assert free(collector, source) == (2, 1)


def test_a_copy_stays_whole_when_its_source_is_collected(world: World, source: Repository) -> None:
    copy(world, source, "kept")
    digest = sql.value("SELECT digest FROM artifact WHERE repository_id = %s", [rows.row(source).pk])
    manifests.delete(world.maintainer.principal, target(world, source), Digest.from_bytes(bytes(digest)))
    # As the collector does with links that nothing references.
    sql.execute("DELETE FROM repository_blob WHERE repository_id = %s", [rows.row(source).pk])
    kept = world.guest.repository(world.name("kept"))
    manifest = kept.call("GET", "manifests/latest")
    assert manifest.status_code == 200
    for each in (manifest.json()["config"], *manifest.json()["layers"]):
        assert kept.call("GET", f"blobs/{each['digest']}").status_code == 200


def test_a_copy_waits_for_a_deletion_and_then_finds_nothing(world: World, source: Repository) -> None:
    artifact_id = sql.value("SELECT id FROM artifact WHERE repository_id = %s", [rows.row(source).pk])
    with ThreadPoolExecutor(1) as pool:
        with other_session() as deleting:
            for table in ("tag", "artifact_blob"):
                deleting.execute(f"DELETE FROM {table} WHERE artifact_id = %s", [artifact_id])
            deleting.execute("DELETE FROM artifact WHERE id = %s", [artifact_id])
            waiting = begun(pool, lambda: copy(world, source, "late"))
            assert not waiting.done()
            deleting.commit()
        with pytest.raises(ManifestUnknown):
            waiting.result(10)
    late = sql.row("SELECT visible_at FROM repository WHERE name = %s", [world.name("late")])
    assert late == (None,)


def test_a_copy_into_a_new_repository_locks_in_the_order_of_a_push(world: World, source: Repository) -> None:
    to = Target(RepositoryName.parse(world.name("new")), ref(world.project))
    place = repositories.ensure(to)
    with ThreadPoolExecutor(1) as pool:
        with other_session() as pushing:
            # A push: first the repository becomes visible, then the manifest is written. A wait would be a deadlock.
            pushing.execute("UPDATE repository SET visible_at = now() WHERE id = %s", [place])
            waiting = begun(pool, lambda: copy(world, source, "new"))
            pushing.execute("SET LOCAL lock_timeout = '100ms'")
            pushing.execute(
                f"""
                INSERT INTO artifact (repository_id, {copied_rows._FACTS}, pinned_until)
                SELECT %s, {copied_rows._FACTS}, now() FROM artifact WHERE repository_id = %s
                """,
                [place, rows.row(source).pk],
            )
            pushing.rollback()
        waiting.result(10)
    assert sql.value("SELECT visible_at IS NOT NULL FROM repository WHERE id = %s", [place])


def test_a_damaged_blob_is_not_copied(world: World, source: Repository) -> None:
    sql.execute(
        "UPDATE blob SET health = 'suspect' WHERE id IN (SELECT blob_id FROM repository_blob WHERE repository_id = %s)",
        [rows.row(source).pk],
    )
    with pytest.raises(ManifestBlobUnknown) as refused:
        copy(world, source)
    assert len(refused.value.missing) == 2


def test_an_index_without_its_parts_is_no_copy_where_indexes_are_whole(world: World) -> None:
    source = world.repository("developer")
    absent = documents.manifest(b"{}", annotations={"not": "pushed"})
    pushed = source.put_manifest("latest", documents.index([documents.descriptor(absent, MANIFEST)]), INDEX)
    assert pushed.status_code == 201
    sql.execute("UPDATE project SET sparse_indexes = false WHERE id = %s", [world.project.pk])
    with pytest.raises(ManifestBlobUnknown):
        copy(world, source)


def test_copies_of_one_image_at_once_are_one(world: World, source: Repository) -> None:
    assert world.developer.principal.name
    assert {str(each.name) for each in at_once([lambda: copy(world, source, "crowd")] * 4)} == {
        world.name("crowd")
    }
    crowd = world.guest.repository(world.name("crowd"))
    assert sql.value("SELECT count(*) FROM artifact WHERE repository_id = %s", [rows.row(crowd).pk]) == 1
    links = "SELECT max(n_links) FROM project_blob WHERE project_id = %s"
    assert sql.value(links, [world.project.pk]) == 2


def test_what_is_deleted_while_it_is_looked_up_is_not_found(
    world: World, source: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, actor = copying._tree, world.maintainer.principal

    def late(found: Any) -> list[int]:
        at_once([lambda: _deleted(actor, target(world, source), LATEST)])
        return look(found)

    monkeypatch.setattr(copying, "_tree", late)
    with pytest.raises(ManifestUnknown):
        copy(world, source)


def test_copies_in_both_directions_among_pushes_and_deletions_all_end(world: World) -> None:
    pair = [world.repository("maintainer") for _ in range(2)]
    actor = world.maintainer.principal
    for n in range(4):
        for each in pair:
            each.push_image(f"t{n}", config=f"config {n}".encode(), layers=[b"shared", f"layer {n}".encode()])

    def crossing(n: int) -> list[Callable[[], object]]:
        here, there = (target(world, each) for each in (pair[n % 2], pair[1 - n % 2]))
        tag = Tag.parse(f"t{n}")
        return [
            lambda: _copied(actor, here, there, tag),
            lambda: _copied(actor, there, here, tag),
            lambda: pair[n % 2].push_image(f"new{n}", config=f"config {n}".encode(), layers=[b"shared"]),
            lambda: _deleted(actor, here, Tag.parse(f"t{(n + 1) % 4}")),
        ]

    at_once([act for n in range(4) for act in crossing(n)])
    counted = sql.rows(
        """SELECT n_links, (SELECT count(*) FROM repository_blob link JOIN repository r ON r.id = link.repository_id
          WHERE r.project_id = held.project_id AND link.blob_id = held.blob_id)
        FROM project_blob held WHERE project_id = %s""",
        [world.project.pk],
    )
    assert len(counted) == 9
    assert all(kept == found for kept, found in counted)


def _copied(actor: Any, to: Target, source: Target, tag: Tag) -> None:
    """Unless it was deleted meanwhile."""
    with contextlib.suppress(ManifestUnknown):
        copying.copy(actor, to, source=str(source.name), reference=tag)


def _deleted(actor: Any, where: Target, tag: Tag) -> None:
    """Unless another thread was first."""
    with contextlib.suppress(ManifestUnknown):
        manifests.delete(actor, where, tag)
