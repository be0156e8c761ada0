"""Streaming bytes between a client and one staged file: written, hashed, flat in memory at any size."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from core import failpoints
from core.blobstore.base import PROGRESS_BYTES
from core.blobstore.faults import translated
from core.errors import StorageFailed
from core.failpoints import fp
from core.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.blobstore.base import Piece
    from core.oci.digest import Algorithm

PIECE_BYTES: Final = 1024 * 1024
WINDOW_BYTES: Final = 16 * 1024 * 1024
SMALL_BYTES: Final = 64 * 1024 * 1024


class TailWriter:
    """Writes pieces one after another from `offset`, and hashes them when `offset` is 0."""

    def __init__(
        self, descriptor: int, offset: int, *, algorithm: Algorithm, progress: Callable[[int], None]
    ) -> None:
        self.position = offset
        self._descriptor = descriptor
        self._start = offset
        self._hash = algorithm.new() if offset == 0 else None
        self._watch = Watch(progress, offset)

    @property
    def digest(self) -> Digest | None:
        """Digest of all content so far, None when its beginning was written by an earlier call."""
        return None if self._hash is None else Digest.from_bytes(self._hash.digest())

    @property
    def disowned(self) -> bool:
        """The progress callback refused to go on: the file may have another writer."""
        return self._watch.refused

    def add(self, piece: Piece) -> None:
        """Write and hash one piece of any length.

        Raises StorageFull, StorageFailed, or what `progress` raised.
        """
        with memoryview(piece) as whole, whole.cast("B") as view:
            for start in range(0, len(view), PIECE_BYTES):
                self._write(view[start : start + PIECE_BYTES])

    def _write(self, view: memoryview) -> None:
        before = self.position
        with translated("writing an upload"):
            while view:
                written = os.pwrite(self._descriptor, view, self.position)
                self._update(view[:written])
                self.position += written
                view = view[written:]
            fp(failpoints.UPLOAD_AFTER_WRITE)
        self._write_behind(before)
        self._watch.reached(self.position)

    def _update(self, view: memoryview) -> None:
        if self._hash is not None:
            self._hash.update(view)

    def _write_behind(self, before: int) -> None:
        """Past each window of a large upload: start writing that window out, drop the one before from memory.

        DONTNEED does both: dirty pages begin to be written, clean ones are freed. So 20 GB never pile up as
        dirty pages whose final sync would stall, and they push nobody's hot blobs out of the page cache.
        """
        boundary = self.position // WINDOW_BYTES * WINDOW_BYTES
        if boundary <= before or self.position - self._start < SMALL_BYTES:
            return
        start = max(boundary - 2 * WINDOW_BYTES, 0)
        # Advice a file system does not understand must not fail an upload.
        with suppress(OSError):
            os.posix_fadvise(self._descriptor, start, boundary - start, os.POSIX_FADV_DONTNEED)


class Watch:
    """Calls `progress` once per PROGRESS_BYTES and remembers whether it refused."""

    def __init__(self, progress: Callable[[int], None], position: int) -> None:
        self.refused = False
        self._progress = progress
        self._next = position + PROGRESS_BYTES

    def reached(self, position: int) -> None:
        """Tell that all before `position` is done; raises what the callback raises."""
        if position < self._next:
            return
        self._next = position + PROGRESS_BYTES
        try:
            self._progress(position)
        except BaseException:
            self.refused = True
            raise


def digest_of_file(
    descriptor: int, algorithm: Algorithm, size: int, *, progress: Callable[[int], None]
) -> Digest:
    """Digest of the first `size` bytes of a file that holds at least as many. Raises StorageFailed."""
    hasher, watch, position = algorithm.new(), Watch(progress, 0), 0
    buffer = memoryview(bytearray(min(PIECE_BYTES, size)))
    while position < size:
        with translated("reading an upload back"):
            count = os.preadv(descriptor, [buffer[: size - position]], position)
        if count == 0:
            raise StorageFailed("the blob storage lost bytes of an upload while they were read back")
        hasher.update(buffer[:count])
        position += count
        watch.reached(position)
    return Digest.from_bytes(hasher.digest())
