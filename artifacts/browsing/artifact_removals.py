"""What would happen if some artifacts were deleted: with which tags, which have to stay, how much becomes free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import immutability
from artifacts.browsing.removals import MOST
from artifacts.places import Located
from core.oci.digest import Digest
from database import sql
from database.arrays import array

SHOWN: Final = 5

# Immutable are tags by hand or by a rule, but for those of signatures (as artifacts.manifests.delete decides).
_WANTED: Final = f"""
    SELECT a.digest, a.kind = 'index', a.total_size,
      ARRAY(SELECT t.name FROM tag t WHERE t.artifact_id = a.id ORDER BY t.version_key DESC, t.id LIMIT {SHOWN + 1}),
      (SELECT t.name FROM tag t WHERE t.artifact_id = a.id AND {immutability.IS_FIXED}
        AND t.name !~ '{immutability.SIGNATURES}' ORDER BY t.name LIMIT 1),
      ARRAY(SELECT parent.digest FROM artifact_child part JOIN artifact parent ON parent.id = part.parent_id
        WHERE part.repository_id = a.repository_id AND part.child_digest = a.digest LIMIT {MOST + 1})
    FROM artifact a WHERE a.repository_id = %(repository)s::bigint AND a.digest = ANY(%(digests)s::bytea[])
    ORDER BY a.pushed_at DESC, a.id
"""
_FREED: Final = """
    WITH going AS MATERIALIZED (SELECT a.id FROM artifact a
      WHERE a.repository_id = %(repository)s::bigint AND a.digest = ANY(%(digests)s::bytea[]))
    SELECT coalesce(sum(blob.size), 0)::bigint FROM blob
    WHERE blob.id IN (SELECT used.blob_id FROM artifact_blob used JOIN going ON going.id = used.artifact_id)
      AND NOT EXISTS (SELECT FROM artifact_blob kept WHERE kept.repository_id = %(repository)s::bigint
        AND kept.blob_id = blob.id AND kept.artifact_id NOT IN (SELECT id FROM going))
"""


@dataclass(frozen=True, slots=True)
class Leaving:
    """An artifact that somebody would delete. `tags`: those that go with it, the first SHOWN and one more; `fixed`: one that is
    immutable, "" for none; `index`: one that lists it and stays, None for none. For either of them it stays.
    """

    digest: Digest
    is_index: bool
    size: int
    tags: tuple[str, ...]
    fixed: str
    index: Digest | None

    @property
    def stays(self) -> bool:
        return bool(self.fixed or self.index)


@dataclass(frozen=True, slots=True)
class Removal:
    """`freed`: bytes that nothing else in the repository needs then."""

    artifacts: tuple[Leaving, ...]
    freed: int

    @property
    def going(self) -> tuple[Leaving, ...]:
        """Indexes first: what they list can go after them."""
        return tuple(
            sorted((each for each in self.artifacts if not each.stays), key=lambda each: not each.is_index)
        )

    @property
    def staying(self) -> tuple[Leaving, ...]:
        return tuple(each for each in self.artifacts if each.stays)


def removal(actor: Principal, place: Located, digests: Sequence[Digest]) -> Removal:
    """What deleting those of these artifacts that are there would do, for who may (three queries). Raises Denied."""
    require(actor, P.ARTIFACT_DELETE, place.target.project, repository=str(place.target.name))
    values = {"repository": place.repository_id, "digests": array(each.raw for each in digests[:MOST])}
    found = sql.rows(_WANTED, values)
    leaving = _leaving(found)
    going = array(each.digest.raw for each in leaving if not each.stays)
    return Removal(leaving, int(sql.value(_FREED, values | {"digests": going})))


def _leaving(found: Sequence[sql.Row]) -> tuple[Leaving, ...]:
    """What is listed by an index that stays, stays as well; and what is listed by that."""
    going = {
        bytes(raw): {bytes(each) for each in parents} for raw, *_more, fixed, parents in found if not fixed
    }
    while held := [raw for raw, parents in going.items() if not parents <= going.keys()]:
        for raw in held:
            del going[raw]
    return tuple(_one(row, going) for row in found)


def _one(row: sql.Row, going: dict[bytes, set[bytes]]) -> Leaving:
    raw, is_index, size, tags, fixed, parents = row
    staying = [bytes(each) for each in parents if bytes(each) not in going]
    index = Digest.from_bytes(min(staying)) if staying else None
    return Leaving(Digest.from_bytes(bytes(raw)), is_index, size, tuple(tags), fixed or "", index)
