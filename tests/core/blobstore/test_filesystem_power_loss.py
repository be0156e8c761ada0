"""Every blob whose commit returned survives a power cut, byte for byte."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import DigestMismatch
from core.oci.digest import Algorithm, Digest
from tests.core.blobstore.power_loss import PowerRecorder
from tests.core.blobstore.pushes import pushed, staged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELLO = b"hello, wharf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def power(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PowerRecorder]:
    recorder = PowerRecorder(root)
    recorder.watch(monkeypatch)
    yield recorder
    recorder.close()


@pytest.fixture
def store(root: Path, power: PowerRecorder) -> FilesystemBlobStore:
    made = FilesystemBlobStore(root, minimum_free=0)
    made.prepare()
    return made


def test_a_storage_laid_out_survives_with_all_folders_above_it(power: PowerRecorder, root: Path) -> None:
    deep = root / "a" / "b" / "storage"
    root.mkdir()
    FilesystemBlobStore(deep).prepare()
    made = [root / "a", root / "a" / "b", deep, deep / "blobs", deep / "uploads", deep / ".wharf-store"]
    assert [path for path in made if not power.keeps(path)] == []


def test_a_push_syncs_its_data_twice_and_one_folder_once_its_shard_is_known(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(store, HELLO)
    calls: list[str] = []

    def counted(name: str, real: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            calls.append(name)
            real(descriptor)

        return call

    monkeypatch.setattr(os, "fsync", counted("fsync", os.fsync))
    monkeypatch.setattr(os, "fdatasync", counted("fdatasync", os.fdatasync))
    pushed(store, HELLO)
    assert calls == ["fdatasync", "fdatasync", "fsync"]


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("content", [b"", HELLO, bytes(range(256)) * 9000], ids=len)
def test_a_committed_blob_survives(
    store: FilesystemBlobStore, power: PowerRecorder, content: bytes, algorithm: Algorithm
) -> None:
    key = pushed(store, content, algorithm)
    assert power.blobs_after_cut() == {key: content}
    assert power.losses == []


@given(chunks=st.lists(st.binary(max_size=20), max_size=4), cut=st.binary(max_size=5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_blob_sent_in_chunks_survives_without_its_unacknowledged_tail(
    store: FilesystemBlobStore, power: PowerRecorder, chunks: list[bytes], cut: bytes
) -> None:
    session, content = store.begin(uuid4()), b"".join(chunks)
    for end, chunk in zip(_ends(chunks), chunks, strict=True):
        store.append(session, end - len(chunk), [chunk])
    store.append(session, len(content), [cut])
    key = store.commit(session, Digest.of(content), size=len(content))
    assert power.blobs_after_cut()[key] == content
    assert power.losses == []


def _ends(chunks: list[bytes]) -> list[int]:
    return [sum(map(len, chunks[: count + 1])) for count in range(len(chunks))]


def test_a_folder_made_by_another_process_a_moment_ago_is_synced_by_each(
    store: FilesystemBlobStore, power: PowerRecorder, root: Path
) -> None:
    session = staged(store, HELLO)
    shard = store.key_of(session, Digest.of(HELLO))[:2]
    (root / "blobs" / shard).mkdir()
    key = store.commit(session, Digest.of(HELLO), size=12)
    assert power.blobs_after_cut() == {key: HELLO}


def test_a_folder_removed_and_made_again_is_synced_again(
    store: FilesystemBlobStore, power: PowerRecorder, root: Path
) -> None:
    gone = pushed(store, HELLO)
    store.delete(gone)
    (root / "blobs" / gone[:2]).rmdir()
    key = pushed(store, HELLO)
    assert power.blobs_after_cut()[key] == HELLO


def test_every_blob_of_many_survives(store: FilesystemBlobStore, power: PowerRecorder) -> None:
    contents = [b"%d" % number for number in range(60)]
    keys = {pushed(store, content): content for content in contents}
    assert power.blobs_after_cut() == keys
    assert power.losses == []


def test_before_the_commit_no_cut_shows_anything(store: FilesystemBlobStore, power: PowerRecorder) -> None:
    seen = []
    session = staged(store, HELLO)
    store.commit(
        session, Digest.of(HELLO), size=12, before_publish=lambda: seen.append(power.blobs_after_cut())
    )
    assert seen == [{}]


def test_refused_bytes_are_never_durable_under_a_name(
    store: FilesystemBlobStore, power: PowerRecorder
) -> None:
    with pytest.raises(DigestMismatch):
        store.commit(staged(store, HELLO), Digest.of(b"other"), size=12)
    assert power.blobs_after_cut() == {}


@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_the_recorder_notices_when_a_sync_is_left_out(
    store: FilesystemBlobStore, power: PowerRecorder, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    # Proof that the tests above can fail: a driver without this call loses the blob.
    def left_out(_descriptor: int) -> None:
        pass

    monkeypatch.setattr(os, call, left_out)
    key = pushed(store, HELLO)
    assert power.blobs_after_cut().get(key) != HELLO
    assert (power.losses != []) == (call == "fdatasync")


@pytest.mark.parametrize("folder", ["blobs", "shard"])
def test_the_recorder_notices_each_folder_that_is_not_synced(
    store: FilesystemBlobStore, power: PowerRecorder, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    real: Callable[[int], None] = os.fsync

    def forgetful(descriptor: int) -> None:
        if (Path(f"/proc/self/fd/{descriptor}").readlink().name == "blobs") != (folder == "blobs"):
            real(descriptor)

    monkeypatch.setattr(os, "fsync", forgetful)
    pushed(store, HELLO)
    assert power.blobs_after_cut() == {}
