"""Who pushed, once that person's account is removed: "deleted user 12" where his name was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from database import sql

PAGE: Final = 5_000

_HIS = """unnest(%(names)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS his(name, since, until)"""
_PUSHED = f"""
    WITH page AS MATERIALIZED (SELECT id FROM {{table}} WHERE id > %(after)s ORDER BY id LIMIT {PAGE}), changed AS (
      UPDATE {{table}} changed SET pushed_by = %(stands_for)s FROM {_HIS}
      WHERE changed.id IN (SELECT id FROM page) AND changed.pushed_by = his.name
        AND changed.pushed_at BETWEEN coalesce(his.since, '-infinity') AND his.until)
    SELECT max(id) FROM page
"""
_HISTORY = f"""
    WITH page AS MATERIALIZED (SELECT id FROM tag_event WHERE id > %(after)s ORDER BY id LIMIT {PAGE}), changed AS (
      UPDATE tag_event changed SET actor_name = %(stands_for)s
      WHERE changed.id IN (SELECT id FROM page) AND changed.actor_kind = 'user' AND changed.actor_id = %(user)s)
    SELECT max(id) FROM page
"""
_STATISTICS = f"""
    UPDATE repository_stats SET last_push_by = %(stands_for)s FROM {_HIS}
    WHERE last_push_by = his.name AND last_push_at BETWEEN coalesce(his.since, '-infinity') AND his.until
"""
_UPLOADS = (
    "UPDATE upload SET actor_name = %(stands_for)s WHERE actor_kind = 'user' AND actor_id = %(user)s::bigint"
)


def forget(his: Mapping[str, Any], advance: Callable[[], None] = lambda: None) -> None:
    """Replace the person's name wherever it says who pushed, page by page; `advance` is called after each page.

    `his`: the names he had and when, as accounts.services.forgetting.names_of gives them. Doing it again does no harm.
    """
    for statement in (_PUSHED.format(table="artifact"), _PUSHED.format(table="tag"), _HISTORY):
        after: int | None = 0
        while after is not None:
            after = sql.value(statement, {**his, "after": after})
            advance()
    # After the rows the fold reads: what it writes meanwhile is of the new name.
    sql.execute(_STATISTICS, dict(his))
    sql.execute(_UPLOADS, dict(his))
