"""A run's log as text: one line each, nothing in it that a terminal or a browser obeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import orjson

from database.transactions import release_connection
from jobs import queries
from jobs.models import LogLine

PIECE: Final = 1000


def pieces(run_id: int) -> Iterator[bytes]:
    """The whole log, read piece by piece while it is sent. The caller has checked that the run may be seen."""
    after = 0
    while found := queries.log_lines(run_id, after, PIECE):
        release_connection()  # a slow reader keeps his thread, not a connection as well
        yield "".join(map(line, found)).encode("utf-8", "replace")
        after = found[-1].n


def line(entry: LogLine) -> str:
    """`2025-01-31T12:00:00.000+00:00 INFO message {"field": 1}` and a newline."""
    moment = entry.at.isoformat(timespec="milliseconds")
    return f"{moment} {entry.level.upper()} {plain(entry.message)}{fields(entry)}\n"


def fields(entry: LogLine) -> str:
    """` {"field": 1}`, "" for a line without any."""
    return f" {orjson.dumps(entry.fields).decode()}" if entry.fields else ""


def plain(text: str) -> str:
    """`text` on one line, control characters escaped."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
