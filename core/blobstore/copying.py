"""Copies of blobs outside the store, for backups: proven by their digest while they are written, durable before they are named.

A copy lies at <folder>/<key>. Keys are never used twice, so one of the right length is whole: an earlier run made it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from core.blobstore import paths
from core.blobstore.faults import translated
from core.errors import DigestMismatch, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO, Self

    from core.oci.digest import Digest

PIECE_BYTES: Final = 1024 * 1024
# Synced together: the first sync of a batch pays for the file system's journal, the others find it written.
BATCH_FILES: Final = 64
BATCH_BYTES: Final = 256 * 1024 * 1024
PART: Final = ".part"
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


class Unreadable(StorageFailed):
    """The bytes of one blob cannot be read (a bad sector); others may."""


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """All bytes of a stream, at most 1 MiB at a time. Raises Unreadable."""
    while True:
        try:
            piece = stream.read(PIECE_BYTES)
        except OSError as error:
            raise Unreadable(f"the bytes cannot be read ({error.strerror})") from error
        if not piece:
            return
        yield piece


def has_digest(stream: BinaryIO, expected: Digest) -> bool:
    """Whether the rest of the stream has this digest. Raises Unreadable."""
    hasher = expected.algorithm.new()
    for piece in pieces(stream):
        hasher.update(piece)
    return hasher.digest() == expected.raw


class Copies:
    """Copies under `folder`, made in batches; leave the `with` block to make the last ones durable and named.

    Not for several threads. Raises StorageFull, StorageFailed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[tuple[int, Path, Path]] = []
        self._bytes = 0
        self._shards: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        else:
            self._drop()

    def has(self, key: str, size: int) -> bool:
        """Whether the copy is there, whole as far as its length tells."""
        paths.split_key(key)
        try:
            return (self._folder / key).stat().st_size == size
        except FileNotFoundError:
            return False

    def add(self, key: str, stream: BinaryIO) -> None:
        """Copy the stream. Raises DigestMismatch, Unreadable: then no copy is kept."""
        target = self._folder / key
        part = target.with_name(target.name + PART)
        with translated("writing a copy"):
            target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
        try:
            self._bytes += _write(descriptor, key, stream)
        except BaseException:
            os.close(descriptor)
            part.unlink()
            raise
        self._open.append((descriptor, part, target))
        if len(self._open) >= BATCH_FILES or self._bytes >= BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        with translated("making copies durable"):
            for descriptor, _, _ in self._open:
                os.fdatasync(descriptor)
            for _, part, target in self._open:
                part.rename(target)
                self._shards.add(target.parent)
        self._drop()

    def _drop(self) -> None:
        """Close what is open; parts that were not renamed go."""
        for descriptor, part, _ in self._open:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                part.unlink()
        self._open.clear()
        self._bytes = 0

    def _finish(self) -> None:
        self._flush()
        for folder in (*sorted(self._shards), self._folder, self._folder.parent):
            if folder.is_dir():
                sync_folder(folder)


def _write(descriptor: int, key: str, stream: BinaryIO) -> int:
    expected = paths.digest_of(key)
    hasher, written = expected.algorithm.new(), 0
    for piece in pieces(stream):
        hasher.update(piece)
        view = memoryview(piece)
        while view:
            with translated("writing a copy"):
                count = os.write(descriptor, view)
            written += count
            view = view[count:]
    if hasher.digest() != expected.raw:
        raise DigestMismatch("the stored bytes do not have the blob's digest", key=key)
    return written


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises StorageFailed."""
    with translated("making a folder durable"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def forget(folder: Path, kept: Iterator[str]) -> int:
    """Remove copies whose keys `kept` (in byte order, repetitions allowed) does not name; returns how many. Parts go too."""
    removed, wanted = 0, next(kept, None)
    for shard in sorted(path for path in folder.iterdir() if paths.is_shard(path.name)):
        for path in sorted(shard.iterdir()):
            key = f"{shard.name}/{path.name}"
            while wanted is not None and wanted < key:
                wanted = next(kept, None)
            if key != wanted:
                path.unlink()
                removed += 1
    return removed
