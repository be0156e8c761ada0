"""The blobs of a backup: copied out of the store while it serves, put back under the keys they had.

Which blobs, says a listing: a text file of lines "<key> <size in bytes>" in byte order of the keys, written from the snapshot
of the database that the backup keeps. Memory is flat in the number of blobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from artifacts.storage import store
from core.blobstore.base import BlobDamaged, BlobMissing
from core.blobstore.copying import Copies, Unreadable, forget, has_digest, pieces
from core.blobstore.paths import digest_of
from core.errors import DigestMismatch

__all__ = ["BLOBS_OF_A_SNAPSHOT", "Fault", "Totals", "copy_out", "forget", "put_back", "read_listing"]

BLOBS_OF_A_SNAPSHOT = 'SELECT storage_key, size FROM blob ORDER BY storage_key COLLATE "C"'


@dataclass(frozen=True, slots=True)
class Listed:
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A blob that could not be copied, and why, in words for people."""

    key: str
    reason: str


@dataclass(slots=True)
class Totals:
    """What was done so far: files and bytes copied, files that were there already."""

    copied: int = 0
    copied_bytes: int = 0
    present: int = 0
    present_bytes: int = 0

    @property
    def files(self) -> int:
        return self.copied + self.present

    @property
    def bytes(self) -> int:
        return self.copied_bytes + self.present_bytes

    def note_copied(self, size: int) -> None:
        self.copied += 1
        self.copied_bytes += size

    def note_present(self, size: int) -> None:
        self.present += 1
        self.present_bytes += size


Progress = Callable[[Totals], None]


def read_listing(path: Path) -> Iterator[Listed]:
    """The blobs a listing names, in its order. Raises ValueError for a line that is none."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            key, _, size = line.rstrip("\n").partition(" ")
            yield Listed(key, int(size))


def copy_out(listing: Path, folder: Path, *, totals: Totals, progress: Progress) -> Iterator[Fault]:
    """Copy the listed blobs into `folder`; yields those that are missing or damaged in the store, and goes on.

    Raises StorageFull, StorageFailed when the folder takes no more.
    """
    with Copies(folder) as copies:
        for each in read_listing(listing):
            if copies.has(each.key, each.size):
                totals.note_present(each.size)
            elif (fault := _copy(copies, each)) is not None:
                yield fault
            else:
                totals.note_copied(each.size)
            progress(totals)


def _copy(copies: Copies, each: Listed) -> Fault | None:
    try:
        stream = store().open(each.key, size=each.size)
    except (BlobMissing, BlobDamaged) as damage:
        return Fault(each.key, damage.message)
    with stream:
        try:
            copies.add(each.key, stream)
        except (DigestMismatch, Unreadable) as damage:
            return Fault(each.key, damage.message)
    return None


def put_back(listing: Path, folder: Path, *, totals: Totals, progress: Progress) -> Iterator[Fault]:
    """Lay the store out and put the listed blobs into it from `folder`; yields those the backup lacks, and goes on.

    A blob that the store still holds is read back, and replaced where its bytes are wrong. Raises StorageFull, StorageFailed.
    """
    store().prepare()
    for each in read_listing(listing):
        if _is_whole(each):
            totals.note_present(each.size)
        elif (fault := _put_back(each, folder / each.key)) is not None:
            yield fault
        else:
            totals.note_copied(each.size)
        progress(totals)


def _is_whole(each: Listed) -> bool:
    try:
        stream = store().open(each.key, size=each.size)
    except (BlobMissing, BlobDamaged):
        return False
    with stream:
        try:
            return has_digest(stream, digest_of(each.key))
        except Unreadable:
            return False  # a fresh copy takes its name


def _put_back(each: Listed, copy: Path) -> Fault | None:
    try:
        stream = copy.open("rb", buffering=0)
    except FileNotFoundError:
        return Fault(each.key, "the backup has no copy of this blob")
    with stream:
        try:
            store().put_back(each.key, pieces(stream))
        except (DigestMismatch, Unreadable):
            return Fault(each.key, "the copy in the backup is damaged")
    return None
