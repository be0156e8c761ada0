"""What would happen if some repositories of a project were deleted: how much goes, and which hold what must stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from access.check import require
from access.principal import Principal, ProjectRef
from access.table import P
from artifacts import immutability
from artifacts.repositories import Target
from core.oci.names import RepositoryName
from database import sql
from database.arrays import array

MOST: Final = 100
"""So many at once: each is an act of its own, with its event in the audit log."""

_REPOSITORIES: Final = """
    SELECT r.id, r.name, coalesce(s.tag_count, 0), coalesce(s.artifact_count, 0), coalesce(s.compressed_bytes, 0)
    FROM repository r LEFT JOIN repository_stats s ON s.repository_id = r.id
    WHERE r.project_id = %(project)s::bigint AND r.name = ANY(%(names)s::text[])
      AND r.deleted_at IS NULL AND r.visible_at IS NOT NULL ORDER BY r.name
"""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A repository that somebody would delete, as last counted. `fixed`: some of its immutable tags, for which it stays."""

    target: Target
    tags: int
    artifacts: int
    size: int
    fixed: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.target.name)

    @property
    def path(self) -> str:
        return self.target.name.path


def removal(actor: Principal, project: ProjectRef, names: Sequence[str]) -> tuple[Leaving, ...]:
    """Those of these repositories that are there, for who may delete them (two queries). Raises Denied, ProjectUnknown."""
    require(actor, P.REPOSITORY_DELETE, project)
    # What cannot be a name at all, PostgreSQL would not even read.
    wanted = array(name for name in names[:MOST] if "\0" not in name)
    found = sql.rows(_REPOSITORIES, {"project": project.id, "names": wanted})
    fixed = immutability.some_fixed_of([row[0] for row in found])
    return tuple(
        Leaving(Target(RepositoryName.parse(name), project), tags, artifacts, size, tuple(fixed.get(id_, ())))
        for id_, name, tags, artifacts, size in found
    )
