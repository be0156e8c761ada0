"""Rows of either table in one shape, and that shape as an Entry."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

import orjson

from audit.reading import pulls
from audit.reading.entry import Entry
from audit.streams import Stream
from database.sql import Row

_EVENT: Final = """
    'events', r.id, r.ts, r.actor_kind, r.actor_id, r.actor_name, r.auth, r.token_id, host(r.ip), r.agent, r.request_id,
    r.operation, r.permission, r.resource_type, r.resource_id, r.resource_name, r.project_id, r.result, r.detail::text"""

_LONG: Final = re.compile(r"[0-9]{19}", re.ASCII)
"""Of so few digits the fast parser reads any number right."""
COLUMNS: Final[Mapping[Stream, str]] = {Stream.EVENTS: _EVENT, Stream.PULLS: pulls.COLUMNS}


def entry(row: Row) -> Entry:
    values: list[Any] = list(row)
    stream, id_, ts, *middle, detail = values
    fields: list[Any] = [Stream(stream), id_, ts.astimezone(UTC), *middle, _parsed(detail)]
    return Entry(*fields)


def _parsed(detail: str) -> Any:
    """A number is told as it was written, also where it has more digits than a machine's have."""
    if not _LONG.search(detail):
        return orjson.loads(detail)
    return json.loads(detail, parse_int=_whole, parse_float=_fraction)


def _whole(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # more than 4,300 digits
        return text


def _fraction(text: str) -> float | str:
    found = float(text)
    return found if math.isfinite(found) else text
