"""One `wharf up` per data folder: a flock that every child inherits, so it is free only when all of them
are gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

# Children of a killed supervisor end by themselves (PR_SET_PDEATHSIG); PostgreSQL writes a last checkpoint
# first.
ORPHANS_TIMEOUT = 60.0


class DataInUse(Exception):
    """Another instance uses the data folder; the message is one line."""


def acquire(path: Path) -> int:
    """The inheritable descriptor that holds the lock. Raises DataInUse."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + ORPHANS_TIMEOUT
    while not _try(descriptor):
        holder = _holder(descriptor)
        if holder is not None or time.monotonic() > deadline:
            os.close(descriptor)
            who = f" (process {holder})" if holder else ""
            raise DataInUse(
                f"another instance{who} is running on {path.parent}; stop it or set another WHARF_DATA"
            )
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {_started(os.getpid())}\n".encode(), 0)
    return descriptor


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> int | None:
    """The supervisor that wrote the file, when that very process still lives; else only its orphans hold
    the lock."""
    with contextlib.suppress(ValueError):
        pid, started = os.pread(descriptor, 100, 0).decode("ascii").split()
        if started and _started(int(pid)) == started:
            return int(pid)
    return None


def _started(pid: int) -> str:
    """Start time of a living process in clock ticks (proc(5), field 22); '' when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if not _alive(pid) else "alive"
    return "" if fields[0] in ("Z", "X") else fields[19]


def _alive(pid: int) -> bool:
    # Systems without /proc.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not Path("/proc").is_dir()
