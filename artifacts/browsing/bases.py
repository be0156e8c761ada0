"""What an image says it was built upon, where that is here and its reader may see it."""

from __future__ import annotations

from typing import Final

from access.principal import Principal
from access.reach import REPOSITORY_CONDITION, reach
from access.table import P
from core.errors import InvalidInput
from core.oci.digest import Digest
from core.oci.names import RepositoryName
from core.oci.reference import Tag
from database import sql

_MOST_LAYERS: Final = 128
_MOST_PLATFORMS: Final = 50
# What was built upon, and what the name means by now: the artifact itself, or each part of an index.
_LAYERS: Final = f"""
    SELECT ARRAY(SELECT l.digest FROM artifact_layer l WHERE l.artifact_id = base.id AND NOT l.is_empty
      ORDER BY l.position LIMIT {_MOST_LAYERS + 1})
    FROM repository r JOIN project p ON p.id = r.project_id AND p.deleted_at IS NULL
    CROSS JOIN LATERAL (SELECT a.id FROM artifact a WHERE a.repository_id = r.id AND a.digest = %(digest)s::bytea
      UNION SELECT t.artifact_id FROM tag t WHERE t.repository_id = r.id AND t.name = %(tag)s::text) a
    CROSS JOIN LATERAL (SELECT a.id UNION ALL (SELECT part.child_id FROM artifact_child part
      WHERE part.parent_id = a.id AND part.child_id IS NOT NULL LIMIT {_MOST_PLATFORMS})) base
    WHERE r.name = %(name)s AND r.deleted_at IS NULL AND r.visible_at IS NOT NULL AND {REPOSITORY_CONDITION}
"""


def layers_of(actor: Principal, name: str, digest: str) -> list[list[Digest]]:
    """The layers of the image "team/base:1.2", of each of its platforms; nothing where it is not here, or not for this reader
    (one query). `digest`: what the name meant when it was built upon, "" where nobody says it.
    """
    path, _colon, tag = name.partition("@")[0].partition(":")
    try:
        wanted = {
            "name": str(RepositoryName.parse(path)),
            "tag": Tag.parse(tag or "latest").value,
            "digest": Digest.parse(digest).raw if digest else None,
        }
    except InvalidInput:
        return []
    found = sql.rows(_LAYERS, reach(actor, P.ARTIFACT_READ).parameters | wanted)
    return [[Digest.from_bytes(bytes(raw)) for raw in digests] for (digests,) in found if digests]
