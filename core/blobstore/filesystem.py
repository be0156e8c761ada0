"""The blob store on one POSIX file system (local disk, or a mount that all hosts share).

Durability is the order of calls: fdatasync(file) -> rename into `blobs/ab/` -> fsync of that folder, whose
own name was synced before. Only then does `commit` return. Staging and blobs lie in one file system, so
rename is atomic.

A writer holds flock(2) on the staging file: a stalled request whose database lease has run out can no longer
write into bytes that a later request has hashed, let alone into a published blob.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from core import failpoints
from core.blobstore import paths
from core.blobstore.base import (
    Appended,
    BlobDamaged,
    BlobMissing,
    BlobStat,
    Session,
    StagedUpload,
    StoredBlob,
    nothing,
    unwatched,
)
from core.blobstore.faults import syncing, translated
from core.blobstore.paths import BLOBS, UPLOADS, staging_name
from core.blobstore.staging import claimed, create, cut, sync_data, unknown
from core.blobstore.volume import Volume
from core.blobstore.writing import TailWriter, digest_of_file
from core.errors import DigestMismatch, StorageFailed, StorageFull
from core.failpoints import fp
from core.oci.digest import Algorithm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO
    from uuid import UUID

    from core.blobstore.base import Piece
    from core.oci.digest import Digest


class FilesystemBlobStore:
    """`BlobStore` under the folder `root`, which `prepare` lays out once.

    `minimum_free` (bytes) replaces the guard of max(5 %, 2 GiB) free space for new uploads.
    """

    def __init__(self, root: Path, *, minimum_free: int | None = None) -> None:
        self._volume = Volume(root, minimum_free=minimum_free)

    def key_of(self, session: Session, digest: Digest) -> str:
        """See BlobStore."""
        return paths.key_of(session.upload_id, digest)

    def begin(self, upload_id: UUID) -> Session:
        """See BlobStore. The name is not synced: losing it in a power loss costs a restarted upload."""
        if not self.has_room():
            raise StorageFull(
                "the blob storage is almost full: no new uploads until space is freed", retry_after=30
            )
        create(self._volume.folder(UPLOADS), upload_id)
        return Session(upload_id)

    def append(
        self,
        session: Session,
        offset: int,
        pieces: Iterable[Piece],
        *,
        algorithm: Algorithm = Algorithm.SHA256,
        progress: Callable[[int], None] = unwatched,
    ) -> Appended:
        """See BlobStore."""
        with claimed(self._volume.folder(UPLOADS), session, offset) as descriptor:
            writer = TailWriter(descriptor, offset, algorithm=algorithm, progress=progress)
            try:
                cut(descriptor, offset)
                for piece in pieces:
                    writer.add(piece)
                sync_data(descriptor, failpoints.UPLOAD_AFTER_FDATASYNC)
            except StorageFailed:
                self._discard(session)
                raise
            except BaseException:
                # Best effort: the next call cuts at its offset anyway, this only frees the space early.
                with suppress(OSError):
                    if not writer.disowned:
                        os.ftruncate(descriptor, offset)
                raise
            return Appended(writer.position, writer.digest)

    def digest_of(
        self,
        session: Session,
        algorithm: Algorithm,
        size: int,
        *,
        progress: Callable[[int], None] = unwatched,
    ) -> Digest:
        """See BlobStore."""
        with (
            claimed(self._volume.folder(UPLOADS), session, size) as descriptor,
            self._destroyed_on_failure(session),
        ):
            return digest_of_file(descriptor, algorithm, size, progress=progress)

    def commit(
        self,
        session: Session,
        expected: Digest,
        *,
        size: int,
        known: Digest | None = None,
        before_publish: Callable[[], None] = nothing,
        progress: Callable[[int], None] = unwatched,
    ) -> str:
        """See BlobStore."""
        key = self.key_of(session, expected)
        with claimed(self._volume.folder(UPLOADS), session, size) as descriptor:
            with self._destroyed_on_failure(session):
                cut(descriptor, size)
                if known is None or known.algorithm is not expected.algorithm:
                    known = digest_of_file(descriptor, expected.algorithm, size, progress=progress)
                if known != expected:
                    raise DigestMismatch(
                        f"the bytes received have the digest {known}, not {expected}: push them again"
                    )
            before_publish()
            with self._destroyed_on_failure(session):
                sync_data(descriptor, failpoints.BLOB_AFTER_FDATASYNC)
                self._publish(session, key)
        return key

    def _publish(self, session: Session, key: str) -> None:
        """Rename and sync; a second try makes the shard's folder anew. Raises UploadUnknown when aborted."""
        shard, name = paths.split_key(key)
        with translated("publishing a blob"):
            try:
                self._move(session, shard, name)
            except FileNotFoundError:
                self._volume.forget_shard(shard)
                try:
                    self._move(session, shard, name)
                except FileNotFoundError:
                    raise unknown() from None

    def _move(self, session: Session, shard: str, name: str) -> None:
        uploads = self._volume.folder(UPLOADS)
        with self._volume.shard(shard, durable=True) as folder:
            os.rename(staging_name(session.upload_id), name, src_dir_fd=uploads, dst_dir_fd=folder)
            try:
                with syncing("making a blob's name durable"):
                    fp(failpoints.BLOB_AFTER_RENAME)
                    os.fsync(folder)
                    fp(failpoints.BLOB_AFTER_DIRSYNC)
            except StorageFailed:
                # No row names this key yet, and its name may not survive: it must not look like a blob.
                with suppress(OSError):
                    os.unlink(name, dir_fd=folder)
                raise

    def abort(self, session: Session) -> None:
        """See BlobStore."""
        self._volume.remove(UPLOADS, staging_name(session.upload_id))

    def stat(self, key: str) -> BlobStat | None:
        """See BlobStore."""
        paths.split_key(key)
        blobs = self._volume.folder(BLOBS)
        with translated("looking at a blob"):
            try:
                return BlobStat(os.stat(key, dir_fd=blobs, follow_symlinks=False).st_size)
            except FileNotFoundError:
                self._volume.require_mark()
                return None

    def open(self, key: str, offset: int = 0, *, size: int | None = None) -> BinaryIO:
        """See BlobStore."""
        paths.split_key(key)
        blobs = self._volume.folder(BLOBS)
        with translated("opening a blob"):
            try:
                descriptor = os.open(key, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=blobs)
            except FileNotFoundError:
                self._volume.require_mark()
                raise BlobMissing("the bytes of this blob are missing: push it again", key=key) from None
            stream = os.fdopen(descriptor, "rb", buffering=0)
            try:
                _check_size(descriptor, size, key)
                stream.seek(offset)
            except BaseException:
                stream.close()
                raise
        return stream

    def url(self, key: str, *, seconds: int) -> str | None:  # noqa: ARG002 - the Protocol names them
        """None: the registry serves these files itself."""
        return None

    def delete(self, key: str) -> None:
        """See BlobStore. Not synced: a name that a power loss brings back is an orphan, which fsck finds."""
        paths.split_key(key)
        self._volume.remove(BLOBS, key)

    def put_back(self, key: str, pieces: Iterable[Piece]) -> None:
        """See BlobStore."""
        expected = paths.digest_of(key)
        session = self.begin(uuid4())
        try:
            found = self.append(session, 0, pieces, algorithm=expected.algorithm).digest
            if found != expected:
                raise DigestMismatch(f"these bytes have the digest {found}, not {expected}", key=key)
            self._publish(session, key)
        except BaseException:
            self._discard(session)
            raise

    def walk(self) -> Iterator[StoredBlob]:
        """See BlobStore."""
        for shard, _ in self._volume.entries(BLOBS):
            if paths.is_shard(shard):
                for name, found in self._volume.entries(BLOBS, shard):
                    if paths.is_blob_name(shard, name):
                        yield StoredBlob(f"{shard}/{name}", found.st_size, _changed(found))

    def walk_staging(self) -> Iterator[StagedUpload]:
        """See BlobStore."""
        for name, found in self._volume.entries(UPLOADS):
            upload_id = paths.upload_id_of(name)
            if upload_id is not None:
                yield StagedUpload(Session(upload_id), found.st_size, _changed(found))

    def has_room(self) -> bool:
        """See BlobStore."""
        return self._volume.has_room()

    def prepare(self) -> str:
        """See BlobStore."""
        return self._volume.prepare()

    def check(self) -> None:
        """See BlobStore."""
        self._volume.check()

    @contextmanager
    def _destroyed_on_failure(self, session: Session) -> Iterator[None]:
        """What was staged under a wrong digest or a failed storage is of no use: unlink it at once."""
        try:
            yield
        except (DigestMismatch, StorageFailed):
            self._discard(session)
            raise

    def _discard(self, session: Session) -> None:
        # The failure that brought us here is what the caller must see; a leftover file is the reaper's.
        with suppress(StorageFailed):
            self.abort(session)


def _check_size(descriptor: int, size: int | None, key: str) -> None:
    found = os.fstat(descriptor).st_size
    if size is not None and found != size:
        raise BlobDamaged(f"the stored blob has {found} bytes instead of {size}: push it again", key=key)


def _changed(found: os.stat_result) -> float:
    # rename() touches only ctime: by mtime alone a blob published now from an old upload would look like an
    # old orphan
    return max(found.st_mtime, found.st_ctime)
