"""The rows of a pushed artifact, written by one statement: itself, what it references, its layers, whose accessory it is, and
the tags that point at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from access.principal import Principal
from artifacts import facts, tags
from artifacts.facts import Facts, Layer
from artifacts.references import References
from artifacts.tags import NO_CONDITIONS, Conditions, TagChange
from core.oci.descriptor import Descriptor
from core.oci.digest import Digest
from core.oci.manifest import Kind, Manifest
from core.oci.reference import Tag
from database import sql
from database.arrays import array

# Where the artifact was there before, its lease is renewed and nothing else is written but its subject: bytes that do not name
# their type may have come as a Docker manifest first, which has none. Indexes that waited for it as a sparse child get its row.
_RECORD = f"""
    WITH recorded AS (
        INSERT INTO artifact (repository_id, digest, media_type, payload, kind, artifact_type, subject_digest, annotations,
          pinned_until, pushed_by, total_size, config, config_type, os, architecture, variant, author, built_at)
        VALUES (%(repository)s, %(digest)s::bytea, %(media_type)s, %(payload)s, %(kind)s, %(artifact_type)s, %(subject)s::bytea,
          %(annotations)s, now() + wharf_lease(), %(actor_name)s, %(size)s, %(config)s, %(config_type)s, %(os)s,
          %(architecture)s, %(variant)s, %(author)s, %(built_at)s)
        ON CONFLICT (repository_id, digest) DO UPDATE SET
          pinned_until = EXCLUDED.pinned_until, media_type = EXCLUDED.media_type,
          artifact_type = EXCLUDED.artifact_type, subject_digest = EXCLUDED.subject_digest
        RETURNING id, repository_id, xmax = 0 AS is_new
    ), blobs AS (
        INSERT INTO artifact_blob (artifact_id, repository_id, blob_id)
        SELECT recorded.id, recorded.repository_id, blob_id FROM recorded, unnest(%(blobs)s::bigint[]) AS blob_id WHERE is_new
    ), children AS (
        INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id, os, architecture, variant)
        SELECT recorded.id, recorded.repository_id, listed.digest, listed.child, listed.os, listed.architecture, listed.variant
        FROM recorded, unnest(%(child_digests)s::bytea[], %(child_ids)s::bigint[], %(child_os)s::text[],
                              %(child_architectures)s::text[], %(child_variants)s::text[])
          AS listed (digest, child, os, architecture, variant) WHERE is_new
    ), awaited AS (
        UPDATE artifact_child SET child_id = recorded.id FROM recorded
        WHERE is_new AND artifact_child.repository_id = recorded.repository_id
          AND artifact_child.child_digest = %(digest)s::bytea AND artifact_child.child_id IS NULL
    ), layers AS (
        INSERT INTO artifact_layer (artifact_id, position, digest, size, media_type, command, comment, created_at, is_empty)
        SELECT recorded.id, layer.position - 1, layer.digest, layer.size, layer.media_type, layer.command, layer.comment,
          layer.created_at, layer.digest IS NULL
        FROM recorded, unnest(%(layer_digests)s::bytea[], %(layer_sizes)s::bigint[], %(layer_types)s::text[],
                              %(commands)s::text[], %(comments)s::text[], %(created)s::timestamptz[]) WITH ORDINALITY
          AS layer (digest, size, media_type, command, comment, created_at, position) WHERE is_new
    ), accessories AS (
        INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind)
        SELECT recorded.id, recorded.repository_id, %(subject)s::bytea, %(accessory)s::text FROM recorded
        WHERE %(subject)s::bytea IS NOT NULL
        ON CONFLICT (artifact_id, subject_digest) DO NOTHING
    ), {tags.POINTED}
    SELECT recorded.id, recorded.is_new, pointed.* FROM recorded LEFT JOIN pointed ON true ORDER BY pointed.name
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An artifact's row, and what became of the tags that were to point at it."""

    artifact_id: int
    is_new: bool
    changes: list[TagChange]


def record(
    actor: Principal,
    repository_id: int,
    manifest: Manifest,
    *,
    digest: Digest,
    known: Facts,
    held: References,
    names: Sequence[Tag] = (),
    conditions: Conditions = NO_CONDITIONS,
) -> Recorded:
    """Write it all down, and point the tags `names` at it. `held` are rows locked by this transaction.

    Repeating a push renews its lease. Raises TagImmutable, PreconditionFailed, RaceLost: the caller's transaction rolls back.
    """
    params: dict[str, object] = {
        "repository": repository_id,
        "digest": digest.raw,
        "size": size_of(manifest, held),
        "restores": False,
        "blobs": array(held.blob_ids),
    }
    params |= _manifest(manifest) | _facts(known) | tags.parameters(actor, names, known.platforms)
    params |= _children(held.children) | _layers(facts.layers_of(manifest, known))
    found = sql.rows(_RECORD, params)
    artifact_id, is_new = found[0][:2]
    pointed = [row[2:] for row in found if row[2] is not None]
    return Recorded(artifact_id, is_new, tags.pointed(pointed, digest, conditions))


def size_of(manifest: Manifest, held: References) -> int:
    """Bytes a client transfers: config and layers of a manifest, what the known children need of an index."""
    if manifest.kind is Kind.INDEX:
        return held.child_bytes
    return sum(each.size for each in (manifest.config, *manifest.layers) if each is not None)


def _manifest(manifest: Manifest) -> dict[str, object]:
    return {
        "media_type": manifest.media_type,
        "payload": manifest.payload,
        "kind": str(manifest.kind),
        "artifact_type": manifest.referrer_type,
        "subject": manifest.subject.digest.raw if manifest.subject else None,
        "accessory": str(manifest.accessory_kind) if manifest.subject else "",
        "config_type": manifest.config.media_type if manifest.config else "",
    }


def _facts(known: Facts) -> dict[str, object]:
    return {
        "annotations": known.annotations,
        "config": known.document,
        "os": known.config.os,
        "architecture": known.config.architecture,
        "variant": known.config.variant,
        "author": known.config.author,
        "built_at": known.config.created,
    }


def _children(children: Sequence[tuple[Descriptor, int | None]]) -> dict[str, object]:
    platforms = [descriptor.platform for descriptor, _ in children]
    return {
        "child_digests": array(descriptor.digest.raw for descriptor, _ in children),
        "child_ids": array(child_id for _, child_id in children),
        "child_os": array(platform.os if platform else "" for platform in platforms),
        "child_architectures": array(platform.architecture if platform else "" for platform in platforms),
        "child_variants": array(platform.variant if platform else "" for platform in platforms),
    }


def _layers(rows: Sequence[Layer]) -> dict[str, object]:
    return {
        "layer_digests": array(row.descriptor.digest.raw if row.descriptor else None for row in rows),
        "layer_sizes": array(row.descriptor.size if row.descriptor else 0 for row in rows),
        "layer_types": array(row.descriptor.media_type if row.descriptor else "" for row in rows),
        "commands": array(row.command for row in rows),
        "comments": array(row.comment for row in rows),
        "created": array(row.created for row in rows),
    }
