"""Who started runs, changed schedules and paused queues, once that person's account is removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from database import sql

_STATEMENTS = (
    "UPDATE job_run SET actor_name = %(stands_for)s WHERE actor_kind = 'user' AND actor_id = %(user)s::bigint",
    "UPDATE job_outbox SET actor_name = %(stands_for)s WHERE actor_kind = 'user' AND actor_id = %(user)s::bigint",
    """
    UPDATE job_schedule SET changed_by = %(stands_for)s
    FROM unnest(%(names)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS his(name, since, until)
    WHERE changed_by = his.name AND changed_at BETWEEN coalesce(his.since, '-infinity') AND his.until
    """,
    """
    UPDATE job_queue SET paused_by = %(stands_for)s
    FROM unnest(%(names)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS his(name, since, until)
    WHERE paused_by = his.name AND paused_at BETWEEN coalesce(his.since, '-infinity') AND his.until
    """,
)


def forget(his: Mapping[str, Any]) -> None:
    """Replace the person's name. `his`: as accounts.services.forgetting.names_of gives it."""
    for statement in _STATEMENTS:
        sql.execute(statement, dict(his))
