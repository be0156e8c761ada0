"""Failpoints: named places in the write path where a test can kill, break or delay this very process.

`WHARF_FAILPOINTS=blob.after_rename:kill9,upload.after_write:enospc` arms them; unset, `fp()` is one truth
test. `WHARF_FAILPOINTS_LOG=<file>` appends the name of every hit, one per line, so that CI can fail when a
registered failpoint was never reached. Both variables are read at import and again by `reload()`.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

SLEEP_SECONDS: Final = 3.0


class Effect(StrEnum):
    """What an armed failpoint does to the process that reaches it."""

    KILL9 = "kill9"
    EIO = "eio"
    ENOSPC = "enospc"
    SLEEP = "sleep"


_declared: set[str] = set()
_armed: dict[str, Effect] = {}
_log: str | None = None
_quiet = True


def declare(name: str) -> str:
    """Register a failpoint under `name` and return it; ValueError when it is declared already."""
    if name in _declared:
        raise ValueError(f"failpoint {name!r} is declared twice")
    _declared.add(name)
    return name


UPLOAD_CLAIMED: Final = declare("upload.claimed")
UPLOAD_AFTER_WRITE: Final = declare("upload.after_write")
UPLOAD_AFTER_FDATASYNC: Final = declare("upload.after_fdatasync")
UPLOAD_AFTER_OFFSET: Final = declare("upload.after_offset")
UPLOAD_AFTER_FINALIZING: Final = declare("upload.after_finalizing")
BLOB_AFTER_FDATASYNC: Final = declare("blob.after_fdatasync")
BLOB_AFTER_RENAME: Final = declare("blob.after_rename")
BLOB_AFTER_DIRSYNC: Final = declare("blob.after_dirsync")
BLOB_BEFORE_COMMIT: Final = declare("blob.before_commit")
BLOB_AFTER_COMMIT: Final = declare("blob.after_commit")
MANIFEST_BEFORE_COMMIT: Final = declare("manifest.before_commit")
MANIFEST_AFTER_COMMIT: Final = declare("manifest.after_commit")
REAPER_BEFORE_UNLINK: Final = declare("reaper.before_unlink")
REAPER_AFTER_UNLINK: Final = declare("reaper.after_unlink")
PURGE_AFTER_BATCH: Final = declare("purge.after_batch")
SHIP_AFTER_READ: Final = declare("ship.after_read")
SHIP_AFTER_COPY: Final = declare("ship.after_copy")
SHIP_BEFORE_COMMIT: Final = declare("ship.before_commit")
SHIP_AFTER_COMMIT: Final = declare("ship.after_commit")
SHIP_BEFORE_UNLINK: Final = declare("ship.before_unlink")
SHIP_AFTER_UNLINK: Final = declare("ship.after_unlink")
FORWARD_AFTER_PENDING: Final = declare("forward.after_pending")
FORWARD_AFTER_BUFFER: Final = declare("forward.after_buffer")
FORWARD_AFTER_MARK: Final = declare("forward.after_mark")
FORWARD_AFTER_SEND: Final = declare("forward.after_send")
FORWARD_BEFORE_CONFIRM: Final = declare("forward.before_confirm")
FORWARD_AFTER_CONFIRM: Final = declare("forward.after_confirm")

REGISTERED: Final[frozenset[str]] = frozenset(_declared)


def fp(name: str) -> None:
    """Take the effect armed for `name`, if any.

    Raises OSError with errno EIO or ENOSPC for those effects, and KeyError for an undeclared name while any
    failpoint is armed or logged (so that a test run finds the typo, at no cost in production).
    """
    if _quiet:
        return
    _hit(name)


def reload(environment: Mapping[str, str] | None = None) -> None:
    """Read WHARF_FAILPOINTS and WHARF_FAILPOINTS_LOG again, from `environment` or the process's own.

    Raises ValueError for an unknown name or effect: a typo must not silently test nothing.
    """
    global _armed, _log, _quiet
    source = os.environ if environment is None else environment
    _armed = _parse(source.get("WHARF_FAILPOINTS", ""))
    _log = source.get("WHARF_FAILPOINTS_LOG") or None
    _quiet = not _armed and _log is None


def _parse(value: str) -> dict[str, Effect]:
    """`name:effect[,name:effect...]` as a dict; ValueError when a part is malformed or unknown."""
    armed: dict[str, Effect] = {}
    for part in filter(None, (piece.strip() for piece in value.split(","))):
        name, _, effect = part.partition(":")
        if name not in REGISTERED:
            raise ValueError(f"WHARF_FAILPOINTS names {name!r}, which no code declares")
        armed[name] = Effect(effect)
    return armed


def _hit(name: str) -> None:
    if name not in REGISTERED:
        raise KeyError(f"failpoint {name!r} is not declared")
    if _log is not None:
        _record(_log, name)
    match _armed.get(name):
        case Effect.KILL9:
            _die()
        case Effect.EIO:
            raise OSError(errno.EIO, f"failpoint {name}")
        case Effect.ENOSPC:
            raise OSError(errno.ENOSPC, f"failpoint {name}")
        case Effect.SLEEP:
            time.sleep(SLEEP_SECONDS)


def _record(path: str, name: str) -> None:
    # One short O_APPEND write per hit: lines of many processes never mix, and a hit that kills is still seen.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{name}\n".encode())
    finally:
        os.close(descriptor)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    # Another thread may run on for a moment; this one must not take a single further step.
    while True:
        signal.pause()


reload()
