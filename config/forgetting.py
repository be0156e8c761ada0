"""Who changed settings, once that person's account is removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from database import sql

_SETTINGS = """
    UPDATE setting SET changed_by = %(stands_for)s
    FROM unnest(%(names)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS his(name, since, until)
    WHERE changed_by = his.name AND changed_at BETWEEN coalesce(his.since, '-infinity') AND his.until
"""


def forget(his: Mapping[str, Any]) -> None:
    """Replace the person's name. `his`: as accounts.services.forgetting.names_of gives it."""
    sql.execute(_SETTINGS, dict(his))
