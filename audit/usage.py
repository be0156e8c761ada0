"""What the log of pulls adds up to: pulls by day for whoever shows them, and what was pulled for the statistics above.

Both are written in the transaction that ships the lines. The layer above takes what was pulled with `take`, in the transaction
that adds it to its own rows: each pull is counted once there as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from database import sql

_TAKE = """
    DELETE FROM audit_pulled WHERE id IN (SELECT id FROM audit_pulled ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING repository_id, digest, tag, pulls, last_at
"""
_BY_DAY = """
    SELECT day, sum(pulls)::bigint FROM audit_usage
    WHERE repository_id = %s AND day >= %s GROUP BY day ORDER BY day
"""
_BY_DAY_AND_TAG = """
    WITH used AS MATERIALIZED (
      SELECT tag, day, pulls FROM audit_usage WHERE repository_id = %(repository)s::bigint AND day >= %(since)s::date)
    (SELECT day, '', sum(pulls)::bigint FROM used GROUP BY day ORDER BY day)
    UNION ALL
    (SELECT NULL, tag, sum(pulls)::bigint AS pulls FROM used GROUP BY tag ORDER BY pulls DESC, tag LIMIT %(most)s::int)
"""


@dataclass(frozen=True, slots=True)
class Pulled:
    """So many pulls of a manifest, by `tag` or ("") by its digest, the last of them at `last_at`."""

    repository_id: int
    digest: bytes
    tag: str
    pulls: int
    last_at: datetime


def take(most: int) -> list[Pulled]:
    """What was pulled and is not yet in the statistics. It is consumed when the caller's transaction commits."""
    return [
        Pulled(repository_id, bytes(digest), tag, pulls, last_at)
        for repository_id, digest, tag, pulls, last_at in sql.rows(_TAKE, [most])
    ]


def by_day(repository_id: int, since: date) -> list[tuple[date, int]]:
    """Pulls of a repository on each day (UTC) that had one."""
    return [(day, pulls) for day, pulls in sql.rows(_BY_DAY, [repository_id, since])]


def by_day_and_tag(
    repository_id: int, since: date, most: int
) -> tuple[list[tuple[date, int]], list[tuple[str, int]]]:
    """Pulls of a repository on each day (UTC) that had one, and by tag ("" by digest) the `most` pulled ones (one query)."""
    found = sql.rows(_BY_DAY_AND_TAG, {"repository": repository_id, "since": since, "most": most})
    days = [(day, pulls) for day, _tag, pulls in found if day is not None]
    return days, [(tag, pulls) for day, tag, pulls in found if day is None]
