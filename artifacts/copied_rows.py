"""The rows of a copy: what the source has is written once more for another repository, a statement for each table.

The caller's transaction holds the target repository and its project. Locks are taken in the order of the lock table: links,
manifests, and after the tags the counters (reliability design).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from access.principal import Principal
from core.errors import ManifestBlobUnknown
from core.oci.digest import Digest
from database import sql
from database.arrays import array
from database.transactions import RaceLost


@dataclass(frozen=True, slots=True)
class Copied:
    """`is_new`: the target had no such manifest."""

    source_id: int
    id: int
    digest: Digest
    is_new: bool


# What the source's links keep alive cannot go before COMMIT: its links are held.
_HOLD_LINKS = """
    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT used.repository_id, used.blob_id FROM artifact_blob used
        WHERE used.artifact_id = ANY(%(artifacts)s::bigint[]) ORDER BY used.blob_id
    )
    SELECT blob.id, blob.size, blob.digest, blob.health = 'ok' FROM wanted CROSS JOIN LATERAL (
        SELECT link.blob_id FROM repository_blob link
        WHERE link.repository_id = wanted.repository_id AND link.blob_id = wanted.blob_id FOR KEY SHARE
    ) held JOIN blob ON blob.id = held.blob_id ORDER BY blob.id
"""
_HOLD_ARTIFACTS = (
    "SELECT id, digest FROM artifact WHERE id = ANY(%(artifacts)s::bigint[]) ORDER BY id FOR KEY SHARE"
)
_LINKS = """
    INSERT INTO repository_blob AS link (repository_id, blob_id, pinned_until, created_by_kind, created_by_id)
    SELECT %(target)s::bigint, blob_id, now() + wharf_lease(), %(actor_kind)s, %(actor_id)s::bigint
    FROM unnest(%(blobs)s::bigint[]) AS blob_id ORDER BY blob_id
    ON CONFLICT (repository_id, blob_id) DO UPDATE SET pinned_until = greatest(link.pinned_until, EXCLUDED.pinned_until)
    RETURNING blob_id, xmax = 0
"""
_FACTS = """digest, media_type, payload, kind, artifact_type, subject_digest, annotations, total_size, config, config_type, os,
    architecture, variant, author, built_at"""
_ARTIFACTS = f"""
    INSERT INTO artifact (repository_id, {_FACTS}, pinned_until, pushed_by)
    SELECT %(target)s::bigint, {_FACTS}, now() + wharf_lease(), %(actor_name)s FROM artifact
    WHERE id = ANY(%(artifacts)s::bigint[]) ORDER BY digest
    ON CONFLICT (repository_id, digest) DO UPDATE SET pinned_until = EXCLUDED.pinned_until
    RETURNING id, digest, xmax = 0
"""
_PAIRS = "unnest(%(old)s::bigint[], %(new)s::bigint[]) AS pair (old, new)"
# An index may list what was never pushed; where the target has it, or gets it now, it is known.
_PARTS = (
    f"""
    INSERT INTO artifact_blob (artifact_id, repository_id, blob_id)
    SELECT pair.new, %(target)s::bigint, used.blob_id FROM {_PAIRS} JOIN artifact_blob used ON used.artifact_id = pair.old
    """,
    f"""
    INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id, os, architecture, variant)
    SELECT pair.new, %(target)s::bigint, part.child_digest, here.id, part.os, part.architecture, part.variant
    FROM {_PAIRS} JOIN artifact_child part ON part.parent_id = pair.old LEFT JOIN LATERAL (
      SELECT id FROM artifact WHERE repository_id = %(target)s::bigint AND digest = part.child_digest FOR KEY SHARE
    ) here ON true
    """,
    f"""
    UPDATE artifact_child SET child_id = artifact.id FROM {_PAIRS} JOIN artifact ON artifact.id = pair.new
    WHERE artifact_child.repository_id = %(target)s::bigint AND artifact_child.child_digest = artifact.digest
      AND artifact_child.child_id IS NULL
    """,
    f"""
    INSERT INTO artifact_layer (artifact_id, position, digest, size, media_type, command, comment, created_at, is_empty)
    SELECT pair.new, position, digest, size, media_type, command, comment, created_at, is_empty
    FROM {_PAIRS} JOIN artifact_layer layer ON layer.artifact_id = pair.old
    """,
)
_ACCESSORIES = f"""
    INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind)
    SELECT pair.new, %(target)s::bigint, said.subject_digest, said.kind
    FROM {_PAIRS} JOIN artifact_accessory said ON said.artifact_id = pair.old
    ON CONFLICT (artifact_id, subject_digest) DO NOTHING
"""
_ABSENT = """
    SELECT part.child_digest FROM artifact_child part JOIN repository r ON r.id = part.repository_id
    JOIN project p ON p.id = r.project_id
    WHERE part.parent_id = ANY(%(new)s::bigint[]) AND part.child_id IS NULL AND NOT p.sparse_indexes
"""


def link(actor: Principal, target_id: int, artifact_ids: Sequence[int]) -> dict[int, int]:
    """Link the blobs these artifacts reference; those that are new in the target, id -> bytes.

    Raises ManifestBlobUnknown for a blob whose file is damaged; RaceLost when an artifact is being deleted.
    """
    held = sql.rows(_HOLD_LINKS, {"artifacts": array(artifact_ids)})
    damaged = [Digest.from_bytes(bytes(raw)) for _, _, raw, is_whole in held if not is_whole]
    if damaged:
        raise ManifestBlobUnknown(damaged)
    sizes = {blob_id: size for blob_id, size, *_ in held}
    linked = sql.rows(_LINKS, _author(actor) | {"target": target_id, "blobs": array(sizes)})
    return {blob_id: sizes[blob_id] for blob_id, is_new in linked if is_new}


def write(actor: Principal, target_id: int, artifact_ids: Sequence[int]) -> list[Copied]:
    """The artifacts with all that describes them, in the target. Raises RaceLost, ManifestBlobUnknown (parts of an index)."""
    params = _author(actor) | {"target": target_id, "artifacts": array(artifact_ids)}
    sources = {bytes(raw): id_ for id_, raw in sql.rows(_HOLD_ARTIFACTS, params)}
    if len(sources) < len(artifact_ids):
        raise RaceLost
    made = [
        Copied(sources[bytes(raw)], id_, Digest.from_bytes(bytes(raw)), is_new)
        for id_, raw, is_new in sql.rows(_ARTIFACTS, params)
    ]
    fresh = _pairs(target_id, [each for each in made if each.is_new])
    for statement in _PARTS:
        sql.execute(statement, fresh)
    sql.execute(_ACCESSORIES, _pairs(target_id, made))
    absent = sql.rows(_ABSENT, {"new": fresh["new"]})
    if absent:
        raise ManifestBlobUnknown([Digest.from_bytes(bytes(raw)) for (raw,) in absent])
    return made


def _pairs(target_id: int, copied: Sequence[Copied]) -> Mapping[str, object]:
    return {
        "target": target_id,
        "old": array(each.source_id for each in copied),
        "new": array(each.id for each in copied),
    }


def _author(actor: Principal) -> dict[str, object]:
    return {"actor_kind": str(actor.kind), "actor_id": actor.id, "actor_name": actor.name}
