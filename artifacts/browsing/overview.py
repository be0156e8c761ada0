"""What a project holds, in a few figures: how much, what takes the most room, how often it is pulled, who pushed last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from access.check import permissions_of, require
from access.principal import ActorKind, Principal, ProjectRef
from access.table import P, Permissions
from artifacts.browsing.shelves import BARS, NEVER
from database import sql
from projects.models import UNLIMITED

TOP: Final = 10
_SHOWN: Final = "r.deleted_at IS NULL AND r.visible_at IS NOT NULL"
# Deleted repositories are few, and found by an index; those that are there are many.
_FIGURES: Final = """
    SELECT coalesce(held.repository_count, 0), (SELECT count(*) FROM member WHERE member.project_id = p.id),
      sums.tags, sums.artifacts, coalesce(held.pulls_total, 0), owner.username, p.created_at, quota.used, quota.hard_limit,
      p.description, EXISTS (SELECT FROM project_pin pin WHERE pin.project_id = p.id AND pin.user_id = %s)
    FROM project p LEFT JOIN project_contents held ON held.project_id = p.id LEFT JOIN quota ON quota.project_id = p.id
    LEFT JOIN account_user owner ON owner.id = p.owner_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(tag_count), 0)::bigint AS tags, coalesce(sum(artifact_count), 0)::bigint AS artifacts
      FROM repository_stats s WHERE s.project_id = p.id AND s.repository_id <> ALL(ARRAY(
        SELECT gone.id FROM repository gone WHERE gone.deleted_at IS NOT NULL AND gone.project_id = p.id))) sums
    WHERE p.id = %s
"""
# The one that was pushed to last, then the largest ones.
_REPOSITORIES: Final = f"""
    (SELECT true AS is_last, r.name, s.compressed_bytes AS size, s.last_push_at, s.last_push_by FROM repository_stats s
    JOIN repository r ON r.id = s.repository_id AND {_SHOWN}
    WHERE s.project_id = %(project)s AND s.last_push_at IS NOT NULL
    ORDER BY coalesce(s.last_push_at, {NEVER}) DESC, s.repository_id DESC LIMIT 1)
    UNION ALL
    (SELECT false, r.name, s.compressed_bytes, s.last_push_at, s.last_push_by FROM repository_stats s
    JOIN repository r ON r.id = s.repository_id AND {_SHOWN}
    WHERE s.project_id = %(project)s ORDER BY s.compressed_bytes DESC, s.repository_id DESC LIMIT {TOP})
"""
_LATELY: Final = f"""
    WITH days AS MATERIALIZED (
      SELECT {BARS - 1} - ((now() AT TIME ZONE 'UTC')::date - used.day) / 3 AS bar, sum(used.pulls) AS pulls
      FROM audit_usage used
      WHERE used.project_id = %s AND used.day > (now() AT TIME ZONE 'UTC')::date - 30 GROUP BY 1)
    SELECT coalesce(days.pulls, 0)::bigint FROM generate_series(0, {BARS - 1}) each(bar) LEFT JOIN days USING (bar) ORDER BY bar
"""


@dataclass(frozen=True, slots=True)
class Sized:
    """A repository and its bytes. `path`: the name below the project's."""

    name: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class LastPush:
    name: str
    path: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Overview:
    """`pulls_lately`: of 30 days in BARS sums; `members` (rows, users and groups), `used` and `limit` None for who may not
    know; `limit` None for none, too. Sizes in bytes. `pinned`: by the reader.
    """

    given: Permissions
    repositories: int
    members: int | None
    tags: int
    artifacts: int
    pulls: int
    pulls_lately: tuple[int, ...]
    owner: str
    created_at: datetime
    description: str
    pinned: bool
    used: int | None
    limit: int | None
    largest: tuple[Sized, ...]
    last_push: LastPush | None


def overview(actor: Principal, project: ProjectRef) -> Overview:
    """Four queries. Raises ProjectUnknown, Denied."""
    given = permissions_of(actor, project)
    if P.PROJECT_READ not in given:
        require(actor, P.PROJECT_READ, project)
    user_id = actor.id if actor.kind is ActorKind.USER else 0
    repositories, members, tags, artifacts, pulls, owner, created_at, used, limit, description, pinned = (
        sql.one(_FIGURES, [user_id, project.id])
    )
    may_see_space = P.QUOTA_READ in given
    may_list = P.REPOSITORY_LIST in given
    found = sql.rows(_REPOSITORIES, {"project": project.id}) if may_list else []
    last = next(((name, at, by) for is_last, name, _size, at, by in found if is_last), None)
    largest = [(name, size) for is_last, name, size, _at, _by in found if not is_last]
    return Overview(
        given=given,
        repositories=repositories,
        members=members if P.MEMBER_LIST in given else None,
        tags=tags,
        artifacts=artifacts,
        pulls=pulls,
        pulls_lately=tuple(found for (found,) in sql.rows(_LATELY, [project.id])),
        owner=owner or "",
        created_at=created_at,
        description=description,
        pinned=pinned,
        used=used if may_see_space else None,
        limit=None if limit == UNLIMITED or not may_see_space else limit,
        largest=tuple(Sized(name, _path(name), size) for name, size in largest),
        last_push=LastPush(last[0], _path(last[0]), last[1], last[2]) if last else None,
    )


def _path(name: str) -> str:
    return name.partition("/")[2]
