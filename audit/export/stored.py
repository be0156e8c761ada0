"""A filter as the arguments of a job and as the detail of an event: plain JSON, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from typing import Any

from access.principal import ActorKind
from audit.parts import Result
from audit.reading.filter import Filter
from audit.reading.limits import span_of
from audit.streams import Stream
from database import sql

_NOTHING = Filter()


def fixed(wanted: Filter) -> Filter:
    """The filter with both ends of its time: what is written meanwhile is not in it, however often it is read."""
    now = sql.value("SELECT now()")
    span = span_of(replace(wanted, until=wanted.until or now), now)
    return replace(wanted, since=span.since, until=span.until)


def written(wanted: Filter) -> dict[str, Any]:
    """What the filter says, without what it leaves open."""
    said = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    return {name: _plain(value) for name, value in said.items() if value != getattr(_NOTHING, name)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, StrEnum) or not isinstance(value, int | str) else value


def read(said: Mapping[str, Any]) -> Filter:
    """The filter `written` came from. Raises ValueError, TypeError for what is none."""
    return Filter(**{name: _READERS.get(name, _itself)(value) for name, value in said.items()})


def _itself(value: Any) -> Any:
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "streams": lambda value: frozenset(map(Stream, value)),
    "since": datetime.fromisoformat,
    "until": datetime.fromisoformat,
    "actor_kind": ActorKind,
    "operations": tuple,
    "project_ids": tuple,
    "result": Result,
    "address": ip_network,
}
