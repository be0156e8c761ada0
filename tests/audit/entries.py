"""Entries of the audit log for the tests of reading, written as they are: with times, names and addresses of any kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.reading.scope import Scope
from audit.reading.search import search
from database import sql

ALL: Final = Scope(everything=True)

_EVENT: Final[dict[str, Any]] = {
    "actor_kind": "user",
    "actor_id": 1,
    "actor_name": "alice",
    "auth": "session",
    "token_id": "",
    "ip": "192.0.2.1",
    "agent": "test/1.0",
    "request_id": "",
    "operation": "tag.create",
    "permission": "tag:create",
    "resource_type": "tag",
    "resource_id": "7",
    "resource_name": "library/app:1",
    "project_id": 1,
    "result": "ok",
    "detail": "{}",
}
_PULL: Final[dict[str, Any]] = {
    "repository_id": 1,
    "project_id": 1,
    "actor_id": 1,
    "n": 1,
    "actor_kind": "user",
    "actor_name": "alice",
    "repository": "library/app",
    "tag": "1",
    "digest": b"\x01" * 32,
    "ip": "192.0.2.1",
}


def event(ago: float = 0, **columns: Any) -> int:
    """Written `ago` seconds before now; its id."""
    return _insert("audit_event", _EVENT | columns, ago)


def pull(ago: float = 0, **columns: Any) -> int:
    agent = sql.value(
        "INSERT INTO audit_agent (agent) VALUES ('docker/27') ON CONFLICT (agent) DO NOTHING RETURNING id"
    )
    agent = agent or sql.value("SELECT id FROM audit_agent WHERE agent = 'docker/27'")
    return _insert("audit_pull", _PULL | {"agent_id": agent} | columns, ago)


def _insert(table: str, columns: Mapping[str, Any], ago: float) -> int:
    given = dict(columns)
    at = given.pop("ts", None) or now() - timedelta(seconds=ago)
    names = ", ".join([*given, "ts"])
    places = ", ".join(["%s"] * (len(given) + 1))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"
    return int(sql.value(statement, [*given.values(), at]))


def now() -> datetime:
    """By the database's clock: within a test's transaction it stands still."""
    found: datetime = sql.value("SELECT now()")
    return found.astimezone(UTC)


def found(wanted: Filter, scope: Scope = ALL) -> list[int]:
    """Ids, newest first, of all pages."""
    return ids(pages(wanted, scope))


def pages(wanted: Filter, scope: Scope = ALL, **how: Any) -> list[Entry]:
    after, entries = None, []
    while True:
        page = search(scope, wanted, after=after, **how)
        entries += page.entries
        after = page.next
        if after is None:
            return entries


def ids(entries: Iterable[Entry]) -> list[int]:
    return [each.id for each in entries]


@dataclass(frozen=True)
class Span:
    """So many days up to now, for filters."""

    days: int

    def of(self, **wanted: Any) -> Filter:
        return Filter(since=now() - timedelta(days=self.days), **wanted)


YEAR: Final = Span(365)
