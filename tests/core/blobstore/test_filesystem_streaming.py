"""Uploads of any size: lease renewal, write-behind, flat memory."""

from __future__ import annotations

import os
import tracemalloc
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from core.blobstore import writing
from core.blobstore.filesystem import FilesystemBlobStore
from core.oci.digest import Digest
from tests.core.blobstore.pushes import content_of, pushed, staged_sizes

if TYPE_CHECKING:
    from pathlib import Path

HELLO = b"hello, wharf"


@pytest.fixture
def store(tmp_path: Path) -> FilesystemBlobStore:
    made = FilesystemBlobStore(tmp_path / "storage", minimum_free=0)
    made.prepare()
    return made


def test_progress_is_told_every_so_many_bytes(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PROGRESS_BYTES", 3 * writing.PIECE_BYTES)
    session = store.begin(uuid4())
    heard: list[int] = []
    content = bytes(8 * writing.PIECE_BYTES)
    store.append(session, 0, [content], progress=heard.append)
    store.commit(session, Digest.of(content), size=len(content), progress=heard.append)
    assert heard == [3 * writing.PIECE_BYTES, 6 * writing.PIECE_BYTES] * 2


def test_a_writer_that_lost_its_lease_touches_nothing_more(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_position: int) -> None:
        raise TimeoutError("lease")

    monkeypatch.setattr(writing, "PROGRESS_BYTES", 5)
    session = store.begin(uuid4())
    with pytest.raises(TimeoutError):
        store.append(session, 0, [HELLO], progress=lost)
    assert staged_sizes(store) == [12]


def test_large_uploads_are_written_behind_and_stay_whole(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SMALL_BYTES", 2 * writing.PIECE_BYTES)
    monkeypatch.setattr(writing, "WINDOW_BYTES", writing.PIECE_BYTES)
    advice: list[tuple[int, int]] = []
    real = os.posix_fadvise

    def advise(descriptor: int, start: int, length: int, kind: int) -> None:
        advice.append((start // writing.PIECE_BYTES, length // writing.PIECE_BYTES))
        real(descriptor, start, length, kind)

    monkeypatch.setattr(os, "posix_fadvise", advise)
    content = os.urandom(5 * writing.PIECE_BYTES)
    assert content_of(store, pushed(store, content)) == content
    assert advice == [(0, 2), (1, 2), (2, 2), (3, 2)]


def test_memory_stays_flat_however_long_the_upload(store: FilesystemBlobStore) -> None:
    piece, session = bytes(writing.PIECE_BYTES), store.begin(uuid4())
    tracemalloc.start()
    try:
        appended = store.append(session, 0, (piece for _ in range(100)))
        assert appended.digest is not None
        store.commit(session, appended.digest, size=appended.offset)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * writing.PIECE_BYTES
