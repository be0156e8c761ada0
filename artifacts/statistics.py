"""The statistics fold: repository_change rows, written by triggers, become one repository_stats row each; pulls are added."""

from __future__ import annotations

from django.db import transaction

from artifacts import project_figures, pull_statistics
from artifacts.browsing.listed import IS_LISTED
from database import sql

BATCH = 500

_FOLD = f"""
    INSERT INTO repository_stats (repository_id, tag_count, artifact_count, listed_count, logical_bytes, compressed_bytes,
                                  last_push_at, last_push_by, folded_at)
    SELECT r.id,
      (SELECT count(*) FROM tag WHERE repository_id = r.id),
      held.n, (SELECT count(*) FROM artifact WHERE repository_id = r.id AND {IS_LISTED}), held.bytes,
      (SELECT coalesce(sum(b.size), 0) FROM blob b
       WHERE b.id IN (SELECT used.blob_id FROM artifact_blob used WHERE used.repository_id = r.id)),
      latest.pushed_at, coalesce(latest.pushed_by, ''), now()
    FROM repository r
    CROSS JOIN LATERAL (
      SELECT count(*) AS n, coalesce(sum(total_size), 0) AS bytes FROM artifact WHERE repository_id = r.id) held
    LEFT JOIN LATERAL (SELECT pushed_at, pushed_by FROM (
        SELECT pushed_at, pushed_by FROM artifact WHERE repository_id = r.id
        UNION ALL SELECT pushed_at, pushed_by FROM tag WHERE repository_id = r.id) pushes
      ORDER BY pushed_at DESC LIMIT 1) latest ON true
    WHERE r.id = ANY(%s::bigint[])
    ON CONFLICT (repository_id) DO UPDATE SET tag_count = EXCLUDED.tag_count, artifact_count = EXCLUDED.artifact_count,
      listed_count = EXCLUDED.listed_count,
      logical_bytes = EXCLUDED.logical_bytes, compressed_bytes = EXCLUDED.compressed_bytes,
      last_push_at = coalesce(EXCLUDED.last_push_at, repository_stats.last_push_at),
      last_push_by = CASE WHEN EXCLUDED.last_push_at IS NULL THEN repository_stats.last_push_by ELSE EXCLUDED.last_push_by END,
      folded_at = now()
"""

# Today's line of the projects that changed: the last fold of a day leaves the day's figure, a quiet day has none.
_STORAGE = """
    INSERT INTO storage_daily (project_id, day, used)
    SELECT DISTINCT q.project_id, (now() AT TIME ZONE 'UTC')::date, q.used
    FROM repository r JOIN quota q ON q.project_id = r.project_id WHERE r.id = ANY(%s::bigint[])
    ON CONFLICT (project_id, day) DO UPDATE SET used = EXCLUDED.used WHERE storage_daily.used <> EXCLUDED.used
"""


def fold() -> int:
    """Fold what has changed since the last time; returns how many repositories were recounted.

    The change rows are consumed in the transaction that recounts, and only those read: what commits meanwhile is folded next.
    """
    folded = 0
    while (repositories := _fold_batch()) is not None:
        folded += repositories
    pull_statistics.fold()
    project_figures.fold_space()
    return folded


def _fold_batch() -> int | None:
    with transaction.atomic():
        # One fold at a time; a second beat finds nothing to do.
        if not sql.value("SELECT pg_try_advisory_xact_lock(hashtext('wharf.statistics.fold'))"):
            return None
        changes = sql.rows("SELECT id, repository_id FROM repository_change ORDER BY id LIMIT %s", [BATCH])
        if not changes:
            return None
        repositories = sorted({repository_id for _, repository_id in changes})
        sql.execute(_FOLD, [repositories])
        sql.execute(_STORAGE, [repositories])
        project_figures.fold(repositories)
        sql.execute(
            "DELETE FROM repository_change WHERE id = ANY(%s::bigint[])",
            [[change_id for change_id, _ in changes]],
        )
        return len(repositories)
