"""`wharf verify` reads everything back: silent about what is whole, it names each kind of damage with the tags it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from artifacts import storage, verification
from artifacts.verification import Kind, Problem
from core.errors import StorageFailed
from core.oci.digest import Digest
from database import sql
from projects.queries import ref
from tests.artifacts import rows
from tests.registry_api import documents
from tests.registry_api.client import Repository, World

LAYER = b"a layer that is read back"


@pytest.fixture
def repository(world: World) -> Repository:
    """Two tags on one image and a third on another that shares the layer."""
    made = world.repository()
    made.push_image("one", layers=[LAYER])
    made.push_image("two", layers=[LAYER])
    made.push_image("other", layers=[LAYER, b"its own"])
    return made


@pytest.fixture
def layer(repository: Repository) -> Iterator[Path]:
    """The stored file of the shared layer, and its row's health, put back afterwards: all tests share one store."""
    key = rows.blob(str(Digest.of(LAYER))).storage_key
    path = Path(settings.WHARF_STORAGE.removeprefix("file://")) / "blobs" / key
    content = path.read_bytes()
    yield path
    path.write_bytes(content)
    sql.execute("UPDATE blob SET health = 'ok' WHERE storage_key = %s", [key])


def found(world: World) -> list[Problem]:
    project = ref(world.project)
    totals = verification.count(project)
    problems = list(verification.verify(project, totals, progress=lambda _: None))
    assert totals.problems == len(problems)
    assert (totals.manifests_done, totals.blobs_done) == (totals.manifests, totals.blobs)
    return problems


def test_what_is_whole_is_passed_over_in_silence(world: World, repository: Repository) -> None:
    assert found(world) == []
    totals = verification.count(ref(world.project))
    # "one" and "two" are one manifest; the config, the shared layer and one more are three blobs.
    assert (totals.tags, totals.manifests, totals.blobs) == (3, 2, 3)


def damaged(world: World, repository: Repository, kind: Kind) -> None:
    [problem] = found(world)
    assert problem.kind is kind
    assert problem.digest == str(Digest.of(LAYER))
    assert problem.used_by == tuple(f"{repository.name}:{tag}" for tag in ("one", "other", "two"))


def test_a_flipped_bit_is_named_never_served_again_and_heals_with_a_push(
    world: World, repository: Repository, layer: Path
) -> None:
    content = bytearray(layer.read_bytes())
    content[3] ^= 1
    layer.write_bytes(bytes(content))
    damaged(world, repository, Kind.CORRUPT)
    assert repository.call("GET", f"blobs/{Digest.of(LAYER)}").status_code == 503
    repository.push_blob(LAYER)
    assert found(world) == []


def test_a_truncated_file_is_named(world: World, repository: Repository, layer: Path) -> None:
    layer.write_bytes(LAYER[:-1])
    damaged(world, repository, Kind.TRUNCATED)


def test_a_missing_file_is_named_and_forgiven_when_it_is_back(
    world: World, repository: Repository, layer: Path
) -> None:
    content = layer.read_bytes()
    layer.unlink()
    damaged(world, repository, Kind.MISSING)
    assert rows.blob(str(Digest.of(LAYER))).health == storage.Health.MISSING
    layer.write_bytes(content)
    assert found(world) == []
    assert rows.blob(str(Digest.of(LAYER))).health == storage.Health.OK


def test_a_damaged_manifest_is_named_with_the_indexes_above_it(world: World, repository: Repository) -> None:
    child = repository.push_image("child", layers=[LAYER])
    payload = bytes(rows.artifact(repository, child).payload)
    index = documents.index([documents.descriptor(payload, documents.MANIFEST)])
    assert repository.put_manifest("all", index, documents.INDEX).status_code == 201
    damage = "UPDATE artifact SET payload = payload || ' '::bytea WHERE id = %s"
    sql.execute(damage, [rows.artifact(repository, child).pk])
    [problem] = found(world)
    assert problem.kind is Kind.MANIFEST
    assert problem.digest == child
    assert f"{repository.name}:all" in problem.used_by


def test_a_blob_that_the_database_forgot_is_named(world: World, repository: Repository) -> None:
    row = rows.row(repository)
    blob = rows.blob(str(Digest.of(b"its own")))
    sql.execute("DELETE FROM artifact_blob WHERE repository_id = %s AND blob_id = %s", [row.pk, blob.pk])
    [problem] = found(world)
    assert problem.kind is Kind.UNRECORDED
    assert problem.digest == str(Digest.of(b"its own"))
    assert problem.used_by == (f"{repository.name}:other",)


def test_a_blob_collected_meanwhile_is_no_damage(
    world: World, repository: Repository, layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The row is gone when its missing file is looked at again, as after a collection in between.
    layer.unlink()
    real = sql.row
    monkeypatch.setattr(
        sql,
        "row",
        lambda statement, params=(): None if "WHERE b.id = %s" in statement else real(statement, params),
    )
    assert found(world) == []


def test_an_unmounted_storage_is_said_once_and_marks_nothing(
    world: World, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.blobstore.filesystem import FilesystemBlobStore

    monkeypatch.setattr(storage, "store", lambda: FilesystemBlobStore(tmp_path))
    with pytest.raises(StorageFailed, match="not mounted"):
        found(world)
    assert rows.blob(str(Digest.of(LAYER))).health == storage.Health.OK
