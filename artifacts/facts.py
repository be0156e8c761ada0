"""What pages show of an artifact, taken from its config once, when it is pushed: layers with history, platform, accessories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from artifacts.storage import open_blob
from core.blobstore.base import BlobDamaged, BlobMissing
from core.oci.config import ConfigFacts, HistoryEntry, parse_config
from core.oci.descriptor import Descriptor
from core.oci.digest import Digest
from core.oci.manifest import Kind, Manifest
from core.oci.strict_json import ascii_json
from database import sql

MAX_CONFIG_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Facts:
    """`document` is the config as stored (None unless it is small JSON), `platforms` read "os/architecture[/variant]"."""

    config: ConfigFacts
    document: bytes | None
    platforms: tuple[str, ...]
    annotations: str


def of(repository_id: int, manifest: Manifest) -> Facts:
    """Facts of a manifest about to be pushed; its config, if already linked, is read from the blob store."""
    document = _document(repository_id, manifest.config)
    config = parse_config(document or b"")
    return Facts(config, document, tuple(_platforms(manifest, config)), ascii_json(manifest.annotations))


def _document(repository_id: int, descriptor: Descriptor | None) -> bytes | None:
    if descriptor is None or descriptor.size > MAX_CONFIG_BYTES or not descriptor.media_type.endswith("json"):
        return None
    found = sql.row(
        """
        SELECT b.storage_key, b.size FROM repository_blob link JOIN blob b ON b.id = link.blob_id
        WHERE link.repository_id = %s AND b.digest = %s AND b.size <= %s AND b.health = 'ok'
        """,
        [repository_id, descriptor.digest.raw, MAX_CONFIG_BYTES],
    )
    if found is None:
        return None
    try:
        with open_blob(found[0], size=found[1]) as stream:
            return stream.read(MAX_CONFIG_BYTES)
    except (BlobMissing, BlobDamaged):
        return None  # the push is refused for want of this blob, and the client sends it again


def _platforms(manifest: Manifest, config: ConfigFacts) -> Iterator[str]:
    if manifest.kind is Kind.INDEX:
        listed = [child.platform for child in manifest.children if child.platform]
        parts = [(platform.os, platform.architecture, platform.variant) for platform in listed]
    else:
        parts = [(config.os, config.architecture, config.variant)]
    # Attestations in an index say unknown/unknown: they are no platform anybody can pull for.
    named = [part for part in parts if part[0] not in ("", "unknown")]
    yield from dict.fromkeys("/".join(filter(None, part)) for part in named)


def write(artifact_id: int, repository_id: int, manifest: Manifest, known: Facts) -> None:
    """Layer and accessory rows of a new artifact, in its transaction."""
    _write_layers(artifact_id, list(_layers(manifest.layers, known.config.history)))
    if manifest.subject is not None:
        note_accessory(artifact_id, repository_id, manifest.subject.digest, kind=manifest.accessory_kind)


@dataclass(frozen=True, slots=True)
class _Layer:
    descriptor: Descriptor | None
    command: str
    comment: str
    created: datetime | None


def _layers(layers: tuple[Descriptor, ...], history: tuple[HistoryEntry, ...]) -> Iterator[_Layer]:
    """History lines beside the layers they made; layers beyond the history stand alone, as do those of other artifacts."""
    remaining = iter(layers)
    for entry in history:
        layer = None if entry.empty_layer else next(remaining, None)
        yield _Layer(layer, entry.created_by, entry.comment, entry.created)
    for layer in remaining:
        yield _Layer(layer, "", "", None)


def _write_layers(artifact_id: int, rows: list[_Layer]) -> None:
    if not rows:
        return
    sql.execute(
        """
        INSERT INTO artifact_layer (artifact_id, position, digest, size, media_type, command, comment, created_at, is_empty)
        SELECT %(artifact)s::bigint, position - 1, digest, size, media_type, command, comment, created_at, digest IS NULL
        FROM unnest(%(digests)s::bytea[], %(sizes)s::bigint[], %(types)s::text[], %(commands)s::text[], %(comments)s::text[],
                    %(created)s::timestamptz[]) WITH ORDINALITY
          AS layer (digest, size, media_type, command, comment, created_at, position)
        """,
        {
            "artifact": artifact_id,
            "digests": [row.descriptor.digest.raw if row.descriptor else None for row in rows],
            "sizes": [row.descriptor.size if row.descriptor else 0 for row in rows],
            "types": [row.descriptor.media_type if row.descriptor else "" for row in rows],
            "commands": [row.command for row in rows],
            "comments": [row.comment for row in rows],
            "created": [row.created for row in rows],
        },
    )


def note_accessory(artifact_id: int, repository_id: int, subject: Digest, *, kind: str) -> None:
    """Record that the artifact belongs to `subject`, present or not."""
    sql.execute(
        """
        INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind) VALUES (%s, %s, %s, %s)
        ON CONFLICT (artifact_id, subject_digest) DO NOTHING
        """,
        [artifact_id, repository_id, subject.raw, kind],
    )
