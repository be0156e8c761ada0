"""Which tags ever pointed at an artifact, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from artifacts.places import Located
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql

MOST: Final = 100
_NAMES: Final = 50
# Whatever once pointed there did so by an event that says so: the names first, then what took them away again.
_OF_DIGEST: Final = f"""
    WITH names AS MATERIALIZED (
      SELECT DISTINCT e.name FROM tag_event e
      WHERE e.repository_id = %(repository)s::bigint AND e.new_digest = %(digest)s::bytea LIMIT {_NAMES}
    )
    SELECT e.name, e.kind, e.old_digest, e.new_digest, e.at, e.actor_name FROM names
    CROSS JOIN LATERAL (SELECT * FROM tag_event e WHERE e.repository_id = %(repository)s::bigint AND e.name = names.name
      AND (e.new_digest = %(digest)s::bytea OR e.old_digest = %(digest)s::bytea) ORDER BY e.id DESC LIMIT {MOST}) e
    ORDER BY e.id DESC LIMIT {MOST + 1}
"""
_LAST: Final = """
    SELECT e.name, e.kind, e.old_digest, e.new_digest, e.at, e.actor_name, EXISTS (
      SELECT FROM artifact a WHERE a.repository_id = e.repository_id AND a.digest = e.old_digest)
    FROM tag_event e WHERE e.repository_id = %(repository)s::bigint AND e.name = %(name)s ORDER BY e.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A tag came, went or moved. `kind`: "create", "move" or "delete"; `old` and `new`: None for no such tag."""

    name: str
    kind: str
    old: Digest | None
    new: Digest | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Gone:
    """How a tag ended. `is_kept`: what it pointed at is still there, known by its digest."""

    change: Change
    is_kept: bool


def of_digest(place: Located, digest: Digest) -> list[Change]:
    """The newest first, up to MOST and one more (one query); for who may look at the repository."""
    values = {"repository": place.repository_id, "digest": digest.raw}
    return [_change(row) for row in sql.rows(_OF_DIGEST, values)]


def end_of(place: Located, tag: Tag) -> Gone | None:
    """How a tag that is not there ended; None for one that never was."""
    found = sql.row(_LAST, {"repository": place.repository_id, "name": tag.value})
    if found is None or found[1] != "delete":
        return None
    return Gone(_change(found[:6]), found[6])


def _change(row: sql.Row) -> Change:
    name, kind, old, new, at, by = row
    return Change(name, kind, _digest(old), _digest(new), at, by)


def _digest(raw: bytes | None) -> Digest | None:
    return None if raw is None else Digest.from_bytes(bytes(raw))
