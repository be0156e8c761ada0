"""The documents of an artifact: its manifest as it was pushed, and its config where that is small JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from artifacts import tags
from artifacts.places import Located
from core.oci.digest import Digest
from database import sql

_DESCRIBED: Final = """
    SELECT a.config, a.config_type, a.author, a.annotations FROM artifact a
    WHERE a.repository_id = %s AND a.digest = %s
"""


@dataclass(frozen=True, slots=True)
class Described:
    """`config`: the document, None where it is large or no JSON; `annotations`: JSON text."""

    config: bytes | None
    config_type: str
    author: str
    annotations: str


def described(place: Located, digest: Digest) -> Described:
    """What an artifact says of itself, for who may look at its repository (one query). Raises ManifestUnknown."""
    found = sql.row(_DESCRIBED, [place.repository_id, digest.raw])
    if found is None:
        raise tags.missing(place.target, str(digest))
    config, *rest = found
    return Described(None if config is None else bytes(config), *rest)
