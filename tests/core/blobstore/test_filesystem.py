"""The file system driver keeps every promise of the conformance suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.blobstore.filesystem import FilesystemBlobStore
from tests.core.blobstore.conformance_blobs import BlobConformance
from tests.core.blobstore.conformance_uploads import UploadConformance

if TYPE_CHECKING:
    from pathlib import Path

    from core.blobstore.base import BlobStore


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    made = FilesystemBlobStore(tmp_path / "storage", minimum_free=0)
    made.prepare()
    return made


class TestFilesystemUploads(UploadConformance):
    pass


class TestFilesystemBlobs(BlobConformance):
    pass
