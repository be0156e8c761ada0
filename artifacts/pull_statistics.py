"""Pulls in the statistics: what the audit log has counted is added to repositories, artifacts and tags.

Decision record 0014. Rows are locked in the order of the lock table: repository, artifact, tag.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from artifacts import project_figures
from audit import usage
from audit.usage import Pulled
from database import sql
from database.arrays import array

BATCH = 1000
AGED = 2000

# Repositories, artifacts and tags that are gone meanwhile have no statistics; being deleted now, they are waited for.
_REPOSITORIES = """
    WITH given AS (
      SELECT id, sum(pulls) AS pulls, max(last_at) AS last_at
      FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS pulled (id, pulls, last_at) GROUP BY id
    ), held AS MATERIALIZED (
      SELECT id FROM repository WHERE id IN (SELECT id FROM given) ORDER BY id FOR KEY SHARE
    )
    INSERT INTO repository_stats (repository_id, pulls_total, last_pull_at)
    SELECT id, pulls, last_at FROM given JOIN held USING (id) ORDER BY id
    ON CONFLICT (repository_id) DO UPDATE SET pulls_total = repository_stats.pulls_total + EXCLUDED.pulls_total,
      last_pull_at = greatest(repository_stats.last_pull_at, EXCLUDED.last_pull_at)
"""
_ARTIFACTS = """
    WITH given AS (
      SELECT repository_id, digest, sum(pulls) AS pulls, max(last_at) AS last_at
      FROM unnest(%s::bigint[], %s::bytea[], %s::bigint[], %s::timestamptz[])
        AS pulled (repository_id, digest, pulls, last_at) GROUP BY repository_id, digest
    ), held AS MATERIALIZED (
      SELECT a.id, repository_id, digest FROM artifact a
      WHERE (repository_id, digest) IN (SELECT repository_id, digest FROM given) ORDER BY a.id FOR KEY SHARE
    )
    INSERT INTO artifact_usage (artifact_id, pulls_total, last_pull_at)
    SELECT id, pulls, last_at FROM given JOIN held USING (repository_id, digest) ORDER BY id
    ON CONFLICT (artifact_id) DO UPDATE SET pulls_total = artifact_usage.pulls_total + EXCLUDED.pulls_total,
      last_pull_at = greatest(artifact_usage.last_pull_at, EXCLUDED.last_pull_at)
"""
_LAST_30_DAYS = """
    (SELECT coalesce(sum(pulls), 0) FROM audit_usage u
     WHERE u.repository_id = tag.repository_id AND u.tag = tag.name AND day > (now() AT TIME ZONE 'UTC')::date - 30)
"""
_TAGS = f"""
    WITH given AS (
      SELECT repository_id, name, max(last_at) AS last_at
      FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS pulled (repository_id, name, last_at)
      WHERE name <> '' GROUP BY repository_id, name
    ), held AS MATERIALIZED (
      SELECT t.id, given.last_at FROM tag t JOIN given ON given.repository_id = t.repository_id AND given.name = t.name
      ORDER BY t.repository_id, t.name FOR NO KEY UPDATE OF t
    )
    UPDATE tag SET last_pull_at = greatest(tag.last_pull_at, held.last_at), pulls_30d = {_LAST_30_DAYS}
    FROM held WHERE tag.id = held.id
"""
_AGE = f"""
    WITH held AS MATERIALIZED (
      SELECT id FROM tag WHERE id > %s AND pulls_30d > 0 ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
    ), aged AS (
      UPDATE tag SET pulls_30d = {_LAST_30_DAYS} FROM held
      WHERE tag.id = held.id AND pulls_30d <> {_LAST_30_DAYS}
    )
    SELECT max(id) FROM held
"""
# A trigger notes every change of a tag as a reason to recount its repository; that of a count is none.
_QUIETLY = "SELECT set_config('wharf.counting', 'on', true)"


def fold() -> int:
    """Add what was pulled since the last time; returns how many rows of pulls that were."""
    folded = 0
    while count := _fold_batch():
        folded += count
    return folded


def age() -> None:
    """Take what is older than 30 days out of the tags' counts. A tag that is being pushed has its turn another day."""
    last: int | None = 0
    while last is not None:
        with transaction.atomic():
            sql.execute(_QUIETLY)
            last = sql.value(_AGE, [last, AGED])


def _fold_batch() -> int:
    with transaction.atomic():
        # As the fold of changes, of which it is a part: one at a time.
        if not sql.value("SELECT pg_try_advisory_xact_lock(hashtext('wharf.statistics.fold'))"):
            return 0
        pulled = usage.take(BATCH)
        if pulled:
            _add(pulled)
        return len(pulled)


def _add(pulled: Iterable[Pulled]) -> None:
    given = list(pulled)
    repositories = array(each.repository_id for each in given)
    pulls, last_at = array(each.pulls for each in given), array(each.last_at for each in given)
    sql.execute(_QUIETLY)
    sql.execute(_REPOSITORIES, [repositories, pulls, last_at])
    sql.execute(_ARTIFACTS, [repositories, array(each.digest for each in given), pulls, last_at])
    sql.execute(_TAGS, [repositories, array(each.tag for each in given), last_at])
    project_figures.fold({each.repository_id for each in given})
