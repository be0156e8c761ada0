"""The one place that knows which blob store this installation uses."""

from __future__ import annotations

import functools
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from core.blobstore.base import BlobStore
from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import StorageFailed
from database import sql


@functools.cache
def store() -> BlobStore:
    """The blob store named by WHARF_STORAGE (`file:///path`)."""
    return FilesystemBlobStore(Path(unquote(urlsplit(settings.WHARF_STORAGE).path)))


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
