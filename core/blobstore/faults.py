"""Operating system errors as the storage errors of the domain."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from core.errors import StorageFailed, StorageFull, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn an OSError inside into StorageFull (no room, quota) or StorageFailed (all else)."""
    try:
        yield
    except OSError as error:
        raise fault(doing, error) from error


@contextmanager
def syncing(doing: str) -> Iterator[None]:
    """Turn any OSError of a sync into StorageFailed, lack of room too.

    The kernel reports a lost write once and then forgets it: a second fsync would succeed over missing data.
    """
    try:
        yield
    except OSError as error:
        raise failed(doing, error) from error


def fault(doing: str, error: OSError) -> Unavailable:
    """The domain error for a failed system call."""
    if error.errno in NO_ROOM:
        return StorageFull(
            "the blob storage is full: try again when there is room",
            retry_after=30,
            doing=doing,
            errno=_name(error),
        )
    return failed(doing, error)


def failed(doing: str, error: OSError) -> StorageFailed:
    """StorageFailed naming the act and the errno; no path, as the message travels to clients."""
    return StorageFailed(
        f"the blob storage failed ({_name(error)}) while {doing}", doing=doing, errno=_name(error)
    )


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "unknown error")
