"""The work of a statement, by its plan and not by a clock."""

from __future__ import annotations

import json

from database import sql


def blocks_touched(statement: str) -> int:
    """Database blocks that a statement reads; it is executed for that, with its values written in."""
    plan = sql.value("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement.replace("%", "%%"))
    document = json.loads(plan) if isinstance(plan, str) else plan
    root = document[0]["Plan"]
    return int(root["Shared Hit Blocks"] + root["Shared Read Blocks"])
