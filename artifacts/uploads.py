"""Uploads of blobs: start, append, finish, cancel, mount (distribution specification; order of steps: reliability design).

No database transaction is open while bytes stream. `finish` makes the bytes durable under their final name first and commits
the row second, so a 201 always means both; a crash in between leaves a session row that names both files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, transaction

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import links, read_only, repositories, sessions
from artifacts.repositories import Target
from artifacts.sessions import Claim, Finished
from artifacts.storage import store
from core.blobstore.base import Appended, Piece, Session
from core.errors import DigestMismatch, QuotaExceeded, RepositoryUnknown, StorageFailed, UploadUnknown
from core.failpoints import (
    BLOB_AFTER_COMMIT,
    BLOB_BEFORE_COMMIT,
    UPLOAD_AFTER_FINALIZING,
    UPLOAD_AFTER_OFFSET,
    UPLOAD_CLAIMED,
    fp,
)
from core.oci.digest import Algorithm, Digest
from database.transactions import release_connection, retried

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A request body: `start` is the first byte's offset if the client named one, `pieces` the bytes as they arrive.

    The iterable raises when the body ends short of what the client announced; nothing of it is kept then.
    """

    pieces: Iterable[Piece]
    start: int | None = None


NO_BYTES = Chunk(())


def start(actor: Principal, target: Target) -> UUID:
    """Open an upload session; the first one creates the repository.

    Raises Denied, QuotaExceeded (already over), StorageFull, TooManyRequests, ProjectUnknown.
    """
    return _open(actor, target, None).session.upload_id


def push(actor: Principal, target: Target, digest: Digest, chunk: Chunk) -> None:
    """A whole blob in one request. Raises as `start` and `finish`; on any failure nothing of it stays."""
    held = _open(actor, target, digest)
    try:
        _complete(actor, target, held, digest=digest, chunk=chunk)
    except (UploadUnknown, DatabaseError):
        raise  # gone already, or committed for all we know: then the row must stay for the reaper
    except BaseException:
        _destroy(held)
        raise


def _open(actor: Principal, target: Target, digest: Digest | None) -> Claim:
    require(actor, P.REPOSITORY_PUSH, target.project, repository=str(target.name))
    read_only.refuse()
    session = store().begin(uuid4())
    try:
        made = sessions.create(actor, target, session, digest)
        if made is None:
            repositories.ensure(target)
            made = sessions.create(actor, target, session, digest)
        if made is None:
            raise repositories.unknown(target)  # deleted between the two statements
    except BaseException:
        store().abort(session)
        raise
    return made


def received(actor: Principal, target: Target, upload_id: UUID) -> int:
    """Acknowledged bytes of the caller's session. Raises Denied, UploadUnknown."""
    require(actor, P.REPOSITORY_PULL, target.project, repository=str(target.name))
    return sessions.received(actor, target, upload_id)


def append(actor: Principal, target: Target, upload_id: UUID, chunk: Chunk) -> int:
    """Append a chunk whole or not at all; returns the new end of the session in bytes.

    Raises Denied, UploadUnknown, UploadOutOfOrder, StorageFull, StorageFailed, and what the body raised.
    """
    require(actor, P.REPOSITORY_PUSH, target.project, repository=str(target.name))
    read_only.refuse()
    held = sessions.claim(actor, target, upload_id, start=chunk.start)
    if isinstance(held, Finished):
        raise sessions.unknown()
    if _is_published(held):
        _quietly(sessions.abandon, held)
        raise sessions.unknown()
    fp(UPLOAD_CLAIMED)
    with _Releasing(held):
        written = _write(held, chunk.pieces, Algorithm.SHA256)
        sessions.advance(held, written.offset, written.digest)
    fp(UPLOAD_AFTER_OFFSET)
    return written.offset


def finish(
    actor: Principal, target: Target, upload_id: UUID, *, digest: Digest, chunk: Chunk = NO_BYTES
) -> None:
    """Append what is left and commit the blob under `digest`; repeating it within the hour succeeds again.

    Raises Denied, UploadUnknown, UploadOutOfOrder, DigestMismatch (session destroyed), QuotaExceeded (session cancelled),
    StorageFull (session resumable), StorageFailed, RepositoryUnknown, and what the body raised.
    """
    require(actor, P.REPOSITORY_PUSH, target.project, repository=str(target.name))
    read_only.refuse()
    held = sessions.claim(actor, target, upload_id, start=chunk.start, digest=digest)
    if isinstance(held, Finished):
        return
    fp(UPLOAD_CLAIMED)
    _complete(actor, target, held, digest=digest, chunk=chunk)


