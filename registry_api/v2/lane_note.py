"""What a view tells the read lane of its answer. Where the lane is off, nobody reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Environ = dict[str, Any]

NOTE: Final = "wharf.lane"
MAX_BODY: Final = 256 * 1024


@dataclass(slots=True)
class Note:
    """What a view tells the lane of its answer: that it may be kept, and what a repeat has to heed.

    `pull` are the facts of a pull line. `leased` is False for a blob whose lease was not looked at: a caller who may push is
    told of such a one by the view alone, which renews the lease.
    """

    keep: bool = False
    pull: dict[str, Any] | None = None
    leased: bool = True


def note_of(environ: Environ) -> Note:
    """The lane's note of a request; one that nobody reads where the lane is off."""
    found: Note | None = environ.get(NOTE)
    return Note() if found is None else found
