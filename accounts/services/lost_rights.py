"""Ends the sessions and tokens of exactly those people who lose a right by a change of roles."""

from __future__ import annotations

from collections.abc import Collection

from access.losses import Taken, losers
from database import sql

# In the order of ids, so that two who do this at once wait for each other instead of for ever.
_LOCK = "SELECT id FROM account_user WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
_END = "UPDATE account_user SET auth_epoch = auth_epoch + 1 WHERE id = ANY(%s::bigint[])"


def end_sessions_of_losers(people: Collection[int], taken: Collection[Taken]) -> int:
    """Move the epochs of those whom the roles taken leave with less; how many. Called after taking, in that transaction."""
    if not people or not taken:
        return 0
    sql.rows(_LOCK, (list(people),))
    lost = losers(people, taken)
    return sql.execute(_END, (lost,)) if lost else 0
