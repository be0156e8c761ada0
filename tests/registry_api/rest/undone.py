"""Requests whose effects are looked at and then undone: each is asked about the same world, and leaves nothing.

They run inside the transaction of a test (the fixture `passing`), each in a savepoint.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, transaction

from config import current
from database import sql

T = TypeVar("T")

Row = dict[str, Any]

# What is written down of every request, and of refusals above all.
WRITTEN_ANYWAY = "audit_"

# How often rows of each table were written in this transaction, undone or not.
_WRITES = """
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
    """


@dataclass(frozen=True, slots=True)
class Change:
    """The rows of a table that were taken away, and those that came; one that changed is among both."""

    gone: list[Row]
    come: list[Row]


Changes = dict[str, Change]


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back, and nothing remembers it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    current.forget()


def effect(act: Callable[[], T]) -> tuple[T, Changes]:
    """What the act returns, and what it changed by table; all of it undone."""
    before = _writes()
    with undone():
        result = act()
        touched = sorted(name for name, count in _writes().items() if count != before.get(name, 0))
        after = {name: _rows(name) for name in touched}
    return result, {name: change for name in touched if (change := _change(_rows(name), after[name]))}


def _change(before: set[str], after: set[str]) -> Change | None:
    if before == after:
        return None
    gone, come = ([json.loads(row) for row in sorted(rows)] for rows in (before - after, after - before))
    return Change(gone, come)


def _writes() -> dict[str, int]:
    return {name: count for name, count in sql.rows(_WRITES) if not name.startswith(WRITTEN_ANYWAY)}


def _rows(table: str) -> set[str]:
    name = connection.ops.quote_name(table)
    return {row for (row,) in sql.rows(f"SELECT to_jsonb(t)::text FROM {name} t")}
