"""The figures of projects, which are sums over their repositories: folded in the transactions that change those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from database import sql
from database.arrays import array

_FOLD: Final = """
    UPDATE project_contents held SET pulls_total = sums.pulls, last_push_at = sums.pushed FROM (
      SELECT changed.project_id, coalesce(sum(stats.pulls_total), 0)::bigint AS pulls, max(stats.last_push_at) AS pushed
      FROM (SELECT DISTINCT project_id FROM repository WHERE id = ANY(%s::bigint[])) changed
      LEFT JOIN (repository_stats stats JOIN repository shown ON shown.id = stats.repository_id AND shown.deleted_at IS NULL)
        ON stats.project_id = changed.project_id
      GROUP BY changed.project_id) sums
    WHERE held.project_id = sums.project_id AND (held.pulls_total, held.last_push_at) IS DISTINCT FROM (sums.pulls, sums.pushed)
"""
# Space is given back long after a repository has changed, so all of it is looked at: one short table beside another.
_SPACE: Final = """
    UPDATE project_contents held SET used = quota.used FROM quota
    WHERE quota.project_id = held.project_id AND held.used <> quota.used
"""


def fold(repository_ids: Iterable[int]) -> None:
    """Sum up the projects of these repositories, whose own figures the transaction has just written."""
    sql.execute(_FOLD, [array(repository_ids)])


def fold_space() -> None:
    """What each project uses at this moment."""
    sql.execute(_SPACE)
