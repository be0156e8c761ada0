"""One staged file of the file system driver: made, claimed by one writer at a time, cut, synced."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from core.blobstore.faults import syncing, translated
from core.blobstore.paths import staging_name
from core.blobstore.volume import FILE_MODE
from core.errors import UploadOutOfOrder, UploadUnknown
from core.failpoints import fp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from core.blobstore.base import Session

FRESH: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
EXISTING: Final = os.O_RDWR | os.O_NOFOLLOW


def create(uploads: int, upload_id: UUID) -> None:
    """Make an empty staged file in the folder `uploads`. Raises StorageFull, StorageFailed."""
    with translated("starting an upload"):
        descriptor = os.open(staging_name(upload_id), FRESH, FILE_MODE, dir_fd=uploads)
        try:
            # Said again because the process's umask has had its say in open().
            os.fchmod(descriptor, FILE_MODE)
        finally:
            os.close(descriptor)


@contextmanager
def claimed(uploads: int, session: Session, at_least: int) -> Iterator[int]:
    """The staged file, open and locked against every other process and thread until the block ends.

    Raises UploadUnknown (none, or shorter than `at_least` bytes), UploadOutOfOrder (another writer),
    StorageFailed.
    """
    name = staging_name(session.upload_id)
    descriptor = _open(uploads, name)
    try:
        with translated("claiming an upload"):
            _lock(descriptor, at_least)
            _require_current(uploads, name, descriptor)
            if os.fstat(descriptor).st_size < at_least:
                raise unknown()
        yield descriptor
    finally:
        os.close(descriptor)


def _open(uploads: int, name: str) -> int:
    with translated("opening an upload"):
        try:
            return os.open(name, EXISTING, dir_fd=uploads)
        except FileNotFoundError:
            raise unknown() from None


def _lock(descriptor: int, offset: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UploadOutOfOrder("another request is writing to this upload", offset=offset) from None


def _require_current(uploads: int, name: str, descriptor: int) -> None:
    # Between our open and our lock the last holder may have published this very file: it must not be cut now.
    try:
        found = os.stat(name, dir_fd=uploads, follow_symlinks=False)
    except FileNotFoundError:
        raise unknown() from None
    if not os.path.samestat(found, os.fstat(descriptor)):
        raise unknown()


def cut(descriptor: int, size: int) -> None:
    """Drop bytes at and after `size`, which nobody was promised. Raises StorageFailed."""
    with translated("cutting an upload back"):
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)


def sync_data(descriptor: int, failpoint: str) -> None:
    """fdatasync, then `failpoint`. Raises StorageFailed: the file is not to be trusted any more."""
    with syncing("making an upload durable"):
        os.fdatasync(descriptor)
        fp(failpoint)


def unknown() -> UploadUnknown:
    """The session is gone, or bytes it had acknowledged are: the client must start again."""
    return UploadUnknown("this upload does not exist or has lost its bytes: start it again")
