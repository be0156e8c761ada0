"""How far the shipping is behind, told from the files themselves: true also when nobody ships."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from audit.spool import files
from database import sql

FIRST_LINE: Final = 16 * 1024
_TOTALS: Final = (
    "SELECT coalesce(sum(lines), 0), coalesce(sum(lost), 0), coalesce(sum(damaged), 0) FROM audit_spool"
)


def oldest(folder: Path, positions: Mapping[str, int]) -> datetime | None:
    """When the oldest line was noted that is not in the database; None when all are. Raises OSError for the folder."""
    found = [_first_after(folder / name, positions.get(name, 0)) for name in files.names(folder)]
    return min((each for each in found if each is not None), default=None)


def _first_after(path: Path, position: int) -> datetime | None:
    with contextlib.suppress(FileNotFoundError), files.opened(path) as spool:
        if spool.size > position:
            line = os.pread(spool.descriptor, FIRST_LINE, position).partition(b"\n")[0]
            return _time(line) or datetime.fromtimestamp(os.fstat(spool.descriptor).st_mtime, UTC)
    return None


def _time(line: bytes) -> datetime | None:
    """Of a pull, or of a gap's end; None for what is no line."""
    try:
        found = orjson.loads(line)
        return datetime.fromisoformat(found.get("ts") or found["until"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def totals() -> tuple[int, int, int]:
    """Lines shipped, pulls lost and lines damaged since the registry was made, of all hosts."""
    lines, lost, damaged = sql.one(_TOTALS)
    return int(lines), int(lost), int(damaged)
