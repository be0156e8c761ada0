"""The job that forgets old runs, a batch at a time: those of the last days stay, and of each kind at least the latest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from database import sql
from jobs import kinds
from jobs.progress import Progress

KEEP_DAYS: Final = 30
KEEP_LATEST: Final = 100
BATCH: Final = 1_000

_FINISHED = "state IN ('succeeded', 'partial', 'failed', 'stopped')"
# The id below which a run is older than the `keep` latest of its kind, found by the index on (kind, created_at).
_OLD = f"""
    DELETE FROM job_run WHERE id IN (
      SELECT id FROM job_run WHERE kind = %(kind)s AND {_FINISHED} AND finished_at < now() - make_interval(days => %(days)s)
        AND created_at < (
          SELECT created_at FROM job_run WHERE kind = %(kind)s ORDER BY created_at DESC, id DESC OFFSET %(latest)s LIMIT 1)
      ORDER BY created_at, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
"""
_MANY = f"""
    DELETE FROM job_run WHERE id IN (
      SELECT id FROM job_run WHERE kind = %(kind)s AND state = 'succeeded' AND created_at < (
        SELECT created_at FROM job_run WHERE kind = %(kind)s AND state = 'succeeded'
        ORDER BY created_at DESC, id DESC OFFSET %(latest)s LIMIT 1)
      ORDER BY created_at, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
"""


def clean(progress: Progress, *, days: int = KEEP_DAYS, latest: int = KEEP_LATEST) -> Mapping[str, Any]:
    """Remove runs that ended more than `days` ago, but of each kind not the `latest`; of kinds that say so also all but the
    latest `keep` that succeeded, whatever their age. Logs and items leave with their run."""
    names = [name for (name,) in sql.rows(_KINDS)]
    progress.phase("removing old runs", total=len(names))
    removed = 0
    for name in names:
        progress.current(name)
        removed += _all(progress, _OLD, {"kind": name, "days": days, "latest": latest - 1})
        keep = _keep(name)
        if keep < kinds.ALL:
            removed += _all(progress, _MANY, {"kind": name, "latest": max(keep - 1, 0)})
        progress.advance()
    sql.execute(_STRANDED, {"queues": [queue.name for queue in kinds.queues()]})
    sql.execute("DELETE FROM job_worker WHERE heartbeat_at < now() - interval '1 day'")
    return {"runs": removed}


# Nobody hands these out any more; a newer version's worker would have, within a day.
_STRANDED = """
    UPDATE job_run SET state = 'failed', finished_at = now(), retry_at = NULL, version = version + 1,
      error = 'no worker knows the queue of this job any more: it was made by another version of Wharf'
    WHERE state IN ('queued', 'retrying') AND created_at < now() - interval '1 day' AND NOT queue = ANY(%(queues)s::text[])
"""
# The few names among many rows, by skipping from one to the next in the index.
_KINDS = """
    WITH RECURSIVE name AS (
      (SELECT kind FROM job_run ORDER BY kind LIMIT 1)
      UNION ALL
      SELECT (SELECT kind FROM job_run WHERE kind > name.kind ORDER BY kind LIMIT 1) FROM name WHERE name.kind IS NOT NULL)
    SELECT kind FROM name WHERE kind IS NOT NULL
"""


def _keep(name: str) -> int:
    try:
        return kinds.kind(name).keep
    except kinds.KindUnknown:
        return kinds.ALL


def _all(progress: Progress, statement: str, facts: dict[str, Any]) -> int:
    removed = 0
    while gone := sql.execute(statement, facts):
        removed += gone
        progress.checkpoint()
    return removed
