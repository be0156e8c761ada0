"""Hand-written SQL on Django's connection: prepared by the server, seen by query counters, in the caller's transaction.

The registry's hot lookups and everything that takes explicit row locks are written as SQL here and in `artifacts`; the
connection prepares every statement (`server_side_binding`, `prepare_threshold=1`), so a lookup is planned once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Params = Mapping[str, Any] | Sequence[Any]
Row = tuple[Any, ...]


class _Here(threading.local):
    """This thread's connection, once it has been asked for. Django's proxy finds the same one, by forty calls each time."""

    connection: BaseDatabaseWrapper | None = None


_here = _Here()


def _cursor() -> CursorWrapper:
    if _here.connection is None:
        _here.connection = connections[DEFAULT_DB_ALIAS]
    return _here.connection.cursor()


def rows(statement: str, params: Params = ()) -> list[Row]:
    """All rows of a query, in order."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        found: list[Row] = cursor.fetchall()
        return found


def row(statement: str, params: Params = ()) -> Row | None:
    """The first row of a query, or None."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        found: Row | None = cursor.fetchone()
        return found


def one(statement: str, params: Params = ()) -> Row:
    """The row of a statement that always has one (an aggregate, an upsert). Raises LookupError if it has none."""
    found = row(statement, params)
    if found is None:
        raise LookupError("the statement returned no row")
    return found


def value(statement: str, params: Params = ()) -> Any:
    """The first column of the first row, or None."""
    found = row(statement, params)
    return None if found is None else found[0]


def execute(statement: str, params: Params = ()) -> int:
    """Run a statement; the number of rows it touched."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        touched: int = cursor.rowcount
        return touched
