"""Which artifacts stand in lists, and how many: those that are something by themselves.

An accessory stands with its subject, a manifest without a tag with the index it is part of. What says something of a subject
that is not in the repository stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from artifacts.models import Repository
from database import sql
from database.arrays import array

# OFFSET 0: each is asked for one artifact by its key. Else a planner may read all tags of all repositories to look in them.
IS_LISTED = """(
    NOT EXISTS (
      SELECT FROM artifact_accessory said WHERE said.artifact_id = artifact.id AND EXISTS (
        SELECT FROM artifact subject
        WHERE subject.repository_id = said.repository_id AND subject.digest = said.subject_digest OFFSET 0) OFFSET 0)
    AND (EXISTS (SELECT FROM tag WHERE tag.artifact_id = artifact.id OFFSET 0)
      OR NOT EXISTS (
        SELECT FROM artifact_child part
        WHERE part.repository_id = artifact.repository_id AND part.child_digest = artifact.digest OFFSET 0)))"""
"""As an SQL condition on a row of the table `artifact`."""

COUNT = f"""CASE
    WHEN stats.listed_count IS NULL OR EXISTS (SELECT FROM repository_change late WHERE late.repository_id = repository.id)
    THEN (SELECT count(*) FROM artifact WHERE artifact.repository_id = repository.id AND {IS_LISTED})
    ELSE stats.listed_count END"""
"""How many of a row of `repository`, with its statistics as `stats`.

The statistics are right unless a change waits to be folded into them; both are read in one statement, so the number always is.
"""

_COUNTS = f"""
    SELECT coalesce(sum({COUNT}), 0)::bigint FROM repository
    LEFT JOIN repository_stats stats ON stats.repository_id = repository.id WHERE repository.id
"""

# One row for each repository in which something changed since the last fold, none of them read that is of another project.
_IN_PROJECT = f"""
    SELECT (SELECT coalesce(sum(listed_count), 0) FROM repository_stats WHERE project_id = %(project)s)
      - (SELECT coalesce(sum(stats.listed_count), 0) FROM repository JOIN repository_stats stats
           ON stats.repository_id = repository.id
         WHERE repository.project_id = %(project)s AND repository.deleted_at IS NOT NULL)
      + (SELECT coalesce(sum(now_.count - now_.counted), 0)
         FROM (SELECT DISTINCT repository_id AS id FROM repository_change) late
         CROSS JOIN LATERAL (
           SELECT (SELECT count(*) FROM artifact WHERE artifact.repository_id = repository.id AND {IS_LISTED}) AS count,
             coalesce((SELECT listed_count FROM repository_stats WHERE repository_id = late.id), 0) AS counted
           FROM repository WHERE repository.id = late.id AND repository.project_id = %(project)s
             AND repository.deleted_at IS NULL OFFSET 0) now_)
"""
"""The sum of what was counted, without what is deleted, with what has changed since: as right as `COUNT` of each repository."""


def is_listed() -> RawSQL:
    """The condition, for `filter` on Artifact."""
    return RawSQL(IS_LISTED, (), output_field=BooleanField())  # noqa: S611 - a constant


def count(repository_ids: Iterable[int]) -> int:
    """How many artifacts of these repositories stand in lists; one query."""
    return int(sql.value(f"{_COUNTS} = ANY(%s::bigint[])", [array(repository_ids)]))


def count_in_project(project_id: int) -> int:
    """How many artifacts of all repositories of a project stand in lists; one query, which does not count them."""
    return int(sql.value(_IN_PROJECT, {"project": project_id}))


def count_in(repositories: QuerySet[Repository]) -> int:
    """How many artifacts of all these repositories stand in lists; one query, whatever their number."""
    ids, values = repositories.order_by().values("pk").query.sql_with_params()
    return int(sql.value(f"{_COUNTS} IN ({ids})", values))
