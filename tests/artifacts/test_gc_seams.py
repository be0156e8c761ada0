"""The garbage collector's seams: which reviews every path leaves behind, written by triggers in the act's own transaction."""

from __future__ import annotations

from uuid import uuid4

import pytest

from artifacts.models import Blob, BlobTrash, GcEvent, RepositoryBlob
from core.oci.digest import Digest
from database import sql
from tests.artifacts import rows
from tests.registry_api import documents
from tests.registry_api.client import INDEX, MANIFEST, Repository, World

CONFIG = b"{}"


@pytest.fixture
def repository(world: World) -> Repository:
    return world.repository("maintainer")


def unique(what: str) -> bytes:
    return f"{what} {uuid4()}".encode()


def test_a_pushed_manifest_is_reviewed_when_its_lease_ends(repository: Repository) -> None:
    before = rows.last_event()
    digest = repository.push_image("latest")
    artifact = rows.artifact(repository, digest)
    (review,) = GcEvent.objects.filter(id__gt=before, kind="m")
    assert (review.a, review.cause, review.review_after) == (artifact.pk, "push", artifact.pinned_until)
    payload = repository.call("GET", "manifests/latest").content
    repository.put_manifest("latest", payload)
    assert rows.artifact(repository, digest).pinned_until > artifact.pinned_until
    assert GcEvent.objects.filter(id__gt=before, kind="m", a=artifact.pk).count() == 2


def test_a_deleted_tag_has_its_manifest_reviewed(repository: Repository) -> None:
    artifact = rows.artifact(repository, repository.push_image("latest"))
    before = rows.last_event()
    assert repository.call("DELETE", "manifests/latest").status_code == 202
    assert rows.reviews(before) == [("m", artifact.pk, 0, "tag delete")]


def test_a_moved_tag_has_the_manifest_it_left_reviewed(repository: Repository) -> None:
    old = rows.artifact(repository, repository.push_image("latest"))
    new = documents.manifest(CONFIG, annotations={"n": "2"})
    before = rows.last_event()
    assert repository.put_manifest("latest", new).status_code == 201
    assert ("m", old.pk, 0, "tag update") in rows.reviews(before)
    before = rows.last_event()
    assert repository.put_manifest("latest", new).status_code == 201
    # Set to what it pointed at already, the tag left nothing.
    assert [cause for *_, cause in rows.reviews(before)] == ["push"]


def test_a_deleted_manifest_has_its_links_and_referrers_reviewed(repository: Repository) -> None:
    config, layer = unique("config"), unique("layer")
    digest = repository.push_image("latest", config=config, layers=[layer])
    subject = {"mediaType": MANIFEST, "digest": digest, "size": 1}
    referrer = rows.artifact(repository, repository.push_image("note", subject=subject))
    artifact = rows.artifact(repository, digest)
    links = {rows.blob(str(Digest.of(content))).pk for content in (config, layer)}
    before = rows.last_event()
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202
    reviews = rows.reviews(before)
    row_id = rows.row(repository).pk
    assert set(reviews) == {
        ("m", artifact.pk, 0, "tag delete"),
        *(("l", row_id, blob_id, "manifest deleted") for blob_id in links),
        ("m", referrer.pk, 0, "subject deleted"),
    }
    assert len(reviews) == 4
    waits = sql.rows(
        "SELECT kind, review_after > now() + wharf_lease() / 2 FROM gc_event WHERE id > %s ORDER BY id",
        [before],
    )
    # A dereferenced link keeps a whole lease; what lost its last name is due at once.
    assert dict(waits) == {"m": False, "l": True}


def test_a_deleted_index_has_its_children_and_its_blobs_reviewed(repository: Repository) -> None:
    child = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    late = documents.manifest(CONFIG, annotations={"late": str(uuid4())})
    cache = unique("cache")
    repository.push_blob(CONFIG)
    repository.push_blob(cache)
    assert repository.put_manifest("child", child).status_code == 201
    listed = [documents.descriptor(payload, MANIFEST) for payload in (child, late)]
    index = documents.index([*listed, documents.descriptor(cache, documents.LAYER)])
    assert repository.put_manifest("index", index, INDEX).status_code == 201
    assert repository.put_manifest("late", late).status_code == 201
    before = rows.last_event()
    assert repository.call("DELETE", f"manifests/{Digest.of(index)}").status_code == 202
    children = {rows.artifact(repository, str(Digest.of(payload))).pk for payload in (child, late)}
    reviews = rows.reviews(before)
    assert {a for kind, a, _, cause in reviews if cause == "index deleted"} == children
    blob_id = rows.blob(str(Digest.of(cache))).pk
    assert ("l", rows.row(repository).pk, blob_id, "manifest deleted") in reviews


