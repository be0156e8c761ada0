"""The blob store: where the bytes of blobs lie, behind one Protocol.

The life of an upload: `begin` -> any number of `append` -> `commit` (or `abort`). The caller keeps the
acknowledged offset, the running digest and the right to write in its own database row; the store keeps the
bytes.

Invariants every driver holds, whatever is killed and whenever:
* only `commit` makes bytes visible, and only `commit` compares digests;
* when `commit` has returned, the bytes and their name survive a power loss;
* when `append` has returned, every byte below the returned offset is on the disk: a power loss may cost the
  session as a whole (UploadUnknown, the client starts again), never bytes inside it;
* a key is never used twice: it carries the upload's uuid4, so deleting an old key can never hit a new push.

Units: sizes and offsets are bytes. Errors are those of `core.errors`; an OSError never leaves a driver,
except one that the caller's own iterable raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.errors import StorageFailed
from core.oci.digest import Algorithm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO
    from uuid import UUID

    from core.oci.digest import Digest

Piece = bytes | bytearray | memoryview

PROGRESS_BYTES = 256 * 1024 * 1024
"""How many bytes pass between two calls of a `progress` callback."""


class BlobMissing(StorageFailed):
    """No bytes lie behind a key that the database names; the storage itself answers.

    The blob needs a new push.
    """


class BlobDamaged(StorageFailed):
    """The bytes behind a key have another length than the database says; not one of them has been served."""


@dataclass(frozen=True, slots=True)
class Session:
    """One upload. `state` is the driver's own note (S3: the multipart upload id; file system: ''), fixed at
    `begin`:
    store it beside the upload id and build the Session from the row in later requests."""

    upload_id: UUID
    state: str = ""


@dataclass(frozen=True, slots=True)
class Appended:
    """Outcome of `append`: the new end of the session, and the digest of the whole prefix [0, offset).

    `digest` is None when this call did not see the prefix from its first byte.
    """

    offset: int
    digest: Digest | None


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What the storage says about a visible blob."""

    size: int


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One row of `walk`.

    `changed` is the last change of bytes or name, seconds since the epoch (storage's clock).
    """

    key: str
    size: int
    changed: float


@dataclass(frozen=True, slots=True)
class StagedUpload:
    """One row of `walk_staging`: bytes that belong to no visible blob."""

    session: Session
    size: int
    changed: float


def nothing() -> None:
    """The `before_publish` of callers that have nothing to record."""


def unwatched(_offset: int) -> None:
    """The `progress` of callers that hold no lease."""


class BlobStore(Protocol):
    """A driver. Objects are safe to share between threads and to carry over a fork.

    Every method may raise StorageFailed (storage unreachable, EIO, read-only, unmounted); only further errors
    are named below.
    """

    def key_of(self, session: Session, digest: Digest) -> str:
        """The storage key that `commit` will give this session for this digest; pure, no I/O.

        The reaper uses it: with the upload row (id, state, digest), `abort(session)` and
        `delete(key_of(...))` remove every trace of a push that died at any instruction.
        """
        ...

    def begin(self, upload_id: UUID) -> Session:
        """Open a session under a fresh uuid4.

        Raises StorageFull below the free-space guard (see `has_room`).
        """
        ...

    def append(
        self,
        session: Session,
        offset: int,
        pieces: Iterable[Piece],
        *,
        algorithm: Algorithm = Algorithm.SHA256,
        progress: Callable[[int], None] = unwatched,
    ) -> Appended:
        """Write `pieces` from `offset`, the acknowledged end of the session, and make them durable.

        Bytes staged beyond `offset` by a call that never returned are dropped first. A piece may be a view of
        a buffer that the iterable reuses. With `offset` 0 the digest of the whole content is computed on the
        way, with `algorithm` (pass that of the digest the client named, if it named one).
        `progress(position)` is called every PROGRESS_BYTES, for lease renewal; if it raises, the session's
        bytes are left alone, as another writer may own them by now, and the exception passes.

        Raises
          UploadUnknown     no such session, or its bytes are gone: the client starts again;
          UploadOutOfOrder  another request is writing to this session; it is untouched;
          StorageFull       cut back to `offset`; the same call may be repeated when there is room;
          StorageFailed     the session is destroyed (after a failed sync nothing staged is trusted);
          anything the iterable raised (client gone, short body): cut back to `offset`, and the exception
          passes.
        """
        ...

    def digest_of(
        self,
        session: Session,
        algorithm: Algorithm,
        size: int,
        *,
        progress: Callable[[int], None] = unwatched,
    ) -> Digest:
        """Digest of the first `size` staged bytes, read back from the storage. Compares nothing.

        Raises UploadUnknown (no session, or fewer than `size` bytes), StorageFailed (session destroyed).
        """
        ...

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
        """Verify that the first `size` staged bytes have the digest `expected`; publish them; return the key.

        `known` is the digest of exactly these `size` bytes as `append` reported it (kept with the offset in
        the upload row); of the same algorithm it is compared as it stands, otherwise the bytes are read back.
        `before_publish` runs after the comparison and before anything becomes visible: there the caller
        records that this session is being finalized under this digest. If it raises, nothing is visible, the
        session stays, the exception passes.

        Raises
          DigestMismatch    nothing is visible and the session is destroyed;
          UploadUnknown     no such session, or fewer than `size` bytes;
          UploadOutOfOrder  another request holds the session; it is untouched;
          StorageFull       nothing is visible, the session stays; the call may be repeated;
          StorageFailed     nothing is visible and the session is destroyed.
        """
        ...

    def abort(self, session: Session) -> None:
        """Destroy a session; one that is already gone is fine. A published blob is never touched."""
        ...

    def stat(self, key: str) -> BlobStat | None:
        """Size of a visible blob, None when the storage answers that there is none."""
        ...

    def open(self, key: str, offset: int = 0, *, size: int | None = None) -> BinaryIO:
        """The bytes of a blob from `offset` on, unbuffered; the caller closes the stream.

        It keeps streaming after `delete`. The file system driver's has a real `fileno()` at `offset` (for
        sendfile). With `size`, the length the database knows is checked before the first byte.

        Raises BlobMissing, BlobDamaged.
        """
        ...

    def url(self, key: str, *, seconds: int) -> str | None:
        """An address that serves the blob to anyone for `seconds`, or None when the driver has none."""
        ...

    def delete(self, key: str) -> None:
        """Remove a blob; one that is already gone is fine."""
        ...

    def put_back(self, key: str, pieces: Iterable[Piece]) -> None:
        """Publish the bytes of a backup under the key they once had, as durably as `commit`.

        The digest in the key is compared first; whatever lies there by now (cut short, flipped) is replaced in one step.
        Raises DigestMismatch (nothing changed), StorageFull, ValueError (no key of ours).
        """
        ...

    def walk(self) -> Iterator[StoredBlob]:
        """Every visible blob in byte order of its key, lazily (memory: one shard or page).

        For merging with rows.
        """
        ...

    def walk_staging(self) -> Iterator[StagedUpload]:
        """Every staged session, in no particular order, lazily."""
        ...

    def has_room(self) -> bool:
        """Whether new uploads are accepted; running ones, pulls and deletes go on when not."""
        ...

    def prepare(self) -> str:
        """Lay out an empty storage and mark it; return the mark, a random id. Idempotent.

        Call it when an installation is set up, never while serving: a serving process that finds no mark must
        refuse (`check`), because an unmounted disk looks exactly like an empty one.
        """
        ...

    def check(self) -> None:
        """Raise StorageFailed when the mark is absent or has changed, or nothing can be written."""
        ...
