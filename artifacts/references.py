"""What a manifest references, locked so that nothing can take it away before COMMIT, and written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from artifacts import repositories
from artifacts.repositories import Target
from core.errors import ManifestBlobUnknown, ManifestInvalid
from core.oci.descriptor import Descriptor
from core.oci.digest import Digest
from core.oci.manifest import Manifest
from database import sql
from database.arrays import array


@dataclass(frozen=True, slots=True)
class References:
    """Locked rows: blob ids of this repository, and children as (descriptor, artifact id or None while sparse)."""

    blob_ids: tuple[int, ...]
    children: tuple[tuple[Descriptor, int | None], ...]
    child_bytes: int


# The repository first: what follows reads what its lock returns. Then links by blob id, each looked up by its key: joined
# freely, a planner without statistics would read all links of the repository.
_LOCK = """
    WITH place AS MATERIALIZED (
        SELECT r.id, r.visible_at IS NOT NULL AS is_visible FROM repository r JOIN project p ON p.id = r.project_id
        WHERE r.id = %(repository)s AND r.deleted_at IS NULL AND p.deleted_at IS NULL FOR KEY SHARE
    ), wanted AS MATERIALIZED (
        SELECT b.id, b.digest, b.size, place.id AS repository_id FROM place
        JOIN blob b ON b.digest = ANY(%(digests)s::bytea[]) AND b.health = 'ok' ORDER BY b.id
    ), links AS MATERIALIZED (
        SELECT wanted.id, wanted.digest, wanted.size FROM wanted CROSS JOIN LATERAL (
            SELECT FROM repository_blob link
            WHERE link.repository_id = wanted.repository_id AND link.blob_id = wanted.id FOR KEY SHARE
        ) held
    )
    SELECT place.is_visible, links.id, links.digest, links.size FROM place LEFT JOIN links ON true ORDER BY links.id
"""


def lock(repository_id: int, target: Target, manifest: Manifest) -> References:
    """Lock repository, links and children in the global order; the repository becomes visible with its first manifest.

    Raises RepositoryUnknown, ManifestBlobUnknown, ManifestInvalid (size differs).
    """
    required = tuple(manifest.required_blobs)
    digests = list(dict.fromkeys(each.digest for each in required))
    found = sql.rows(_LOCK, {"repository": repository_id, "digests": array(digest.raw for digest in digests)})
    if not found:
        raise repositories.unknown(target)
    if not found[0][0]:
        repositories.make_visible(repository_id)
    blobs = _checked(required, digests, found)
    rows = _lock_children(repository_id, manifest.required_manifests)
    children = {
        each.digest: (each, rows[each.digest][0] if each.digest in rows else None)
        for each in manifest.required_manifests
    }
    absent = [digest for digest, (_, child_id) in children.items() if child_id is None]
    if absent and not _may_be_sparse(target):
        raise ManifestBlobUnknown(absent)
    return References(blobs, tuple(children.values()), sum(size for _, size in rows.values()))


def _checked(required: Iterable[Descriptor], digests: list[Digest], rows: list[sql.Row]) -> tuple[int, ...]:
    """Ids of the locked links, once every blob that is needed is among them and has the size that was said."""
    found = {
        Digest.from_bytes(bytes(raw)): (blob_id, size)
        for _, blob_id, raw, size in rows
        if blob_id is not None
    }
    missing = [digest for digest in digests if digest not in found]
    if missing:
        raise ManifestBlobUnknown(missing)
    for each in required:
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
