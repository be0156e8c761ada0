"""Short words for what every blob store test does: push bytes, read them, count what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from core.oci.digest import Algorithm, Digest

if TYPE_CHECKING:
    from core.blobstore.base import BlobStore, Session


def staged(store: BlobStore, content: bytes = b"") -> Session:
    """A session that has acknowledged `content`."""
    session = store.begin(uuid4())
    store.append(session, 0, [content])
    return session


def pushed(store: BlobStore, content: bytes, algorithm: Algorithm = Algorithm.SHA256) -> str:
    """The key of `content`, pushed in one go."""
    session = store.begin(uuid4())
    appended = store.append(session, 0, [content], algorithm=algorithm)
    return store.commit(session, Digest.of(content, algorithm), size=appended.offset, known=appended.digest)


def content_of(store: BlobStore, key: str) -> bytes:
    """All bytes of a visible blob."""
    with store.open(key) as stream:
        return stream.read()


def visible(store: BlobStore) -> list[str]:
    """The keys of all visible blobs, in the order of the walk."""
    return [blob.key for blob in store.walk()]


def staged_sizes(store: BlobStore) -> list[int]:
    """The sizes of all staged sessions."""
    return sorted(upload.size for upload in store.walk_staging())
