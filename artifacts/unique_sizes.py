"""How much of a repository nothing else in its project needs: counted anew each night, as a push to any other may change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import transaction

from database import sql

_PROJECTS: Final = """
    SELECT id FROM project WHERE deleted_at IS NULL AND id > %s ORDER BY id LIMIT 500
"""
# A blob of one repository alone has as its least and its greatest repository the same.
_COUNT: Final = """
    WITH used AS MATERIALIZED (
      SELECT held.blob_id, min(held.repository_id) AS repository_id FROM repository r
      JOIN artifact_blob held ON held.repository_id = r.id
      WHERE r.project_id = %(project)s::bigint AND r.deleted_at IS NULL
      GROUP BY held.blob_id HAVING min(held.repository_id) = max(held.repository_id)
    ), sums AS MATERIALIZED (
      SELECT used.repository_id, sum(blob.size)::bigint AS bytes FROM used JOIN blob ON blob.id = used.blob_id
      GROUP BY used.repository_id
    )
    UPDATE repository_stats stats SET unique_bytes = coalesce(sums.bytes, 0)
    FROM repository r LEFT JOIN sums ON sums.repository_id = r.id
    WHERE stats.repository_id = r.id AND stats.project_id = %(project)s::bigint AND r.project_id = %(project)s::bigint
      AND r.deleted_at IS NULL AND stats.unique_bytes IS DISTINCT FROM coalesce(sums.bytes, 0)
"""


def count(advance: Callable[[], None] = lambda: None) -> int:
    """Count those of every project, each in a transaction of its own; how many projects. `advance` is called after each."""
    done, last = 0, 0
    while batch := [id_ for (id_,) in sql.rows(_PROJECTS, [last])]:
        for project_id in batch:
            count_project(project_id)
            done += 1
            advance()
        last = batch[-1]
    return done


def count_project(project_id: int) -> None:
    """Those of one."""
    with transaction.atomic():
        # A large project takes longer than a page may.
        sql.value("SELECT set_config('statement_timeout', '30min', true)")
        sql.execute(_COUNT, {"project": project_id})
