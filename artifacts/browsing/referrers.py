"""What says something of an artifact, and of that in turn: signatures, attestations, lists of parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from artifacts.places import Located
from core.oci.accessory import AccessoryKind
from core.oci.cosign import Signer, signer
from core.oci.digest import Digest
from database import sql
from database.arrays import array

MOST: Final = 200
DEEPEST: Final = 4
SMALL: Final = 32 * 1024
"""Bytes of a signature's manifest in which its signer is looked for: one with a certificate and its bundle has ten KiB."""
# Who says something of himself, or two of each other, is read to the deepest step and no further.
_TREE: Final = f"""
    WITH RECURSIVE tree (artifact_id, subject_digest, kind, depth) AS (
      (SELECT said.artifact_id, said.subject_digest, said.kind, 1 FROM artifact_accessory said
       WHERE said.repository_id = %(repository)s::bigint AND said.subject_digest = ANY(%(digests)s::bytea[]) LIMIT {MOST + 1})
      UNION ALL
      SELECT said.artifact_id, said.subject_digest, said.kind, tree.depth + 1
      FROM tree JOIN artifact a ON a.id = tree.artifact_id
      CROSS JOIN LATERAL (SELECT * FROM artifact_accessory said WHERE said.repository_id = %(repository)s::bigint
        AND said.subject_digest = a.digest LIMIT {MOST + 1}) said
      WHERE tree.depth < {DEEPEST}
    ), shown AS MATERIALIZED (SELECT * FROM tree LIMIT {MOST + 1})
    SELECT a.digest, shown.subject_digest, shown.kind, shown.depth, a.artifact_type, a.config_type, a.media_type, a.total_size,
      a.pushed_at, a.pushed_by, a.annotations,
      CASE WHEN shown.kind = '{AccessoryKind.COSIGN_SIGNATURE}' AND octet_length(a.payload) <= {SMALL} THEN a.payload END
    FROM shown JOIN artifact a ON a.id = shown.artifact_id ORDER BY shown.depth, a.pushed_at, a.id
"""


@dataclass(frozen=True, slots=True)
class Referrer:
    """`subject`: what it speaks of; `type`: the media type it goes by; `size` in bytes; `annotations`: JSON text.

    `signer`: whom the certificate of a cosign signature names, which nobody has checked; None for no such certificate.
    """

    digest: Digest
    subject: Digest
    kind: str
    depth: int
    type: str
    size: int
    pushed_at: datetime
    pushed_by: str
    annotations: str
    signer: Signer | None = None


def tree(place: Located, subjects: Sequence[Digest]) -> list[Referrer]:
    """Of any of the subjects, one step after the other, up to MOST and one more (one query)."""
    values = {"repository": place.repository_id, "digests": array(each.raw for each in subjects)}
    return [_referrer(row) for row in sql.rows(_TREE, values)]


def _referrer(row: sql.Row) -> Referrer:
    raw, subject, kind, depth, type_, config_type, media_type, size, at, by, annotations, signature = row
    return Referrer(
        digest=Digest.from_bytes(bytes(raw)),
        subject=Digest.from_bytes(bytes(subject)),
        kind=kind,
        depth=depth,
        type=type_ or config_type or media_type,
        size=size,
        pushed_at=at,
        pushed_by=by,
        annotations=annotations,
        signer=None if signature is None else signer(bytes(signature)),
    )
