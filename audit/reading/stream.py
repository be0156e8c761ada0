"""All entries that are looked for, one after the other, in constant memory: for exports."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from django.db import connection

from audit.reading import limits
from audit.reading.conditions import Question, branches, together
from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.reading.limits import TABLES
from audit.reading.parameters import Parameters
from audit.reading.rows import COLUMNS, entry
from audit.reading.scope import Scope
from audit.streams import Stream

ROWS: Final = 1000
"""Fetched at once."""
FETCH: Final = "60s"
"""For so many at once."""

# A client may be slow; one that is gone is noticed by the server, too, while it looks for the next row.
_SETTINGS: Final = (
    "-c statement_timeout=60s -c idle_in_transaction_session_timeout=120s -c client_connection_check_interval=2s "
    "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
)


@contextmanager
def entries(scope: Scope, wanted: Filter) -> Iterator[Iterator[Entry]]:
    """`with entries(scope, wanted) as found: for each in found: …`, oldest first, as of the moment of entering the block.

    Read by cursors of the server's on a connection of its own, which leaving the block closes, whatever they are doing. Each
    1,000 entries have a minute. Raises SearchTooLong, also from the iterator, and DatabaseError.
    """
    with limits.in_time(), connection.wrap_database_errors, psycopg.connect(**_connection()) as own:
        try:
            own.execute(limits.SET)
            times = limits.begin(own.execute(limits.BEGIN).fetchone() or ())
            own.execute(f"SET LOCAL statement_timeout = '{FETCH}'")
            yield _merged(own, Question(scope, wanted, times))
        finally:
            own.close()


def _merged(own: psycopg.Connection[Any], question: Question) -> Iterator[Entry]:
    streams = [_read(own, stream, question) for stream in Stream]
    return heapq.merge(*streams, key=lambda each: (each.ts, each.id))


def _read(own: psycopg.Connection[Any], stream: Stream, question: Question) -> Iterator[Entry]:
    parameters = Parameters()
    found = branches(stream, question, parameters)
    if not found:
        return
    conditions = together(found, parameters)
    statement = f"SELECT {COLUMNS[stream]} FROM {TABLES[stream]} r WHERE {conditions} ORDER BY r.ts, r.id"
    with own.cursor(name=str(stream)) as cursor:
        cursor.itersize = ROWS
        cursor.execute(statement, parameters)
        for row in cursor:
            yield entry(row)


def _connection() -> dict[str, Any]:
    """Django's, without its pool and what belongs to it."""
    wanted = connection.get_connection_params()
    ours = ("pool", "cursor_factory", "context", "prepare_threshold")
    found = {name: value for name, value in wanted.items() if name not in ours}
    return found | {"options": f"{found.get('options', '')} {_SETTINGS}"}
