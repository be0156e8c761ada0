"""One entry, and what belongs to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from audit.reading.conditions import Question, branches, together
from audit.reading.entry import Entry
from audit.reading.filter import BIGGEST, Filter
from audit.reading.limits import START_OF_TIME, TABLES, bounded
from audit.reading.parameters import Parameters
from audit.reading.rows import COLUMNS
from audit.reading.rows import entry as read
from audit.reading.scope import Scope
from audit.reading.search import search
from audit.streams import Stream
from core.errors import EventUnknown
from database import sql

NEAR: Final = timedelta(minutes=5)
MOST_RELATED: Final = 50
_EVER: Final = Filter(since=START_OF_TIME)


def entry(scope: Scope, id_: int) -> Entry:
    """The entry with the id, of either stream. Raises EventUnknown, also for one the caller may not see; SearchTooLong."""
    with bounded() as times:
        row = _row(Question(scope, _EVER, times), id_) if 0 < id_ <= BIGGEST else None
    if row is None:
        raise EventUnknown(f"no entry {id_} in the part of the audit log that you may read", id=id_)
    return read(row)


def _row(question: Question, id_: int) -> sql.Row | None:
    parameters = Parameters()
    parts = [
        f"(SELECT {COLUMNS[stream]} FROM {TABLES[stream]} r WHERE {together(found, parameters)} "
        f"AND r.id = {parameters.add(id_)}::bigint LIMIT 1)"
        for stream in Stream
        if (found := branches(stream, question, parameters))
    ]
    return sql.row(" UNION ALL ".join(parts), parameters) if parts else None


def related(scope: Scope, one: Entry) -> list[Entry]:
    """What came with the same request, or was done to the same thing within 5 minutes; newest first, at most 50, without it."""
    near = Filter(since=one.ts - NEAR, until=one.ts + NEAR)
    wanted = []
    if one.request_id:
        wanted.append(replace(near, request_id=one.request_id))
    if one.resource_name:
        wanted.append(replace(near, resource_exact=one.resource_name, resource_type=one.resource_type))
    found = {
        each.id: each
        for filter_ in wanted
        for each in search(scope, filter_, size=MOST_RELATED + 1).entries
        if each.id != one.id
    }
    return sorted(found.values(), key=lambda each: (each.ts, each.id), reverse=True)[:MOST_RELATED]
