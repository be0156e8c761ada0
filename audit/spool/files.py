"""The spool files of a folder, as their reader sees them: which there are, what is new in one, whether its writer is gone.

A writer locks its file for as long as it may append (audit.pulls), so a file that can be locked here is whole: its process has
moved on or has ended, however it did, on this host before its last boot or in a container whose process ids mean nothing here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole lines of a file: `data` stands at `start`."""

    name: str
    start: int
    data: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    def halves(self) -> tuple[Stretch, Stretch] | None:
        """Cut between two lines near the middle; None for a single line."""
        cut = self.data.find(b"\n", len(self.data) // 2) + 1
        if cut in (0, len(self.data)):
            cut = self.data.rfind(b"\n", 0, len(self.data) - 1) + 1
        if cut == 0:
            return None
        return Stretch(self.name, self.start, self.data[:cut]), Stretch(
            self.name, self.start + cut, self.data[cut:]
        )


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One file, open. While it is `whole` nobody appends to it: we hold its lock, and no writer keeps a file without a name."""

    path: Path
    descriptor: int
    whole: bool
    size: int

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, position: int, limit: int) -> Stretch | None:
        """The lines from `position` on, of about `limit` bytes; None when there is no whole one.

        The last line of a whole file needs no newline: what is torn stays torn. So does a "line" longer than `limit`.
        """
        data = os.pread(self.descriptor, limit, position)
        end = data.rfind(b"\n") + 1
        is_last = self.whole and position + len(data) >= self.size
        if is_last or (end == 0 and len(data) == limit):
            end = len(data)
        return Stretch(self.name, position, data[:end]) if end else None


def names(folder: Path) -> list[str]:
    """The spool files in `folder`, those begun first at the head; none when it does not exist. Raises OSError."""
    try:
        # What cannot be printed cannot be told to the database, and was not made by us.
        found = [
            entry.name
            for entry in os.scandir(folder)
            if entry.name.endswith(SUFFIX) and entry.name.isprintable()
        ]
    except FileNotFoundError:
        return []
    return sorted(found, key=_age)


def _age(name: str) -> tuple[int, str]:
    begun = name.removesuffix(SUFFIX).rpartition(".")[2]
    return (int(begun) if begun.isdecimal() else 0), name


@contextlib.contextmanager
def opened(path: Path) -> Iterator[SpoolFile]:
    """The file, open for reading, and locked where its writer is gone. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        # First the lock, then the size: what a writer appended before it let go is part of it.
        whole = _lockable(descriptor)
        yield SpoolFile(path, descriptor, whole, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def _lockable(descriptor: int) -> bool:
    """A shared lock, because NFS gives an exclusive one only to who may write."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # held by the writer, or a file system without locks: then it is never known to be whole
        return False
    return True


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether no other process ships this folder meanwhile. The folder itself is locked: that works on a read-only disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:  # without locks the positions in the database keep two of us apart
            yield True
        else:
            yield True
    finally:
        os.close(descriptor)


def spooled(folder: Path) -> int:
    """Bytes in the files of the folder, shipped or not. Raises OSError."""
    total = 0
    for name in names(folder):
        with contextlib.suppress(FileNotFoundError):  # removed meanwhile
            total += (folder / name).stat().st_size
    return total
