"""What would happen if some tags were deleted: which may be, which share their artifact with others, how much becomes free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import immutability
from artifacts.places import Located
from core.oci.accessory import fallback_tag_subject
from core.oci.digest import Digest
from database import sql
from database.arrays import array

MOST: Final = 100
"""So many at once: each is an act of its own, with its event in the audit log."""
SHOWN: Final = 5

_TAGS: Final = f"""
    SELECT t.name, a.digest, {immutability.IS_FIXED},
      ARRAY(SELECT other.name FROM tag other WHERE other.artifact_id = a.id AND other.name <> ALL(%(names)s::text[])
        ORDER BY other.version_key DESC, other.id LIMIT {SHOWN})
    FROM tag t JOIN artifact a ON a.id = t.artifact_id
    WHERE t.repository_id = %(repository)s::bigint AND t.name = ANY(%(names)s::text[]) ORDER BY t.version_key DESC, t.id
"""
# Artifacts that no other tag names and no index holds; with an index go the parts that are in no other one and have no tag.
_FREED: Final = """
    WITH losing AS MATERIALIZED (
      SELECT DISTINCT t.artifact_id AS id FROM tag t
      WHERE t.repository_id = %(repository)s::bigint AND t.name = ANY(%(names)s::text[])
        AND NOT EXISTS (SELECT FROM tag other WHERE other.artifact_id = t.artifact_id AND other.name <> ALL(%(names)s::text[]))
        AND NOT EXISTS (SELECT FROM artifact_child part WHERE part.child_id = t.artifact_id)
    ), going AS MATERIALIZED (
      SELECT id FROM losing UNION
      SELECT part.child_id FROM losing JOIN artifact_child part ON part.parent_id = losing.id
      WHERE part.child_id IS NOT NULL AND NOT EXISTS (SELECT FROM tag t WHERE t.artifact_id = part.child_id)
        AND NOT EXISTS (SELECT FROM artifact_child again WHERE again.child_id = part.child_id
          AND again.parent_id NOT IN (SELECT id FROM losing))
    )
    SELECT (SELECT count(*) FROM losing), coalesce(sum(blob.size), 0)::bigint FROM blob
    WHERE blob.id IN (SELECT used.blob_id FROM artifact_blob used JOIN going ON going.id = used.artifact_id)
      AND NOT EXISTS (SELECT FROM artifact_blob kept
        WHERE kept.repository_id = %(repository)s::bigint AND kept.blob_id = blob.id
        AND kept.artifact_id NOT IN (SELECT id FROM going))
"""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag that somebody would delete. `others`: names that its artifact keeps, the first SHOWN."""

    name: str
    digest: Digest
    is_immutable: bool
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """`artifacts`: so many are left without a name; `freed`: bytes that nothing else in the repository needs then."""

    tags: tuple[Tagged, ...]
    artifacts: int
    freed: int

    @property
    def removable(self) -> tuple[Tagged, ...]:
        return tuple(tag for tag in self.tags if not tag.is_immutable)

    @property
    def blocked(self) -> tuple[Tagged, ...]:
        return tuple(tag for tag in self.tags if tag.is_immutable)


def removal(actor: Principal, place: Located, names: Sequence[str]) -> Removal:
    """What deleting those of these tags that are there would do, for who may delete them (three queries). Raises Denied."""
    require(actor, P.TAG_DELETE, place.target.project, repository=str(place.target.name))
    # What cannot be a name at all, PostgreSQL would not even read.
    wanted = array(name for name in names[:MOST] if "\0" not in name)
    values = {"repository": place.repository_id, "names": wanted}
    tags = _kept_named(tuple(_tagged(row) for row in sql.rows(_TAGS, values)))
    going = array(tag.name for tag in tags if not tag.is_immutable)
    artifacts, freed = sql.one(_FREED, values | {"names": going})
    return Removal(tags, artifacts, freed)


def _kept_named(tags: tuple[Tagged, ...]) -> tuple[Tagged, ...]:
    """What was selected and is immutable stays as well: a name that its artifact keeps."""
    staying = [tag for tag in tags if tag.is_immutable]
    return tuple(
        replace(
            tag,
            others=(
                *(each.name for each in staying if each.digest == tag.digest and each != tag),
                *tag.others,
            ),
        )
        for tag in tags
    )


def _tagged(row: sql.Row) -> Tagged:
    name, raw, is_fixed, others = row
    # Tags of signatures are exempt: artifacts.tags.delete decides so.
    is_immutable = is_fixed and fallback_tag_subject(name) is None
    return Tagged(name, Digest.from_bytes(bytes(raw)), is_immutable, tuple(others))


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes with an artifact: its `tags`, the first MOST; `fixed`: one of them is immutable, so that it stays."""

    tags: tuple[str, ...]
    fixed: bool


_NAMES: Final = f"""
    SELECT t.name, {immutability.IS_FIXED} FROM tag t JOIN artifact a ON a.id = t.artifact_id
    WHERE a.repository_id = %(repository)s::bigint AND a.digest = %(digest)s::bytea ORDER BY 2 DESC, t.name LIMIT {MOST}
"""


def loss(actor: Principal, place: Located, digest: Digest) -> Loss:
    """What deleting the artifact would take along, for who may delete it (two queries). Raises Denied."""
    require(actor, P.ARTIFACT_DELETE, place.target.project, repository=str(place.target.name))
    found = sql.rows(_NAMES, {"repository": place.repository_id, "digest": digest.raw})
    fixed = any(is_fixed and fallback_tag_subject(name) is None for name, is_fixed in found)
    return Loss(tuple(name for name, _is_fixed in found), fixed)
