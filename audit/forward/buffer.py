"""The messages of this host that are collected and not yet known to have arrived: files of records, only ever appended to.

A record is the size of its message, a CRC, the time of the event and the message. What `append` has returned from is durable; a
torn end is found by its CRC and left alone, because whoever was killed while he wrote it collects it again. One process at a
time has the folder (flock); one thread of it appends, another one reads.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog

SEGMENT_BYTES: Final = 8 * 1024 * 1024
MAX_BYTES: Final = 1024 * 1024 * 1024
SUFFIX: Final = ".messages"
HEAD: Final = struct.Struct(">IIq")
MOST_MESSAGE: Final = 65_535
# The size of a message, which holds no NUL itself: few other places are tried, and none in a stretch of zeros.
_BEGINNING: Final = re.compile(rb"(?=\0\0(?!\0\0))")
_STATE: Final = "state.json"

log = structlog.get_logger(__name__)


class Position(NamedTuple):
    """Everything before this byte of this segment."""

    segment: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in order; `end`: where the next one stands; `oldest`: the time of the first, in microseconds since 1970."""

    messages: list[bytes]
    end: Position
    oldest: int = 0


def packed(moment: int, message: bytes) -> bytes:
    """A record."""
    stamp = moment.to_bytes(8, "big", signed=True)
    return HEAD.pack(len(message), zlib.crc32(message, zlib.crc32(stamp)), moment) + message


def unpacked(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Time, message and end of each whole record of `data`; stops at the first that is not."""
    start = 0
    while start + HEAD.size <= len(data):
        size, code, moment = HEAD.unpack_from(data, start)
        message = data[start + HEAD.size : start + HEAD.size + size]
        start += HEAD.size + size
        stamp = moment.to_bytes(8, "big", signed=True)
        if len(message) != size or zlib.crc32(message, zlib.crc32(stamp)) != code:
            return
        yield moment, message, start


def _next_record(data: bytes) -> int:
    """Where the first whole record after a damaged one begins, the length of `data` without one."""
    for found in _BEGINNING.finditer(data, 1):
        if next(unpacked(data[found.start() : found.start() + HEAD.size + MOST_MESSAGE]), None) is not None:
            return found.start()
    return len(data)


def segments(folder: Path) -> list[int]:
    """Numbers of the files there are, in order; none without a folder."""
    with contextlib.suppress(FileNotFoundError):
        found = [path.stem for path in folder.iterdir() if path.suffix == SUFFIX]
        return sorted(int(name) for name in found if name.isdecimal())
    return []


def path_of(folder: Path, segment: int) -> Path:
    return folder / f"{segment:012d}{SUFFIX}"


def state_of(folder: Path) -> dict[str, Any]:
    """What was last written of the position and of what was sent; empty where there is nothing to read."""
    try:
        found = json.loads((folder / _STATE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def position_in(state: dict[str, Any]) -> Position:
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return Position(int(state["segment"]), int(state["offset"]))
    return Position()


def replace(path: Path, data: bytes) -> None:
    """Write a small file so that there is always a whole one. Raises OSError."""
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Buffer:
    """The folder, held by this process. `changed`: notified when there is more to read."""

    def __init__(
        self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = folder
        self.changed = threading.Condition()
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._lock = -1
        self._file = -1
        self._ends: dict[int, int] = {}
        self._current = 0

    def hold(self) -> bool:
        """Whether the folder is ours, from now on until the process ends. Raises OSError."""
        if self._lock >= 0:
            return True
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._ends = {each: path_of(self.folder, each).stat().st_size for each in segments(self.folder)}
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._lock = descriptor
        # What another process has begun is never appended to: its end may be torn.
        self._current = max([position_in(state_of(self.folder)).segment, *self._ends]) + 1
        return True

    def has_room(self) -> bool:
        """Whether more may be collected: what does not fit waits in the database."""
        with self.changed:
            return sum(self._ends.values()) < self._max_bytes

    def append(self, records: Iterable[bytes]) -> None:
        """Add records, durably. Raises OSError; then none of them counts as added."""
        data = b"".join(records)
        if not data:
            return
        if self._file < 0:
            self._begin()
        try:
            self._write(data)
        except OSError:
            self._finish()
            raise
        with self.changed:
            self._ends[self._current] += len(data)
            is_full = self._ends[self._current] >= self._segment_bytes
            self.changed.notify_all()
        if is_full:
            self._finish()

    def _begin(self) -> None:
        path = path_of(self.folder, self._current)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        with self.changed:
            self._ends[self._current] = 0
        sync_folder(self.folder)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]
        os.fdatasync(self._file)

    def _finish(self) -> None:
        """No more into this file: it is full, or its end is torn."""
        os.close(self._file)
        with self.changed:
            self._file, self._current = -1, self._current + 1

    def read(self, position: Position, most_bytes: int) -> Batch:
        """What follows `position`, about `most_bytes` of it and at least one message where there is one. Raises OSError."""
        for segment in self._from(position):
            start = position.offset if segment == position.segment else 0
            end = self._end(segment)
            if start < end:
                batch = self._parsed(segment, start, min(end, start + most_bytes), end)
                if batch.messages:
                    return batch
            if segment >= self._current:
                return Batch([], Position(segment, start))
        return Batch([], position)

    def _from(self, position: Position) -> list[int]:
        with self.changed:
            return sorted(number for number in self._ends if number >= position.segment)

    def _end(self, segment: int) -> int:
        with self.changed:
            return self._ends.get(segment, 0)

    def _parsed(self, segment: int, start: int, upto: int, end: int) -> Batch:
        descriptor = os.open(path_of(self.folder, segment), os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(descriptor, upto - start, start)
            found = list(unpacked(data))
            if not found and len(data) >= HEAD.size:
                size = HEAD.unpack_from(data)[0]  # one that is longer than what was asked for
                found = list(unpacked(os.pread(descriptor, min(HEAD.size + size, end - start), start)))
            following = end if found else _next_record(os.pread(descriptor, end - start, start)) + start
        finally:
            os.close(descriptor)
        if not found:
            log.error("messages in the buffer are torn or damaged", segment=segment, bytes=following - start)
            return (
                self._parsed(segment, following, end, end)
                if following < end
                else Batch([], Position(segment, end))
            )
        return Batch(
            [message for _, message, _ in found], Position(segment, start + found[-1][2]), found[0][0]
        )

    def confirm(self, position: Position, facts: dict[str, Any]) -> None:
        """Everything before `position` has arrived; `facts` are kept beside it for whoever asks. Raises OSError."""
        # First what makes room: on a full disk nothing can be noted before. A position in a file that is gone means the next.
        with self.changed:
            gone = [number for number in self._ends if number < position.segment]
        for number in gone:
            path_of(self.folder, number).unlink(missing_ok=True)
            with self.changed:
                del self._ends[number]
        self.note(position, facts)

    def note(self, position: Position, facts: dict[str, Any]) -> None:
        """Write the state. Raises OSError."""
        state = {**facts, "segment": position.segment, "offset": position.offset}
        replace(self.folder / _STATE, json.dumps(state).encode())
