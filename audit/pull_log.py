"""How a project has its pulls logged: each alone, alike ones together, or only counted."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from database import sql

# Projects belong to a higher layer; this asks its table rather than its code. Few projects differ from the default, and an
# index holds those. A deleted project keeps what it said: pulls of its last seconds may still be on their way.
_DIFFERENT = "SELECT id, pull_log FROM project WHERE pull_log <> 'coalesced'"


class PullLog(StrEnum):
    """Rows of a project's pulls. Counts and statistics are the same with all three."""

    ALL = "all"
    COALESCED = "coalesced"
    OFF = "off"


_MODES: Final = {str(mode): mode for mode in PullLog}


def different() -> dict[int, PullLog]:
    """The projects whose pulls are not coalesced, by id (one query)."""
    # A mode that a newer process has put there is the default here: no batch fails for it.
    return {project_id: _MODES.get(mode, PullLog.COALESCED) for project_id, mode in sql.rows(_DIFFERENT)}
