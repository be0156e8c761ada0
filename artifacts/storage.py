"""The one place that knows which blob store this installation uses."""

from __future__ import annotations

import functools
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from core.blobstore.base import BlobStore
from core.blobstore.filesystem import FilesystemBlobStore


@functools.cache
def store() -> BlobStore:
    """The blob store named by WHARF_STORAGE (`file:///path`)."""
    return FilesystemBlobStore(Path(unquote(urlsplit(settings.WHARF_STORAGE).path)))