def test_a_deleted_link_has_its_blob_reviewed(repository: Repository) -> None:
    digest = repository.push_blob(unique("loose"))
    blob = rows.blob(digest)
    before = rows.last_event()
    assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
    assert rows.reviews(before) == [("b", blob.pk, 0, "link deleted")]
    assert Blob.objects.filter(pk=blob.pk).exists()  # the collector alone removes rows and files


def test_every_pin_has_the_link_reviewed_when_it_ends(world: World, repository: Repository) -> None:
    content = unique("pinned")
    before = rows.last_event()
    digest = repository.push_blob(content)
    link = (rows.row(repository).pk, rows.blob(digest).pk)
    assert rows.reviews(before) == [("l", *link, "pin")]
    held = RepositoryBlob.objects.get(repository_id=link[0], blob_id=link[1])
    assert GcEvent.objects.get(id__gt=before).review_after == held.pinned_until
    before = rows.last_event()
    repository.push_blob(content)
    assert rows.reviews(before) == [("l", *link, "pin")]
    RepositoryBlob.objects.filter(blob_id=link[1]).update(pinned_until=held.created_at)
    before = rows.last_event()
    assert repository.call("HEAD", f"blobs/{digest}").status_code == 200
    assert rows.reviews(before) == [("l", *link, "pin")]
    other = world.repository("maintainer")
    before = rows.last_event()
    query = {"mount": digest, "from": repository.name}
    answer = other.call("POST", "blobs/uploads/", params=query, also=f"{repository.name}:pull")
    assert answer.status_code == 201
    assert rows.reviews(before) == [("l", rows.row(other).pk, link[1], "pin")]


def test_pushing_again_never_shortens_a_lease(repository: Repository) -> None:
    content = unique("long lease")
    digest = repository.push_blob(content)
    links = RepositoryBlob.objects.filter(blob_id=rows.blob(digest).pk)
    sql.execute(
        "UPDATE repository_blob SET pinned_until = now() + interval '9 days' WHERE blob_id = %s",
        [rows.blob(digest).pk],
    )
    far = links.get().pinned_until
    repository.push_blob(content)
    assert links.get().pinned_until == far


def test_the_file_of_a_damaged_blob_is_replaced_and_trashed(repository: Repository) -> None:
    content = unique("damaged")
    digest = repository.push_blob(content)
    old_key = rows.blob(digest).storage_key
    Blob.objects.filter(storage_key=old_key).update(health="missing")
    repository.push_blob(content)
    healed = rows.blob(digest)
    assert (healed.health, healed.storage_key != old_key) == ("ok", True)
    trashed = BlobTrash.objects.get(storage_key=old_key)
    assert (bytes(trashed.digest or b""), trashed.size) == (Digest.of(content).raw, len(content))
    assert not BlobTrash.objects.filter(storage_key=healed.storage_key).exists()


def test_a_second_file_of_the_same_bytes_is_trashed(world: World, repository: Repository) -> None:
    content = unique("twice")
    digest = repository.push_blob(content)
    key = rows.blob(digest).storage_key
    world.repository("developer").push_blob(content)
    assert rows.blob(digest).storage_key == key
    (trashed,) = BlobTrash.objects.filter(digest=Digest.of(content).raw)
    assert trashed.storage_key != key


# Rows that only describe another one leave with it; all others refuse to be orphaned.
DESCRIPTIVE = {"artifact_layer", "artifact_accessory", "artifact_usage", "repository_stats", "tag_event"}
LIVE = {
    "repository",
    "repository_blob",
    "project_blob",
    "artifact",
    "artifact_blob",
    "artifact_child",
    "tag",
    "upload",
}


def test_foreign_keys_lock_at_once_and_refuse_to_orphan() -> None:
    found = sql.rows(
        """
        SELECT conrelid::regclass::text, confdeltype, condeferrable OR condeferred FROM pg_constraint
        WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s::text[]) AND conparentid = 0
        """,
        [sorted(LIVE | DESCRIPTIVE)],
    )
    assert {table for table, *_ in found} == LIVE | DESCRIPTIVE
    assert not [table for table, _, deferrable in found if deferrable]
    assert {table for table, rule, _ in found if rule == "c"} == DESCRIPTIVE
    assert {table for table, rule, _ in found if rule == "r"} == LIVE
    assert {rule for _, rule, _ in found} == {"c", "r"}


def test_the_link_itself_is_what_a_manifest_refers_to() -> None:
    """Blob and repository each existing is not enough: the pair must."""
    definitions = sql.rows(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'artifact_blob'::regclass"
    )
    text = " | ".join(definition for (definition,) in definitions)
    assert "(repository_id, blob_id) REFERENCES repository_blob(repository_id, blob_id)" in text
