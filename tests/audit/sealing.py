"""A log of its own for the tests of seals: a migrated database that nobody else writes to, a sealer, and a superuser at it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from audit.seal import blocks, heads, keys, walk
from audit.seal.findings import Report
from audit.seal.keys import Key, Ring
from audit.seal.sealer import Sealer
from audit.verification import verify

ROW = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, operation, result, resource_name, detail)
    SELECT 'user', n, 'alice', 'session', 'tag.create', 'ok', 'library/app:' || n, jsonb_build_object('n', n)
    FROM generate_series(1, %s) n
"""

WITH_ID = ROW.replace("(actor_kind", "(id, actor_kind").replace("SELECT 'user'", "SELECT %s::bigint, 'user'")


@dataclass
class Log:
    """`admin`: an autocommit connection of a superuser. `clock`: seconds, moved by hand."""

    url: str
    folder: Path
    admin: psycopg.Connection[Any]
    now: float = 0.0
    sealer: Sealer = field(init=False)

    def __post_init__(self) -> None:
        self.sealer = self.new_sealer()

    def new_sealer(self, keys: Path | None = None) -> Sealer:
        return Sealer(
            keys or self.keys, (lambda head: heads.append(self.heads, head),), clock=lambda: self.now
        )

    @property
    def keys(self) -> Path:
        return self.folder / "audit" / "keys"

    @property
    def heads(self) -> Path:
        return self.folder / "audit" / "heads.jsonl"

    @property
    def ring(self) -> Ring:
        return keys.read(self.keys)

    def write(self, rows: int = 1) -> None:
        self.admin.execute(ROW, [rows])

    def seal(self, *counts: int) -> int:
        """Write so many rows before each of as many steps, a minute apart; the rows sealed."""
        sealed = 0
        for count in counts or (0,):
            self.write(count)
            self.now += 61
            sealed += self.sealer.step()
        return sealed

    def verify(self, **how: Any) -> Report:
        return verify(self.ring, **how)

    def tamper(self, *statements: str) -> None:
        """As somebody who owns the server would: the triggers are no hindrance to him."""
        with self.admin.transaction():
            self.admin.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                self.admin.execute(statement)

    def ids(self) -> list[int]:
        return [row[0] for row in self.admin.execute("SELECT id FROM audit_event ORDER BY xid, id")]


def rechained(log: Log, key: Key, *, from_block: int, name: str) -> None:
    """Seal everything from a block on again with another key, as somebody would who has read the source."""
    found = blocks.between(0, 10_000)
    prev = found[from_block - 1].head
    for block in found[from_block:]:
        rows = {row.id: row for row in walk.singly([entry.id for _, entry in block.rows()])}
        entries = blocks.packed(key.codes, block.first_seq, [rows[entry.id] for _, entry in block.rows()])
        draft = replace(block, key=name, prev=prev, entries=entries)
        prev = draft.head_by(key)
        with log.admin.transaction():
            log.admin.execute("SET LOCAL session_replication_role = replica")
            log.admin.execute(
                "UPDATE audit_seal SET key = %s, prev = %s, entries = %s, head = %s WHERE n = %s",
                [name, draft.prev, entries, prev, block.n],
            )


def superuser_of(url: str) -> psycopg.Connection[Any]:
    parts = conninfo_to_dict(url)
    return psycopg.connect(
        host=str(parts["host"]), dbname=str(parts["dbname"]), user="postgres", autocommit=True
    )


@contextlib.contextmanager
def django_on(url: str) -> Iterator[None]:
    """Django's connection is the run-time role's at another database meanwhile."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    parts = conninfo_to_dict(url)
    connection.settings_dict.update(NAME=str(parts["dbname"]), HOST=str(parts["host"]))
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        connection.settings_dict.update(before)
