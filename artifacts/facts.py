"""What pages show of an artifact, taken from its config once, when it is pushed: layers with history, platform, accessories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from artifacts.repositories import CURRENT, Target
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


def of(target: Target, manifest: Manifest) -> tuple[int | None, Facts]:
    """The current repository's id (None when there is none yet) and the facts of a manifest about to be pushed to it.

    The config, if already linked, is read from the blob store.
    """
    descriptor = _readable(manifest.config)
    found = sql.row(
        _CONFIG,
        target.key | {"digest": descriptor.digest.raw if descriptor else b"", "limit": MAX_CONFIG_BYTES},
    )
    document = None if found is None or found[1] is None else _read(found[1], found[2])
    config = parse_config(document or b"")
    known = Facts(config, document, tuple(_platforms(manifest, config)), ascii_json(manifest.annotations))
    return None if found is None else found[0], known


# OFFSET 0: the link is looked up by its key, whatever a planner without statistics thinks of reading them all.
_CONFIG = f"""
    SELECT r.id, config.storage_key, config.size FROM repository r LEFT JOIN LATERAL (
        SELECT b.storage_key, b.size FROM blob b
        WHERE b.digest = %(digest)s AND b.size <= %(limit)s AND b.health = 'ok' AND EXISTS (
            SELECT FROM repository_blob link WHERE link.repository_id = r.id AND link.blob_id = b.id OFFSET 0)
    ) config ON true WHERE {CURRENT}
"""


def _readable(config: Descriptor | None) -> Descriptor | None:
    """The config, if its facts can be read: small JSON."""
    if config is None or config.size > MAX_CONFIG_BYTES or not config.media_type.endswith("json"):
        return None
    return config


def _read(storage_key: str, size: int) -> bytes | None:
    try:
        with open_blob(storage_key, size=size) as stream:
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


@dataclass(frozen=True, slots=True)
class Layer:
    """A line of an image's history with the layer it made, if it made one."""

    descriptor: Descriptor | None
    command: str
    comment: str
    created: datetime | None


def layers_of(manifest: Manifest, known: Facts) -> list[Layer]:
    """The rows of a manifest's layer list, first layer first."""
    return list(_layers(manifest.layers, known.config.history))


def _layers(layers: tuple[Descriptor, ...], history: tuple[HistoryEntry, ...]) -> Iterator[Layer]:
    """History lines beside the layers they made; layers beyond the history stand alone, as do those of other artifacts."""
    remaining = iter(layers)
    for entry in history:
        layer = None if entry.empty_layer else next(remaining, None)
        yield Layer(layer, entry.created_by, entry.comment, entry.created)
    for layer in remaining:
        yield Layer(layer, "", "", None)


def note_accessory(artifact_id: int, repository_id: int, subject: Digest, *, kind: str) -> None:
    """Record that the artifact belongs to `subject`, present or not."""
    sql.execute(
        """
        INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind) VALUES (%s, %s, %s, %s)
        ON CONFLICT (artifact_id, subject_digest) DO NOTHING
        """,
        [artifact_id, repository_id, subject.raw, kind],
    )
