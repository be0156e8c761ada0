"""What a manifest references, locked so that nothing can take it away before COMMIT, and written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from artifacts.repositories import Target
from core.errors import ManifestBlobUnknown, ManifestInvalid
from core.oci.descriptor import Descriptor
from core.oci.digest import Digest
from core.oci.manifest import Manifest
from database import sql


@dataclass(frozen=True, slots=True)
class References:
    """Locked rows: blob ids of this repository, and children as (descriptor, artifact id or None while sparse)."""

    blob_ids: tuple[int, ...]
    children: tuple[tuple[Descriptor, int | None], ...]
    child_bytes: int


def lock(repository_id: int, target: Target, manifest: Manifest) -> References:
    """Lock links and children in the global order. Raises ManifestBlobUnknown, ManifestInvalid (size differs)."""
    blobs = _lock_blobs(repository_id, manifest.required_blobs)
    rows = _lock_children(repository_id, manifest.required_manifests)
    children = {
        each.digest: (each, rows[each.digest][0] if each.digest in rows else None)
        for each in manifest.required_manifests
    }
    absent = [digest for digest, (_, child_id) in children.items() if child_id is None]
    if absent and not _may_be_sparse(target):
        raise ManifestBlobUnknown(absent)
    return References(blobs, tuple(children.values()), sum(size for _, size in rows.values()))


def _lock_blobs(repository_id: int, wanted: Iterable[Descriptor]) -> tuple[int, ...]:
    descriptors = tuple(wanted)
    digests = list(dict.fromkeys(each.digest for each in descriptors))
    if not digests:
        return ()
    found = {
        Digest.from_bytes(bytes(raw)): (blob_id, size)
        for blob_id, raw, size in sql.rows(
            """
            SELECT link.blob_id, b.digest, b.size FROM repository_blob link JOIN blob b ON b.id = link.blob_id
            WHERE link.repository_id = %s AND b.digest = ANY(%s::bytea[]) AND b.health = 'ok'
            ORDER BY link.blob_id FOR KEY SHARE OF link
            """,
            [repository_id, [digest.raw for digest in digests]],
        )
    }
    missing = [digest for digest in digests if digest not in found]
    if missing:
        raise ManifestBlobUnknown(missing)
    for each in descriptors:
        _compare(each, found[each.digest][1])
    return tuple(blob_id for blob_id, _ in found.values())


def _compare(descriptor: Descriptor, size: int) -> None:
    if descriptor.size != size:
        raise ManifestInvalid(
            f"the descriptor of {descriptor.digest} says {descriptor.size} bytes, the blob has {size}",
            digest=str(descriptor.digest),
            descriptor_size=descriptor.size,
            blob_size=size,
        )


def _lock_children(repository_id: int, wanted: Iterable[Descriptor]) -> dict[Digest, tuple[int, int]]:
    """digest -> (artifact id, bytes it transfers) of the children that are here."""
    digests = [each.digest.raw for each in wanted]
    if not digests:
        return {}
    rows = sql.rows(
        """
        SELECT id, digest, total_size FROM artifact WHERE repository_id = %s AND digest = ANY(%s::bytea[])
        ORDER BY id FOR KEY SHARE
        """,
        [repository_id, digests],
    )
    return {Digest.from_bytes(bytes(raw)): (artifact_id, size) for artifact_id, raw, size in rows}


def _may_be_sparse(target: Target) -> bool:
    return bool(sql.value("SELECT sparse_indexes FROM project WHERE id = %s", [target.project.id]))


def write(artifact_id: int, repository_id: int, digest: Digest, held: References) -> None:
    """The reference rows of a new artifact; indexes that waited for it as a sparse child now name its row."""
    if held.blob_ids:
        sql.execute(
            "INSERT INTO artifact_blob (artifact_id, repository_id, blob_id)"
            " SELECT %s::bigint, %s::bigint, blob_id FROM unnest(%s::bigint[]) AS blob_id",
            [artifact_id, repository_id, list(held.blob_ids)],
        )
    if held.children:
        _write_children(artifact_id, repository_id, held)
    sql.execute(
        "UPDATE artifact_child SET child_id = %s WHERE repository_id = %s AND child_digest = %s AND child_id IS NULL",
        [artifact_id, repository_id, digest.raw],
    )


def _write_children(artifact_id: int, repository_id: int, held: References) -> None:
    platforms = [descriptor.platform for descriptor, _ in held.children]
    sql.execute(
        """
        INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id, os, architecture, variant)
        SELECT %(parent)s::bigint, %(repository)s::bigint, digest, child, os, architecture, variant
        FROM unnest(%(digests)s::bytea[], %(children)s::bigint[], %(os)s::text[], %(architecture)s::text[], %(variant)s::text[])
          AS listed (digest, child, os, architecture, variant)
        """,
        {
            "parent": artifact_id,
            "repository": repository_id,
            "digests": [descriptor.digest.raw for descriptor, _ in held.children],
            "children": [child_id for _, child_id in held.children],
            "os": [platform.os if platform else "" for platform in platforms],
            "architecture": [platform.architecture if platform else "" for platform in platforms],
            "variant": [platform.variant if platform else "" for platform in platforms],
        },
    )
