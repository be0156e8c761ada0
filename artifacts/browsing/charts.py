"""The documents inside of a Helm chart, read from its layer."""

from __future__ import annotations

from typing import Final

from artifacts.places import Located
from artifacts.storage import open_blob
from core.errors import StorageFailed
from core.oci import chart
from database import sql

_LAYER: Final = """
    SELECT b.storage_key, b.size FROM artifact_layer l JOIN blob b ON b.digest = l.digest
    JOIN repository_blob link ON link.blob_id = b.id AND link.repository_id = %(repository)s::bigint
    WHERE l.artifact_id = %(artifact)s::bigint AND starts_with(l.media_type, %(content)s)
      AND b.size <= %(most)s AND b.health = 'ok'
    ORDER BY l.position LIMIT 1
"""


def documents(place: Located, artifact_id: int) -> dict[str, str]:
    """By the names of core.oci.chart.NAMES, for who may look at the repository (one query, one blob of a few MiB at most).

    Nothing where the chart is too large to look into, or its storage cannot be read now.
    """
    asked = {"repository": place.repository_id, "artifact": artifact_id}
    found = sql.row(_LAYER, asked | {"content": chart.CONTENT, "most": chart.MOST_PACKED})
    if found is None:
        return {}
    storage_key, size = found
    try:
        with open_blob(storage_key, size=size) as stream:
            return chart.documents(stream.read(size))
    except (StorageFailed, OSError):
        return {}
