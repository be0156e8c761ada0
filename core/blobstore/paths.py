"""Names in the blob store, made of lower-case hex and a uuid4 only, so that no input can reach another path.

A blob's key is `ab/<hex>.<uuid4>`: the digest's first two hex digits, the digest, the upload it came from.
Keys are never used twice. Under the root of the file system driver:

    blobs/ab/<hex>.<uuid4>   visible blobs
    uploads/<uuid4>          staged sessions
    .wharf-store             the mark: a random id, one line
"""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from core.oci.digest import Digest

BLOBS: Final = "blobs"
UPLOADS: Final = "uploads"
MARK: Final = ".wharf-store"

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_STAGED: Final = re.compile(_UUID)
_NAME: Final = re.compile(rf"(?:[0-9a-f]{{64}}|[0-9a-f]{{128}})\.{_UUID}")
_SHARD: Final = re.compile(r"[0-9a-f]{2}")


def key_of(upload_id: UUID, digest: Digest) -> str:
    """`ab/<hex>.<uuid4>`; ValueError when the upload id is no uuid4, as then keys might repeat."""
    return f"{digest.hex[:2]}/{digest.hex}.{staging_name(upload_id)}"


def staging_name(upload_id: UUID) -> str:
    """Name of a session's file inside `uploads/`; ValueError when the id is no uuid4."""
    if upload_id.version != 4:
        raise ValueError(f"upload id {upload_id} is not a uuid4")
    return str(upload_id)


def split_key(key: str) -> tuple[str, str]:
    """(shard, file name) of a key; ValueError when it is not one of ours."""
    shard, _, name = key.partition("/")
    if not is_blob_name(shard, name):
        raise ValueError(f"{key!r} is not a storage key")
    return shard, name


def digest_of(key: str) -> Digest:
    """The digest a key is named after; ValueError when it is not one of ours."""
    _, name = split_key(key)
    return Digest.from_bytes(bytes.fromhex(name.partition(".")[0]))


def is_shard(name: str) -> bool:
    """Whether a folder inside `blobs/` is ours."""
    return _SHARD.fullmatch(name) is not None


def is_blob_name(shard: str, name: str) -> bool:
    """Whether `name` is a blob's file in the folder `shard`."""
    return _NAME.fullmatch(name) is not None and name[:2] == shard


def upload_id_of(name: str) -> UUID | None:
    """The upload a file inside `uploads/` belongs to, None for foreign files."""
    return UUID(name) if _STAGED.fullmatch(name) else None
