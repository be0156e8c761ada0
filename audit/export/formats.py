"""Entries of the audit log as files: CSV for spreadsheets (RFC 4180), JSON Lines for programs. A piece at a time.

What others chose (names, user agents, details) never becomes a formula: a cell that a spreadsheet might take for one begins
with an apostrophe (https://owasp.org/www-community/attacks/CSV_Injection). JSON Lines hold everything as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final

import orjson

from audit.reading.entry import Entry

PIECE_ROWS: Final = 200

COLUMNS: Final = (
    "stream", "id", "time", "actor_kind", "actor_id", "actor_name", "auth", "token_id", "ip", "agent", "request_id",
    "operation", "permission", "resource_type", "resource_id", "resource_name", "project_id", "result", "detail",
)  # fmt: skip
"""The columns of a CSV file and the names in a line of JSON, in this order."""

# The last four are the full-width forms that some spreadsheets take for the first four.
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
_BLANKS: Final = " \u00a0\u3000"


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        return "text/csv; charset=utf-8; header=present" if self is Format.CSV else "application/jsonl"


def pieces(found: Iterable[Entry], form: Format) -> Iterator[tuple[int, bytes]]:
    """The file, some 200 entries each time: how many, and their lines; of CSV the names of the columns first."""
    encode = _csv if form is Format.CSV else _jsonl
    if form is Format.CSV:
        yield 0, (",".join(COLUMNS) + "\r\n").encode()
    rest = iter(found)
    while batch := list(islice(rest, PIECE_ROWS)):
        yield len(batch), encode(batch)


def _jsonl(batch: Sequence[Entry]) -> bytes:
    return b"".join([_json(_facts(entry)) + b"\n" for entry in batch])


def _json(value: Any) -> bytes:
    """A detail may hold a whole number that orjson finds too large; the database does not."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "stream": entry.stream,
        "id": entry.id,
        "time": moment(entry.ts),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "auth": entry.auth,
        "token_id": entry.token_id,
        "ip": entry.ip,
        "agent": entry.agent,
        "request_id": entry.request_id,
        "operation": entry.operation,
        "permission": entry.permission,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "resource_name": entry.resource_name,
        "project_id": entry.project_id,
        "result": entry.result,
        "detail": entry.detail,
    }


def _csv(batch: Sequence[Entry]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([_row(entry) for entry in batch])
    return text.getvalue().encode("utf-8", "replace")


def _row(entry: Entry) -> list[object]:
    """Numbers are ours and never formulas: the database gives no project or entry a negative one."""
    return [
        str(entry.stream),
        entry.id,
        moment(entry.ts),
        cell(entry.actor_kind),
        cell(str(entry.actor_id)),
        cell(entry.actor_name),
        cell(entry.auth),
        cell(entry.token_id),
        cell(entry.ip or ""),
        cell(entry.agent),
        cell(entry.request_id),
        cell(entry.operation),
        cell(entry.permission),
        cell(entry.resource_type),
        cell(entry.resource_id),
        cell(entry.resource_name),
        "" if entry.project_id is None else entry.project_id,
        cell(entry.result),
        _json(entry.detail).decode(),  # begins with a brace
    ]


def cell(text: str) -> str:
    """`text`, with an apostrophe before what a spreadsheet might calculate; blanks before it do not help."""
    first = text[:1]
    if first in _FORMULA or (first and first in _BLANKS and text.lstrip(_BLANKS)[:1] in _FORMULA):
        return f"'{text}"
    return text


def moment(ts: datetime) -> str:
    """RFC 3339 with microseconds, always of the same length, so that it sorts as text. `ts` is in UTC."""
    return f"{ts.isoformat(timespec='microseconds')[:26]}Z"
