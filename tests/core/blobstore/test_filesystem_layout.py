"""Marks, mounts, modes and the one writer of a session: what only a file system has."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import threading
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import StorageFailed, UploadOutOfOrder, UploadUnknown
from core.oci.digest import Digest
from tests.core.blobstore.pushes import content_of, pushed, staged, staged_sizes, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELLO = b"hello, wharf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "a" / "storage"


@pytest.fixture
def store(root: Path) -> FilesystemBlobStore:
    made = FilesystemBlobStore(root, minimum_free=0)
    made.prepare()
    return made


def modes(root: Path) -> set[tuple[bool, int]]:
    """(is a folder, permission bits) of everything under and including `root`."""
    found = [root, *root.rglob("*")]
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in found}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_0640_and_0750_under_any_umask(root: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = FilesystemBlobStore(root, minimum_free=0)
        store.prepare()
        pushed(store, HELLO)
        staged(store, HELLO)
    finally:
        os.umask(before)
    assert modes(root) == {(True, 0o750), (False, 0o640)}


def test_a_storage_never_set_up_is_refused_and_not_laid_out(root: Path) -> None:
    root.mkdir(parents=True)
    store = FilesystemBlobStore(root, minimum_free=0)
    for act in (store.check, store.has_room, lambda: store.begin(uuid4()), lambda: list(store.walk())):
        with pytest.raises(StorageFailed):
            act()
    assert list(root.iterdir()) == []


def test_an_unmounted_storage_loses_no_blob(store: FilesystemBlobStore, root: Path) -> None:
    key = pushed(store, HELLO)
    root.rename(root.with_name("elsewhere"))
    root.mkdir()
    fresh = FilesystemBlobStore(root, minimum_free=0)
    for act in (store.check, lambda: fresh.stat(key), lambda: fresh.open(key), lambda: fresh.delete(key)):
        with pytest.raises(StorageFailed) as caught:
            act()
        assert type(caught.value) is StorageFailed


def test_absent_files_of_an_unmarked_storage_are_not_missing_blobs(
    store: FilesystemBlobStore, root: Path
) -> None:
    key = pushed(store, HELLO)
    shutil.rmtree(root)
    (root / "blobs").mkdir(parents=True)
    (root / "uploads").mkdir()
    for act in (store.stat, store.open, store.delete):
        with pytest.raises(StorageFailed, match="no mark"):
            act(key)


def test_another_storage_mounted_in_place_is_noticed(store: FilesystemBlobStore, root: Path) -> None:
    store.check()
    root.rename(root.with_name("elsewhere"))
    FilesystemBlobStore(root).prepare()
    with pytest.raises(StorageFailed, match="another one"):
        store.check()


def test_the_same_storage_mounted_again_is_followed(store: FilesystemBlobStore, root: Path) -> None:
    key = pushed(store, HELLO)
    store.check()
    shutil.copytree(root, root.with_name("copy"))
    root.rename(root.with_name("elsewhere"))
    root.with_name("copy").rename(root)
    store.check()
    store.delete(key)
    assert visible(FilesystemBlobStore(root)) == []
    assert content_of(store, pushed(store, HELLO)) == HELLO
    assert len(visible(FilesystemBlobStore(root))) == 1


@pytest.mark.parametrize("mark", ["", "\n", "\udcff"])
def test_a_damaged_mark_is_refused(store: FilesystemBlobStore, root: Path, mark: str) -> None:
    (root / ".wharf-store").write_bytes(mark.encode(errors="surrogateescape"))
    with pytest.raises(StorageFailed, match="mark"):
        store.check()


def test_two_first_starts_at_once_agree_on_one_mark(root: Path) -> None:
    marks: list[str] = []
    starts = [
        threading.Thread(target=lambda: marks.append(FilesystemBlobStore(root).prepare())) for _ in range(8)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(marks) == 8
    assert len(set(marks)) == 1
    assert {path.name for path in root.iterdir()} == {".wharf-store", "blobs", "uploads"}


def test_a_shard_folder_removed_by_hand_is_made_again(store: FilesystemBlobStore, root: Path) -> None:
    key = pushed(store, HELLO)
    store.delete(key)
    (root / "blobs" / key[:2]).rmdir()
    assert content_of(store, pushed(store, HELLO)) == HELLO


def test_foreign_files_are_neither_listed_nor_touched(store: FilesystemBlobStore, root: Path) -> None:
    key = pushed(store, HELLO)
    foreign = [root / "blobs" / "lost+found", root / "blobs" / key[:2] / "note", root / "uploads" / "note"]
    for path in foreign:
        path.mkdir()
    assert visible(store) == [key]
    assert staged_sizes(store) == []


def test_a_session_has_one_writer_at_a_time(store: FilesystemBlobStore) -> None:
    session = store.begin(uuid4())
    refused: list[int] = []

    def writing_while_another_tries() -> Iterator[bytes]:
        yield b"hello, "
        for act in (
            lambda: store.append(session, 0, [b"rival"]),
            lambda: store.commit(session, Digest.of(b""), size=0),
        ):
            with pytest.raises(UploadOutOfOrder) as caught:
                act()
            refused.append(caught.value.offset)
        yield b"wharf"

    appended = store.append(session, 0, writing_while_another_tries())
    assert refused == [0, 0]
    assert content_of(store, store.commit(session, Digest.of(HELLO), size=appended.offset)) == HELLO


def test_a_session_committed_between_open_and_lock_is_not_written_to(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = staged(store, HELLO)
    keys: list[str] = []
    real = fcntl.flock

    def lock_late(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        keys.append(store.commit(session, Digest.of(HELLO), size=12))
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    with pytest.raises(UploadUnknown):
        store.append(session, 0, [b"rival"])
    assert content_of(store, keys[0]) == HELLO


def test_a_session_aborted_while_written_cannot_be_committed(store: FilesystemBlobStore) -> None:
    session = staged(store, HELLO)
    with pytest.raises(UploadUnknown):
        store.commit(session, Digest.of(HELLO), size=12, before_publish=lambda: store.abort(session))
    assert visible(store) == []
