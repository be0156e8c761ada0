"""The files in which the processes of one gunicorn keep their counts: a folder of its own, empty at its start.

Imports prometheus_client late: when it is imported it decides, by PROMETHEUS_MULTIPROC_DIR, whether to count in files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
OWNER_LOCK: Final = "owner.lock"
SCRAPE_LOCK: Final = "scrape.lock"
# Kinds whose counts must outlive the process that made them; gauges die with it.
LASTING: Final = ("counter", "histogram")

_unmerged: set[int] = set()
_held: list[int] = []


def prepare(parent: Path) -> Path:
    """Make the folder of this server below `parent`, remove those of servers that are gone, and name it in the environment.

    A folder given in the environment is used as it is: whoever gave it cleans it.
    """
    if given := os.environ.get(VARIABLE):
        return Path(given)
    parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with _locked(parent / OWNER_LOCK, fcntl.LOCK_EX):
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix="server-", dir=parent))
        _held.append(_own(folder))
    os.environ[VARIABLE] = str(folder)
    return folder


def _sweep(parent: Path) -> None:
    for folder in parent.glob("server-*"):
        with contextlib.suppress(OSError):
            os.close(_own(folder))  # BlockingIOError where a process of that server lives
            shutil.rmtree(folder, ignore_errors=True)


def _own(folder: Path) -> int:
    """The lock that marks a folder as in use; forked workers inherit it, so it is free when the last of them is gone."""
    descriptor = os.open(folder / OWNER_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def _locked(path: Path, mode: int) -> Iterator[None]:
    """Hold flock `mode` of `path`. Raises BlockingIOError where LOCK_NB is part of it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, mode)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """No counts are moved between files meanwhile: seen twice they would look like a jump, and then like a restart."""
    with _locked(folder / SCRAPE_LOCK, fcntl.LOCK_SH):
        yield


def bury(pid: int) -> None:
    """The process `pid` has ended: its gauges end, its counts move into one file, so that restarts do not pile up files."""
    from prometheus_client import multiprocess

    folder = Path(os.environ[VARIABLE])
    multiprocess.mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
    _unmerged.add(pid)
    # The caller restarts workers: it must not wait for a scrape. What is left is moved the next time.
    with contextlib.suppress(BlockingIOError), _locked(folder / SCRAPE_LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB):
        while _unmerged:
            gone = _unmerged.pop()
            for kind in LASTING:
                _move(folder / f"{kind}_{gone}.db", folder / f"{kind}_gone.db")


def _move(source: Path, target: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict

    if not source.exists():
        return
    kept = MmapedDict(str(target))  # type: ignore[no-untyped-call]
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(source)):  # type: ignore[no-untyped-call]
            before, _ = kept.read_value(key)  # type: ignore[no-untyped-call]
            kept.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call]
    finally:
        kept.close()  # type: ignore[no-untyped-call]
    source.unlink()
