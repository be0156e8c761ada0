"""The statistics fold: what it keeps equals a recount, and running it again changes nothing."""

from __future__ import annotations

from uuid import uuid4

from artifacts import statistics
from artifacts.models import RepositoryChange, RepositoryStats
from database import sql
from projects.models import StorageDaily
from tests.artifacts import rows
from tests.registry_api import documents
from tests.registry_api.client import Repository, World
from tests.registry_api.crowd import at_once


def stats(repository: Repository) -> RepositoryStats:
    statistics.fold()
    return RepositoryStats.objects.get(repository_id=rows.row(repository).pk)


def recount(repository: Repository) -> tuple[int, int, int, int]:
    """Tags, artifacts, bytes over artifacts, bytes of the blobs that artifacts reference, each once."""
    found = sql.one(
        """
        SELECT (SELECT count(*) FROM tag WHERE repository_id = %(id)s),
          (SELECT count(*) FROM artifact WHERE repository_id = %(id)s),
          (SELECT coalesce(sum(total_size), 0)::bigint FROM artifact WHERE repository_id = %(id)s),
          (SELECT coalesce(sum(size), 0)::bigint FROM blob WHERE id IN
             (SELECT blob_id FROM artifact_blob WHERE repository_id = %(id)s))
        """,
        {"id": rows.row(repository).pk},
    )
    return found[0], found[1], found[2], found[3]


def folded(repository: Repository) -> tuple[int, int, int, int]:
    kept = stats(repository)
    return kept.tag_count, kept.artifact_count, kept.logical_bytes, kept.compressed_bytes


def test_the_fold_equals_a_recount_after_every_act(world: World) -> None:
    repository = world.repository("maintainer")
    shared, config = b"s" * 1000, f"config {uuid4()}".encode()
    first = repository.push_image("1", config=config, layers=[shared])
    assert folded(repository) == recount(repository) == (1, 1, 1000 + len(config), 1000 + len(config))
    second = repository.push_image("2", config=config, layers=[shared, b"more"])
    assert folded(repository) == recount(repository)
    assert folded(repository)[2] > folded(repository)[3]
    third = documents.manifest(b"{}", annotations={"n": "3"})
    repository.push_blob(b"{}")
    assert repository.put_manifest("1", third).status_code == 201
    assert folded(repository) == recount(repository)
    loose = repository.push_blob(b"loose" * 500)
    assert folded(repository) == recount(repository)
    for path in ("manifests/2", f"manifests/{first}", f"manifests/{second}", f"blobs/{loose}", "manifests/1"):
        assert repository.call("DELETE", path).status_code == 202
        assert folded(repository) == recount(repository)
    assert folded(repository)[:2] == (0, 1)


def test_the_last_push_is_told_with_its_actor_and_outlives_what_was_pushed(world: World) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_image("1")
    pushed = rows.tag(repository, "1").pushed_at
    kept = stats(repository)
    assert (kept.last_push_at, kept.last_push_by) == (pushed, repository.client.principal.name)
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202
    assert stats(repository).last_push_at == pushed


def test_folding_again_and_at_once_changes_nothing(world: World) -> None:
    repository = world.repository("developer")
    repository.push_image("1", layers=[b"layer"])
    at_once([statistics.fold] * 4)
    statistics.fold()
    first = folded(repository)
    row = RepositoryStats.objects.get(repository_id=rows.row(repository).pk)
    assert statistics.fold() == 0
    assert folded(repository) == first == recount(repository)
    again = RepositoryStats.objects.get(repository_id=rows.row(repository).pk)
    assert again.folded_at == row.folded_at
    assert not RepositoryChange.objects.filter(repository_id=rows.row(repository).pk).exists()


def test_the_fold_leaves_a_line_of_the_projects_use(world: World) -> None:
    world.repository("developer").push_image("1", config=b"{}", layers=[b"x" * 98])
    statistics.fold()
    (line,) = StorageDaily.objects.filter(project=world.project)
    assert line.used == 100
    world.repository("developer").push_image("1", config=b"{}", layers=[b"y" * 100])
    statistics.fold()
    line.refresh_from_db()
    assert line.used == 200
