"""What belongs to a page of artifacts, for all of them at once: tags, parts of an index, accessories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from artifacts.models import Artifact
from core.oci.digest import Digest
from database import sql
from database.arrays import array

# Of one artifact: a list is no place for a hundred thousand tags. Those have pages of their own.
MOST = 1000


@dataclass(frozen=True, slots=True)
class ShownTag:
    """`immutable`: made so by hand; rules are another matter."""

    id: int
    repository_id: int
    artifact_id: int
    name: str
    pushed_at: datetime
    pulled_at: datetime | None
    immutable: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What an index lists; `child_id` is None while the manifest is not there."""

    parent_id: int
    child_id: int | None
    digest: Digest
    os: str
    architecture: str
    variant: str


@dataclass(frozen=True, slots=True)
class Accessory:
    """`subject_id`: the artifact it belongs to. `size` in bytes."""

    subject_id: int
    subject: Digest
    artifact_id: int
    digest: Digest
    kind: str
    size: int
    created_at: datetime


_TAGS = f"""
    SELECT tag.id, tag.repository_id, tag.artifact_id, tag.name, tag.pushed_at, tag.last_pull_at, tag.immutable
    FROM unnest(%s::bigint[]) AS page(id) CROSS JOIN LATERAL (
      SELECT * FROM tag WHERE tag.artifact_id = page.id ORDER BY tag.pushed_at DESC, tag.id DESC LIMIT {MOST}) tag
    ORDER BY tag.pushed_at DESC, tag.id DESC
"""
_PARTS = f"""
    SELECT part.parent_id, part.child_id, part.child_digest, part.os, part.architecture, part.variant
    FROM unnest(%s::bigint[]) AS page(id) CROSS JOIN LATERAL (
      SELECT * FROM artifact_child part WHERE part.parent_id = page.id ORDER BY part.child_digest LIMIT {MOST}) part
"""
ACCESSORIES = """
    SELECT page.id AS subject_id, said.subject_digest, found.id AS artifact_id, found.digest, said.kind, found.total_size,
      found.pushed_at
    FROM artifact_accessory said JOIN artifact found ON found.id = said.artifact_id
    WHERE said.repository_id = page.repository_id AND said.subject_digest = page.digest
"""
_ACCESSORIES = f"""
    SELECT said.* FROM artifact page CROSS JOIN LATERAL ({ACCESSORIES} ORDER BY found.pushed_at, found.id LIMIT {MOST}) said
    WHERE page.id = ANY(%s::bigint[])
"""


def tags_of(artifacts: Sequence[Artifact]) -> dict[int, list[ShownTag]]:
    """By artifact, the newest first; one query."""
    found: dict[int, list[ShownTag]] = {}
    for row in sql.rows(_TAGS, [_ids(artifacts)]):
        found.setdefault(row[2], []).append(ShownTag(*row))
    return found


def parts_of(artifacts: Sequence[Artifact]) -> dict[int, dict[Digest, Part]]:
    """By index, then by digest; one query."""
    found: dict[int, dict[Digest, Part]] = {}
    for parent_id, child_id, raw, *platform in sql.rows(_PARTS, [_ids(artifacts)]):
        digest = Digest.from_bytes(bytes(raw))
        found.setdefault(parent_id, {})[digest] = Part(parent_id, child_id, digest, *platform)
    return found


def accessories_of(artifacts: Sequence[Artifact]) -> dict[int, list[Accessory]]:
    """By the artifact they belong to, the oldest first; one query."""
    found: dict[int, list[Accessory]] = {}
    for row in sql.rows(_ACCESSORIES, [_ids(artifacts)]):
        found.setdefault(row[0], []).append(accessory(row))
    return found


def accessory(row: sql.Row) -> Accessory:
    """Of a row of `ACCESSORIES`."""
    subject_id, subject, artifact_id, digest, kind, size, at = row
    return Accessory(
        subject_id,
        Digest.from_bytes(bytes(subject)),
        artifact_id,
        Digest.from_bytes(bytes(digest)),
        kind,
        size,
        at,
    )


def _ids(artifacts: Iterable[Artifact]) -> str:
    return array(artifact.pk for artifact in artifacts)
