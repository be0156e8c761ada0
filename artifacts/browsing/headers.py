"""What stands over every page of a repository: who may look at it, what it is and how much it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from access.check import permissions_of, require, unknown
from access.principal import Principal, ProjectRef
from access.table import P, Permissions
from artifacts.places import Located
from artifacts.repositories import Target
from core.errors import RepositoryUnknown
from core.oci.names import RepositoryName
from database import sql
from projects.models import UNLIMITED

MOST_COUNTED: Final = 10_000
# The statistics are right unless a change waits to be folded into them; both are read in one statement.
_TAGS: Final = f"""CASE
    WHEN s.repository_id IS NULL OR EXISTS (SELECT FROM repository_change late WHERE late.repository_id = r.id)
    THEN (SELECT count(*) FROM (SELECT FROM tag WHERE tag.repository_id = r.id LIMIT {MOST_COUNTED + 1}) counted)
    ELSE s.tag_count END"""
_HEADER: Final = f"""
    SELECT p.id, p.name, p.public, r.id, r.description, r.created_at, {_TAGS}, s.artifact_count, s.compressed_bytes,
      s.unique_bytes, s.pulls_total, s.last_push_at, s.last_push_by, quota.used, quota.hard_limit
    FROM project p
    LEFT JOIN repository r ON r.project_id = p.id AND r.name = %(repository)s
      AND r.deleted_at IS NULL AND r.visible_at IS NOT NULL
    LEFT JOIN repository_stats s ON s.repository_id = r.id LEFT JOIN quota ON quota.project_id = p.id
    WHERE p.name = %(project)s AND p.deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Header:
    """A repository for who may look at it; `given`: what he may do there. Sizes in bytes, `unique` None until it was counted.

    `used` and `limit` are those of the project's quota, None for who may not know; `limit` None for none, too.
    """

    place: Located
    given: Permissions
    description: str
    created_at: datetime
    tags: int
    artifacts: int
    size: int
    unique: int | None
    pulls: int
    last_push_at: datetime | None
    last_push_by: str
    used: int | None
    limit: int | None

    @property
    def name(self) -> str:
        return str(self.place.target.name)

    @property
    def path(self) -> str:
        return self.place.target.name.path

    @property
    def project(self) -> ProjectRef:
        return self.place.target.project


def header(actor: Principal, name: str, permission: P = P.TAG_LIST) -> Header:
    """The repository of that full name, for who holds `permission` in it (two queries, one for the anonymous).

    Raises NameInvalid; ProjectUnknown alike for a project that does not exist and a hidden one; Denied; RepositoryUnknown.
    """
    parsed = RepositoryName.parse(name)
    found = sql.row(_HEADER, {"project": parsed.project, "repository": str(parsed)})
    if found is None:
        raise unknown(parsed.project)
    project = ProjectRef(*found[:3])
    given = permissions_of(actor, project, repository=str(parsed))
    if permission not in given:
        require(actor, permission, project, repository=str(parsed))
    if found[3] is None:
        raise RepositoryUnknown(f"no repository '{parsed}'", repository=str(parsed))
    place = Located(Target(parsed, project), found[3])
    may_see_space = P.QUOTA_READ in given
    description, created_at, tags, artifacts, size, unique, pulls, pushed_at, pushed_by, used, limit = found[
        4:
    ]
    return Header(
        place=place,
        given=given,
        description=description,
        created_at=created_at,
        tags=tags,
        artifacts=artifacts or 0,
        size=size or 0,
        unique=unique,
        pulls=pulls or 0,
        last_push_at=pushed_at,
        last_push_by=pushed_by or "",
        used=used if may_see_space else None,
        limit=None if limit == UNLIMITED or not may_see_space else limit,
    )
