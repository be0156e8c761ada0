"""One line per pulled manifest, in a local spool: a pull writes no database row and never fails for this.

A file belongs to one process and is only appended to, so a killed process loses nothing it has written; a
power failure loses at most the last second. Its writer holds a lock on it (flock) for as long as it may append:
the kernel takes the lock back whatever ends the process, so audit.spool knows by it which files are whole. The
format is one JSON object a line, either a pull (`PullLine`) or {"gap": n, "since": ts, "until": ts}: n lines
that could not be written.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import re
import socket
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import orjson
import structlog
from django.conf import settings

from access.principal import Principal
from audit.detail import MAX_AGENT, MAX_REQUEST_ID, address, clean

# Of 64 processes, half of the spool at most is shipped and kept only because its writer goes on with the file.
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_SPOOL_BYTES = 1024 * 1024 * 1024
SYNC_SECONDS = 1.0
COMPLAIN_SECONDS = 60.0
# A process that is killed while it cannot write takes at most the counts of so long with it.
GAP_SECONDS = 10.0
OPEN_ATTEMPTS = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PullLine:
    """A manifest GET answered with 200. `ts`: UTC in ISO 8601; `tag`: "" by digest; `n`: how many alike."""

    ts: str
    actor_kind: str
    actor_id: int
    actor_name: str
    project_id: int
    repository_id: int
    repository: str
    digest: str
    tag: str
    ip: str | None
    agent: str
    request_id: str
    n: int = 1

    @classmethod
    def of(
        cls,
        actor: Principal,
        *,
        project_id: int,
        repository_id: int,
        repository: str,
        digest: str,
        tag: str = "",
    ) -> PullLine:
        """The line for a pull that is being answered now."""
        return cls(
            ts=_now(),
            actor_kind=str(actor.kind),
            actor_id=actor.id,
            actor_name=actor.name,
            project_id=project_id,
            repository_id=repository_id,
            repository=repository,
            digest=digest,
            tag=tag,
            ip=_address(actor.origin.ip),
            agent=clean(actor.origin.agent, MAX_AGENT),
            request_id=clean(actor.origin.request_id, MAX_REQUEST_ID),
        )


class PullSpool:
    """The spool files of one process in `folder`. Thread-safe; a forked child calls `forked` first."""

    def __init__(
        self,
        folder: Path,
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
        max_spool_bytes: int = MAX_SPOOL_BYTES,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self._folder = folder
        self._max_file_bytes = max_file_bytes
        self._max_spool_bytes = max_spool_bytes
        self._sync_seconds = sync_seconds
        self._lock = threading.Lock()
        self._file = -1
        self._written = 0
        self._syncing: threading.Timer | None = None
        self._spooled = 0
        self._measured_at = float("-inf")
        self._lost = 0
        self._lost_since = ""
        self._told_at = float("-inf")
        self._torn = False
        self._complained_at = float("-inf")

    def note(self, line: PullLine) -> None:
        """Append the line, or count it as lost. Never raises."""
        with self._lock:
            try:
                self._append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            except Exception as failure:  # noqa: BLE001 - a pull never fails for its bookkeeping, whatever is wrong
                self._lose(repr(failure))
            self._sync_soon()

    def close(self) -> None:
        """Make what was written durable and let go of the file."""
        with self._lock:
            self._tell_gap()
            self._close()

    def forked(self) -> None:
        """In a child: leave the parent's file, lock and timer alone; what it lost is its own to report."""
        if self._file >= 0:
            os.close(self._file)
        self._lock = threading.Lock()
        self._file, self._syncing, self._lost, self._torn = -1, None, 0, False

    def _append(self, line: bytes) -> None:
        if not self._has_room(len(line)):
            self._lose("the spool is full")
            return
        self._have_file(len(line))
        self._write_gap()
        self._write(line)

    def _have_file(self, wanted: int) -> None:
        if self._file >= 0 and self._written + wanted > self._max_file_bytes:
            self._close()
        if self._file < 0:
            self._open()

    def _write_gap(self) -> None:
        if self._lost:
            gap = {"gap": self._lost, "since": self._lost_since, "until": _now()}
            self._write(json.dumps(gap).encode() + b"\n")
            self._lost, self._told_at = 0, time.monotonic()

    def _tell_gap(self) -> None:
        """Write how many lines were lost though no line follows; a full spool has room for this."""
        if self._lost:
            with contextlib.suppress(OSError):  # it stays counted, and is tried again
                self._have_file(0)
                self._write_gap()

    def _write(self, line: bytes) -> None:
        if self._torn:  # the last write ended inside a line
            line = b"\n" + line
        written = os.write(self._file, line)
        self._written += written
        self._spooled += written
        self._torn = written != len(line)
        if written < len(line) - 1:  # all but the newline is a line
            raise OSError(f"{written} of {len(line)} bytes written")

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        for _ in range(OPEN_ATTEMPTS):
            path = self._folder / f"{host}.{os.getpid()}.{time.time_ns()}.jsonl"
            file = os.open(path, flags, 0o640)
            if _owned(file):
                break
            os.close(file)
        else:
            raise OSError("no new file of the spool could be locked")
        self._file, self._written, self._torn = file, 0, False
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # else a power failure could forget the file's name
        finally:
            os.close(folder)

    def _close(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
            self._syncing = None
        if self._file >= 0:
            file, self._file = self._file, -1
            try:
                os.fdatasync(file)
            finally:
                os.close(file)

    def _sync_soon(self) -> None:
        if self._syncing is None:
            self._syncing = threading.Timer(self._sync_seconds, self._sync)
            self._syncing.daemon = True
            self._syncing.start()

    def _sync(self) -> None:
        with self._lock:
            self._syncing = None
            if self._lost:
                if time.monotonic() - self._told_at >= GAP_SECONDS:
                    self._tell_gap()
                self._sync_soon()
            # A duplicate outlives a rotation in between, and the lock is not held while the disk works.
            file = os.dup(self._file) if self._file >= 0 else -1
        if file < 0:
            return
        try:
            os.fdatasync(file)
        except OSError as failure:
            log.error("pull spool not synced", error=repr(failure))
        finally:
            os.close(file)

    def _has_room(self, wanted: int) -> bool:
        """Whether the folder, with all processes' files, stays below the cap (measured once a second)."""
        now = time.monotonic()
        if now - self._measured_at >= 1.0:
            self._measured_at, self._spooled = now, _bytes_in(self._folder)
        return self._spooled + wanted <= self._max_spool_bytes

    def _lose(self, reason: str) -> None:
        if not self._lost:
            self._lost_since = _now()
        self._lost += 1
        now = time.monotonic()
        if now - self._complained_at >= COMPLAIN_SECONDS:
            self._complained_at = now
            log.error("pulls are not being recorded", lost=self._lost, reason=reason)


def _owned(file: int) -> bool:
    """Lock a file just made. False when the shipper was here first: it takes a file without a lock for left, and removes it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks, on which the shipper finds none either and removes nothing
        return True
    return os.fstat(file).st_nlink > 0


def _bytes_in(folder: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.name.endswith(".jsonl"))
    except FileNotFoundError:  # no folder yet, or the shipper removed a file meanwhile
        return 0


# The same clients come again and again, and to read an address takes as long as to write the line.
_address = lru_cache(maxsize=4096)(address)


def _now() -> str:
    return datetime.now(UTC).isoformat()


_spool: PullSpool | None = None
_spool_lock = threading.Lock()


def note(line: PullLine) -> None:
    """Record a pull in this process's spool (settings.WHARF_SPOOL / "pulls"). Never raises."""
    (_spool or _shared()).note(line)


def _shared() -> PullSpool:
    global _spool
    with _spool_lock:
        if _spool is None:
            _spool = PullSpool(Path(settings.WHARF_SPOOL) / "pulls")
            atexit.register(_spool.close)
        return _spool


def _after_fork() -> None:
    global _spool_lock
    _spool_lock = threading.Lock()
    if _spool is not None:
        _spool.forked()


os.register_at_fork(after_in_child=_after_fork)
