"""The layers of an image, each with the line of its history, and how many other repositories somebody may see have it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from access.principal import Principal
from access.reach import REPOSITORY_CONDITION, reach
from access.table import P
from artifacts.places import Located
from core.oci.digest import Digest
from database import sql

MOST: Final = 1_000
"""So many lines are shown: no client builds an image of more than 127 layers."""
MOST_SHARED: Final = 1_000
# A base image is in more repositories than anybody wants counted, and of each somebody has to be asked whether he may see it.
_LOOKED_AT: Final = 2_000
# Layers that are asked about: so many a client builds.
_COUNTED: Final = 128

_ROWS: Final = f"""
    SELECT l.position, l.digest, l.size, l.media_type, l.command, l.comment, l.created_at, l.is_empty,
      CASE WHEN l.position = 0 THEN (SELECT a.annotations FROM artifact a WHERE a.id = l.artifact_id) END
    FROM artifact_layer l WHERE l.artifact_id = %s ORDER BY l.position LIMIT {MOST}
"""
# OFFSET 0: repository and project are looked up by their keys, whatever the planner believes of how many links there are.
_SHARED: Final = f"""
    SELECT wanted.digest, seen.n, seen.n < {MOST_SHARED} AND links.n < {_LOOKED_AT}
    FROM (SELECT DISTINCT l.digest FROM artifact_layer l
      WHERE l.artifact_id = %(artifact)s::bigint AND NOT l.is_empty AND l.position < {MOST} LIMIT {_COUNTED}) wanted
    JOIN blob b ON b.digest = wanted.digest
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
      SELECT FROM repository_blob link WHERE link.blob_id = b.id LIMIT {_LOOKED_AT}) counted) links
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
      SELECT FROM (SELECT link.repository_id FROM repository_blob link WHERE link.blob_id = b.id
        LIMIT {_LOOKED_AT} OFFSET 0) link
      CROSS JOIN LATERAL (SELECT r.id, r.name, r.project_id FROM repository r WHERE r.id = link.repository_id
        AND r.deleted_at IS NULL AND r.visible_at IS NOT NULL OFFSET 0) r
      CROSS JOIN LATERAL (SELECT p.id, p.public FROM project p WHERE p.id = r.project_id AND p.deleted_at IS NULL OFFSET 0) p
      WHERE link.repository_id <> %(repository)s::bigint AND {REPOSITORY_CONDITION} LIMIT {MOST_SHARED}) counted) seen
"""


@dataclass(frozen=True, slots=True)
class Shared:
    """`repositories`: other ones the reader may see, at least so many where not `is_all`."""

    repositories: int
    is_all: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """A line: `digest` is None and `size` (bytes) 0 where it made no layer; `shared` is None where nobody counted."""

    position: int
    digest: Digest | None
    size: int
    media_type: str
    command: str
    comment: str
    created_at: datetime | None
    is_empty: bool
    shared: Shared | None


@dataclass(frozen=True, slots=True)
class Layers:
    """`annotations`: those of the manifest, JSON text."""

    lines: tuple[Layer, ...]
    annotations: str


NONE: Final = Layers((), "{}")


def layers(actor: Principal, place: Located, artifact_id: int) -> Layers:
    """The first line first, of an artifact of the repository, for who may look at it (two queries)."""
    rows = sql.rows(_ROWS, [artifact_id])
    if not rows:
        return NONE
    values = {"artifact": artifact_id, "repository": place.repository_id}
    found = sql.rows(_SHARED, reach(actor, P.ARTIFACT_LIST).parameters | values)
    shared = {bytes(raw): Shared(number, is_all) for raw, number, is_all in found}
    return Layers(tuple(_layer(row, shared) for row in rows), rows[0][-1] or "{}")


def _layer(row: sql.Row, shared: dict[bytes, Shared]) -> Layer:
    position, raw, size, media_type, command, comment, created_at, is_empty, _annotations = row
    return Layer(
        position=position,
        digest=None if raw is None else Digest.from_bytes(bytes(raw)),
        size=size,
        media_type=media_type,
        command=command,
        comment=comment,
        created_at=created_at,
        is_empty=is_empty,
        shared=None if raw is None else shared.get(bytes(raw)),
    )


def common(one: Sequence[Layer], other: Sequence[Digest]) -> int:
    """How many layers `one` has from the bottom on as `other` has them; all of `other`, or none: then it is no base."""
    own = [layer.digest for layer in one if layer.digest is not None]
    return len(other) if other and own[: len(other)] == list(other) else 0
