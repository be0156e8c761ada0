"""The one place that knows which blob store this installation uses."""

from __future__ import annotations

import functools
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings

from core.blobstore.base import BlobDamaged, BlobMissing, BlobStore
from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import StorageFailed
from database import sql

log = structlog.get_logger(__name__)


class Health(StrEnum):
    """blob.health"""

    OK = "ok"
    SUSPECT = "suspect"
    MISSING = "missing"


@functools.cache
def store() -> BlobStore:
    """The blob store named by WHARF_STORAGE (`file:///path`)."""
    return FilesystemBlobStore(folder())


def folder() -> Path:
    """Where it lies."""
    return Path(unquote(urlsplit(settings.WHARF_STORAGE).path))


def open_blob(storage_key: str, *, size: int, offset: int = 0) -> BinaryIO:
    """The bytes of a blob from `offset` on; the caller closes it. Raises StorageFailed.

    A file that is gone or has another length is noted on the blob's row: from then on pushes are asked for it again, and the
    first one heals it.
    """
    try:
        return store().open(storage_key, offset, size=size)
    except (BlobMissing, BlobDamaged) as fault:
        health = "missing" if isinstance(fault, BlobMissing) else "suspect"
        sql.execute(
            "UPDATE blob SET health = %s WHERE storage_key = %s AND health = 'ok'", [health, storage_key]
        )
        log.error("blob damaged", storage_key=storage_key, health=health)
        raise


def note_health(storage_key: str, health: Health) -> None:
    """The file of a blob was read back: whole, lost or damaged. Damage is never served and heals with the next push."""
    sql.execute(
        "UPDATE blob SET health = %s WHERE storage_key = %s AND health <> %s", [health, storage_key, health]
    )


def set_up() -> None:
    """Lay out the storage of a new installation. Raises StorageFailed when that of an old one is not where it was.

    An unmounted disk looks like an empty one: once the database knows a blob, an unmarked storage is refused, never laid out.
    """
    if sql.value("SELECT true FROM blob LIMIT 1"):
        store().check()
    else:
        store().prepare()


def is_writable() -> bool:
    """Whether the storage is there and takes a write."""
    try:
        store().check()
    except StorageFailed:
        return False
    return True
