"""In a process of its own, on the data of a server that runs: how many SQL statements an answer of each list costs, and which
big tables they read from end to end. Prints one JSON object.

PostgreSQL itself counts the scans of a transaction (pg_stat_xact_user_tables), in which so many answers are made that its
plans become those it keeps for all values.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

from tests.bench.api_lists import LISTS, List, basic

ANSWERS: Final = 8
BIG: Final = "^(repository|artifact|tag$|member$|account_user$|project_contents$|audit_event|audit_pull)"
FEW: Final = 1_000
SCANS: Final = """
    SELECT scanned.relname, scanned.seq_scan FROM pg_stat_xact_user_tables scanned
    JOIN pg_class ON pg_class.oid = scanned.relid
    WHERE scanned.seq_scan > 0 AND scanned.relname ~ %s AND pg_class.reltuples > %s
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
    import django

    django.setup()
    json.dump({each.title: found(each) for each in LISTS}, sys.stdout)


def found(asked: List) -> dict[str, Any]:
    """`statements` of one answer; `read_whole`: tables."""
    from django.db import connection, transaction
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from database import sql

    client = Client(headers={"host": "testserver", "authorization": basic(asked.who)})
    path = f"/api/v2.0/{asked.path}"
    sql.value("SELECT pg_stat_force_next_flush()")  # what was counted before is no more of this transaction
    with transaction.atomic():
        for _ in range(ANSWERS):
            answer = client.get(path)
            assert answer.status_code == 200, answer.content
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        scans = dict[str, int](sql.rows(SCANS, [BIG, FEW]))
    return {"statements": len(captured), "read_whole": sorted(scans.keys() - {asked.sums})}


if __name__ == "__main__":
    main()
