"""Repositories come with a push, are seen from the first manifest on, and leave at once and for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import transaction

from artifacts import maintenance, repositories
from artifacts.models import Repository as Row
from artifacts.models import RepositoryBlob
from core.errors import Denied, ProjectUnknown, RepositoryUnknown
from core.oci.digest import Digest
from database import sql
from projects.models import Quota
from tests.artifacts import rows
from tests.artifacts.actors import other_session, target
from tests.registry_api import documents
from tests.registry_api.client import INDEX, MANIFEST, Repository, World
from tests.registry_api.crowd import begun

CONFIG = b"{}"


def delete(world: World, repository: Repository, kind: str = "maintainer") -> None:
    repositories.delete(getattr(world, kind).principal, target(world, repository))


def age(repository: Repository, hours: int) -> int:
    row = rows.row(repository)
    sql.execute(
        "UPDATE repository SET created_at = now() - make_interval(hours => %s) WHERE id = %s", [hours, row.pk]
    )
    return row.pk


def test_a_repository_is_seen_from_its_first_manifest_on(world: World) -> None:
    repository = world.repository("maintainer")
    repository.push_blob(CONFIG)
    assert rows.row(repository).visible_at is None
    assert repository.call("GET", "tags/list").status_code == 404
    with pytest.raises(RepositoryUnknown):
        delete(world, repository)
    assert repository.put_manifest("latest", documents.manifest(CONFIG)).status_code == 201
    assert rows.row(repository).visible_at is not None
    assert repository.call("GET", "tags/list").json()["tags"] == ["latest"]


def test_a_refused_manifest_makes_nothing_visible(world: World) -> None:
    repository = world.repository("developer")
    repository.push_blob(CONFIG)
    assert repository.put_manifest("latest", documents.manifest(CONFIG, [b"absent"])).status_code == 400
    assert rows.row(repository).visible_at is None


def test_a_deleted_repository_frees_its_name_at_once(world: World) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_image("old", layers=[b"old layer"])
    old_id = rows.row(repository).pk
    delete(world, repository)
    for path in ("manifests/old", f"manifests/{digest}", "tags/list", f"blobs/{Digest.of(b'old layer')}"):
        assert repository.call("GET", path).status_code == 404
    repository.push_image("new")
    assert rows.row(repository).pk != old_id
    assert repository.call("GET", "tags/list").json()["tags"] == ["new"]
    assert rows.acts(repository)[-2].operation == "repository.delete"


def test_deleting_a_repository_needs_a_maintainer(world: World) -> None:
    repository = world.repository("developer")
    repository.push_image()
    with pytest.raises(Denied):
        delete(world, repository, "developer")
    assert repository.call("GET", "tags/list").status_code == 200


def full(world: World) -> Repository:
    """A repository with an index, a sparse child, a referrer, several tags, a loose blob and an open session."""
    repository = world.repository("maintainer")
    repository.push_blob(CONFIG)
    child = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    repository.put_manifest("child", child)
    listed = [documents.descriptor(payload, MANIFEST) for payload in (child, b"absent")]
    assert repository.put_manifest("index", documents.index(listed), INDEX).status_code == 201
    repository.push_image("note", subject=documents.descriptor(child, MANIFEST), layers=[b"n" * 500])
    repository.push_blob(b"loose" * 100)
    repository.start()
    return repository


def test_the_purge_gives_the_space_back_and_leaves_reviews(world: World) -> None:
    repository = full(world)
    row_id = rows.row(repository).pk
    blobs = set(RepositoryBlob.objects.filter(repository_id=row_id).values_list("blob_id", flat=True))
    quota = Quota.objects.get(project=world.project)
    assert quota.used == 2 + 500 + 500
    delete(world, repository)
    quota.refresh_from_db()
    assert quota.used == 1002  # the deletion itself costs the same whatever the repository holds
    before = rows.last_event()
    assert maintenance.purge_deleted() >= 1
    quota.refresh_from_db()
    assert quota.used == 0
    assert not Row.objects.filter(pk=row_id).exists()
    assert {a for kind, a, _, cause in rows.reviews(before) if cause == "link deleted"} >= blobs
    # The blobs themselves are the collector's.
    assert sql.value("SELECT count(*) FROM blob WHERE id = ANY(%s::bigint[])", [list(blobs)]) == len(blobs)


def test_the_repositories_of_a_deleted_project_are_purged(world: World) -> None:
    repository = full(world)
    row_id = rows.row(repository).pk
    sql.execute("UPDATE project SET deleted_at = now() WHERE id = %s", [world.project.pk])
    maintenance.purge_deleted()
    assert not Row.objects.filter(pk=row_id).exists()


def test_a_purge_beside_another_one_neither_fails_nor_loses_anything(world: World) -> None:
    repository = full(world)
    row_id = rows.row(repository).pk
    delete(world, repository)
    # The other one has its batch of artifacts in hand.
    with other_session() as other:
        locked = other.execute(
            "SELECT id FROM artifact WHERE repository_id = %s FOR UPDATE", [row_id]
        ).fetchall()
        assert len(locked) == 3
        maintenance.purge_deleted()
        assert Row.objects.filter(pk=row_id).exists()
        other.rollback()
    maintenance.purge_deleted()
    assert not Row.objects.filter(pk=row_id).exists()
    assert Quota.objects.get(project=world.project).used == 0


def test_a_purge_that_waited_for_another_ones_children_goes_on_with_the_rest(world: World) -> None:
    repository = full(world)
    row_id = rows.row(repository).pk
    delete(world, repository)
    child = (
        "SELECT parent_id, child_digest FROM artifact_child WHERE repository_id = %s AND child_id IS NOT NULL"
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            sql.execute(f"DELETE FROM artifact_child WHERE (parent_id, child_digest) IN ({child})", [row_id])
            purging = begun(pool, maintenance.purge_deleted)
        purging.result(30)
    maintenance.purge_deleted()
    assert not Row.objects.filter(pk=row_id).exists()


def test_a_repository_nobody_uses_is_removed_after_a_day(world: World) -> None:
    pushed, sessions, linked, young, unused = (world.repository("maintainer") for _ in range(5))
    pushed.push_image()
    sessions.start()
    linked.push_blob(CONFIG)
    for repository in (young, unused):
        location = repository.start()
        assert repository.call("DELETE", location).status_code == 204
    kept = [age(repository, 25) for repository in (pushed, sessions, linked)] + [age(young, 23)]
    gone = age(unused, 25)
    maintenance.purge_deleted()
    assert set(Row.objects.filter(pk__in=[*kept, gone]).values_list("pk", flat=True)) == set(kept)
    assert not Row.objects.filter(pk__in=kept, deleted_at__isnull=False).exists()


def test_a_session_that_ended_well_does_not_keep_an_emptied_repository(world: World) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_blob(f"gone again {uuid4()}".encode())
    assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
    row_id = age(repository, 25)
    maintenance.purge_deleted()
    assert not Row.objects.filter(pk=row_id).exists()


def test_a_project_that_is_gone_gets_no_repository(world: World) -> None:
    repository = world.repository("developer")
    sql.execute("UPDATE project SET deleted_at = now() WHERE id = %s", [world.project.pk])
    with pytest.raises(ProjectUnknown):
        repositories.ensure(target(world, repository))
    assert not Row.objects.filter(name=repository.name).exists()
