"""Lines of a spool: read, checked, and those that are alike made one row. Bytes in, values out: no file, no database.

Coalesced are pulls that agree in everything a row holds (who, from where, with what, which manifest by which tag) and come
within 60 s of the first of them. A project may want a row of each of its pulls, or none (audit.pull_log). The counts are those
of the lines, whatever the rows look like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from audit.detail import MAX_AGENT, address, clean
from audit.pull_log import PullLog
from core.oci.digest import Digest

WINDOW: Final = timedelta(seconds=60)
KEPT_BYTES: Final = 4096
KEPT_LINES: Final = 100
BIGGEST: Final = 2**63 - 1
MOST_ALIKE: Final = 1_000_000
MOST_KNOWN: Final = 4096
# A line as audit.pulls writes it. All between the time and the request is what pulls of one row have in common: once it has
# been read as JSON, it need not be again. No text can look like the end of it, because a quote in JSON text is escaped.
_FRAME: Final = re.compile(
    rb'\{"ts":"([0-9T:.+-]{20,40})",(.+),"request_id":"[ !#-\[\]-~]*","n":([1-9][0-9]{0,5})\}'
)


class Damaged(Exception):
    """These bytes are no line that this program writes."""


class Key(NamedTuple):
    """What pulls of one row have in common."""

    repository_id: int
    project_id: int
    actor_id: int
    agent: str
    actor_kind: str
    actor_name: str
    repository: str
    tag: str
    digest: bytes
    ip: str | None


class Gap(NamedTuple):
    """So many pulls were answered and not written, between two times that the writer gave."""

    lost: int
    since: datetime
    until: datetime


@dataclass(slots=True)
class Row:
    """`n` pulls, the earliest and the latest of them."""

    first: datetime
    last: datetime
    n: int


@dataclass(slots=True)
class Damage:
    """Bytes at `position` of a spool file; `line` is the first of `size`."""

    position: int
    size: int
    line: bytes


@dataclass(slots=True)
class Told:
    """What one stretch of a file says beside its pulls."""

    lines: int = 0
    gaps: list[Gap] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    damaged: int = 0

    @property
    def lost(self) -> int:
        return sum(gap.lost for gap in self.gaps)


@dataclass(slots=True)
class Pulls:
    """What to count, in the order of the first line of each, and which of it to write. `modes`: of projects that differ."""

    modes: Mapping[int, PullLog] = field(default_factory=dict)
    rows: list[tuple[Key, Row]] = field(default_factory=list)
    _open: dict[Key, Row] = field(default_factory=dict)

    @property
    def written(self) -> list[tuple[Key, Row]]:
        """The rows of the log."""
        if PullLog.OFF not in self.modes.values():
            return self.rows
        return [(key, row) for key, row in self.rows if self.modes.get(key.project_id) is not PullLog.OFF]

    def add(self, key: Key, ts: datetime, n: int) -> None:
        """Count `n` pulls, in a row with those like them where there is one."""
        if self.modes and self.modes.get(key.project_id) is PullLog.ALL:
            self.rows.append((key, Row(ts, ts, n)))
            return
        row = self._open.get(key)
        if row is None or row.n > MOST_ALIKE or max(row.last, ts) - min(row.first, ts) >= WINDOW:
            row = self._open[key] = Row(ts, ts, 0)
            self.rows.append((key, row))
        row.first, row.last, row.n = min(row.first, ts), max(row.last, ts), row.n + n


_known: dict[bytes, Key] = {}


def read(line: bytes) -> tuple[Key, datetime, int] | Gap:
    """Raises Damaged."""
    framed = _FRAME.fullmatch(line)
    try:
        if framed is None:
            return _parsed(line)
        when, common, n = framed.groups()
        key = _known.get(common)
        if key is None:
            key = _remembered(line, common)
        return key, _time(when.decode()), int(n)
    except Exception as failure:  # whatever these bytes do to a parser, the lines after them are shipped
        raise Damaged(repr(failure)) from failure


def _remembered(line: bytes, common: bytes) -> Key:
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    key = _known[common] = _key(orjson.loads(line))
    return key


def _parsed(line: bytes) -> tuple[Key, datetime, int] | Gap:
    found = orjson.loads(line)
    if "gap" in found:
        return Gap(_count(found["gap"]), _time(found["since"]), _time(found["until"]))
    return _key(found), _time(found["ts"]), _count(found["n"])


def _key(found: dict[str, Any]) -> Key:
    return Key(
        _number(found["repository_id"]),
        _number(found["project_id"]),
        _number(found["actor_id"]),
        _text(found["agent"], MAX_AGENT),
        _text(found["actor_kind"]),
        _text(found["actor_name"]),
        _text(found["repository"]),
        _text(found["tag"]),
        _digest(found["digest"]),
        _address(found["ip"]),
    )


@lru_cache(maxsize=4096)
def _digest(text: str) -> bytes:
    return Digest.parse(text).raw


@lru_cache(maxsize=4096)
def _address(ip: str | None) -> str | None:
    if ip is None or (parsed := address(ip)) is not None:
        return ip and parsed
    raise ValueError(f"{ip!r} is no address")


def _number(value: Any) -> int:
    if type(value) is not int or not -BIGGEST <= value <= BIGGEST:
        raise ValueError(f"{value!r} is no id")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 < value <= MOST_ALIKE:
        raise ValueError(f"{value!r} is no count")
    return value


def _text(value: Any, limit: int = 1024) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r} is no text")
    return clean(value, limit)


def _time(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def fold(data: bytes, position: int, pulls: Pulls) -> Told:
    """Read the lines of `data`, which stands at `position` of its file, into `pulls`; what else they say."""
    told = Told()
    for line in data.split(b"\n"):
        if line:  # a writer whose write was cut short ends the line it left before it goes on
            told.lines += 1
            _fold_line(line, position, pulls, told)
        position += len(line) + 1
    return told


def _fold_line(line: bytes, position: int, pulls: Pulls, told: Told) -> None:
    try:
        found = read(line)
    except Damaged:
        told.damaged += 1
        if len(told.damages) < KEPT_LINES:
            told.damages.append(Damage(position, len(line), line[:KEPT_BYTES]))
        return
    if isinstance(found, Gap):
        told.gaps.append(found)
    else:
        pulls.add(*found)