def cancel(actor: Principal, target: Target, upload_id: UUID) -> None:
    """Destroy the caller's session. Raises Denied, UploadUnknown, UploadOutOfOrder (a request is writing to it)."""
    require(actor, P.REPOSITORY_PUSH, target.project, repository=str(target.name))
    held = sessions.claim(actor, target, upload_id, start=None)
    if isinstance(held, Finished):
        raise sessions.unknown()
    _destroy(held)


def _destroy(held: Claim) -> None:
    """Staged bytes first, then the row."""
    store().abort(held.session)
    _forget(held)


def _forget(held: Claim) -> None:
    """The row goes; a file published by a request that died goes to the trash in the row's transaction."""
    with transaction.atomic():
        if sessions.forget(held) and held.digest is not None:
            _trash_published(held.session, held.digest)


def _is_published(held: Claim) -> bool:
    """Whether a request that died had renamed the file: then the row's digest alone knows it, and nothing may be appended."""
    return held.digest is not None and store().stat(store().key_of(held.session, held.digest)) is not None


def _trash_published(session: Session, digest: Digest) -> None:
    key = store().key_of(session, digest)
    if (stat := store().stat(key)) is not None:
        links.trash(links.StoredBlob(digest, stat.size, key))


class _Releasing:
    """Give the lease back when the request fails, so that the client may go on at the acknowledged offset at once."""

    def __init__(self, held: Claim) -> None:
        self.held = held

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DigestMismatch | StorageFailed):
            _forget(self.held)
        elif error is not None and not isinstance(error, UploadUnknown):
            _quietly(_give_back, self.held)


def _give_back(held: Claim) -> None:
    (sessions.abandon if _is_published(held) else sessions.release)(held)


def _quietly(give_back: Callable[[Claim], None], held: Claim) -> None:
    """Giving back a lease must not hide the error that led here; the lease ends by itself soon."""
    try:
        give_back(held)
    except (DatabaseError, StorageFailed, UploadUnknown):
        log.warning("upload lease not given back", upload=str(held.session.upload_id))


def _write(held: Claim, pieces: Iterable[Piece], algorithm: Algorithm) -> Appended:
    """Stage the pieces durably. A request without bytes touches no file, and none holds a connection while bytes arrive."""
    release_connection()
    arriving = iter(pieces)
    first = next(arriving, None)
    if first is None:
        return Appended(held.received, held.prefix)
    return store().append(
        held.session, held.received, _renewing(held, chain([first], arriving)), algorithm=algorithm
    )


def _renewing(held: Claim, pieces: Iterator[Piece]) -> Iterator[Piece]:
    due = time.monotonic() + sessions.RENEW_SECONDS
    for piece in pieces:
        yield piece
        if time.monotonic() > due:
            sessions.renew(held)
            release_connection()
            due = time.monotonic() + sessions.RENEW_SECONDS


def _complete(actor: Principal, target: Target, held: Claim, *, digest: Digest, chunk: Chunk) -> None:
    blob = _publish(held, digest, chunk)
    try:
        _commit(actor, target, held, blob)
    except (QuotaExceeded, RepositoryUnknown):
        # Rolled back for certain. Without its session no row can ever name this key; another request of it still may.
        if sessions.forget(held):
            store().delete(blob.storage_key)
        raise
    except DatabaseError:
        # The COMMIT may have happened: never unlink here. A repeated PUT or the reaper finds out.
        _quietly(sessions.abandon, held)
        raise
    fp(BLOB_AFTER_COMMIT)


def _publish(held: Claim, digest: Digest, chunk: Chunk) -> links.StoredBlob:
    """Bytes verified, durable and under their final name."""
    key = store().key_of(held.session, digest)
    try:
        with _Releasing(held):
            size = _verified(held, digest, chunk)
    except UploadUnknown:
        # A request that died after the rename and before the COMMIT left the verified file: go on from there.
        stat = store().stat(key)
        if stat is None:
            sessions.forget(held)
            raise
        size = stat.size
    return links.StoredBlob(digest, size, key)


def _verified(held: Claim, digest: Digest, chunk: Chunk) -> int:
    written = _write(held, chunk.pieces, digest.algorithm)

    def before_publish() -> None:
        # The claim said it all, unless it is so old that another request may have the session, whose bytes these would be.
        if held.digest != digest or not held.is_fresh:
            sessions.name_digest(held, digest)
        fp(UPLOAD_AFTER_FINALIZING)

    store().commit(
        held.session,
        digest,
        size=written.offset,
        known=written.digest,
        before_publish=before_publish,
        progress=lambda _position: sessions.renew(held),
    )
    return written.offset


@retried
def _commit(actor: Principal, target: Target, held: Claim, blob: links.StoredBlob) -> None:
    """The blob-commit transaction: row, link, pin, quota and session in one."""
    fp(BLOB_BEFORE_COMMIT)
    links.commit(actor, target, blob, repository_id=held.repository_id, upload_id=held.session.upload_id)
