"""The file system driver under failing disks: what the client is told, and what is left on the disk."""

from __future__ import annotations

import errno
import os
import subprocess
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

import pytest

from core import failpoints
from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import StorageFailed, StorageFull, UploadUnknown
from core.oci.digest import Digest
from tests.core.blobstore.pushes import content_of, pushed, staged, staged_sizes, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.blobstore.base import Session

HELLO = b"hello, wharf"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def store(tmp_path: Path) -> FilesystemBlobStore:
    made = FilesystemBlobStore(tmp_path / "storage", minimum_free=0)
    made.prepare()
    return made


@pytest.fixture
def arm() -> Iterator[Callable[[str], None]]:
    yield lambda value: failpoints.reload({"WHARF_FAILPOINTS": value})
    failpoints.reload()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[FilesystemBlobStore]:
    """A store on a real file system of 8 MiB and 200 inodes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root: sudo bin/test tests/core/blobstore")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,nr_inodes=200", "wharf-test", disk], check=True)
    try:
        made = FilesystemBlobStore(disk / "storage", minimum_free=0)
        made.prepare()
        yield made
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def commit(store: FilesystemBlobStore, session: Session, content: bytes = HELLO) -> str:
    return store.commit(session, Digest.of(content), size=len(content))


def failing(number: int) -> Callable[..., NoReturn]:
    def call(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return call


def test_a_full_disk_cuts_the_session_back_and_it_resumes(
    store: FilesystemBlobStore, arm: Callable[[str], None]
) -> None:
    session = staged(store, b"hello, ")
    arm("upload.after_write:enospc")
    with pytest.raises(StorageFull):
        store.append(session, 7, [b"wharf"])
    assert staged_sizes(store) == [7]
    arm("")
    store.append(session, 7, [b"wharf"])
    assert content_of(store, commit(store, session)) == HELLO


@pytest.mark.parametrize("fault", ["upload.after_write:eio", "upload.after_fdatasync:eio"])
def test_a_failing_disk_destroys_the_session(
    store: FilesystemBlobStore, arm: Callable[[str], None], fault: str
) -> None:
    session = staged(store, b"hello, ")
    arm(fault)
    with pytest.raises(StorageFailed, match="EIO"):
        store.append(session, 7, [b"wharf"])
    arm("")
    assert staged_sizes(store) == []
    with pytest.raises(UploadUnknown):
        store.append(session, 7, [b"wharf"])


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fdatasync", "fsync"])
def test_no_commit_survives_a_failed_sync(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    session = staged(store, HELLO)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(number))
        with pytest.raises(StorageFailed, match=errno.errorcode[number]):
            commit(store, session)
    assert visible(store) == []
    with pytest.raises(UploadUnknown):
        commit(store, session)


@pytest.mark.parametrize(
    "name", ["blob.after_fdatasync:eio", "blob.after_rename:eio", "blob.after_dirsync:enospc"]
)
def test_a_fault_at_any_step_of_publishing_leaves_nothing(
    store: FilesystemBlobStore, arm: Callable[[str], None], name: str
) -> None:
    session = staged(store, HELLO)
    arm(name)
    with pytest.raises(StorageFailed):
        commit(store, session)
    assert visible(store) == []
    assert staged_sizes(store) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["rename", "mkdir"])
def test_a_disk_too_full_for_a_name_keeps_the_session_for_a_second_commit(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    session = staged(store, HELLO)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(number))
        with pytest.raises(StorageFull):
            commit(store, session)
    assert visible(store) == []
    assert content_of(store, commit(store, session)) == HELLO


@pytest.mark.parametrize(
    ("call", "act"),
    [
        ("preadv", commit),
        ("open", lambda store, session: store.append(session, 0, [b"x"])),
        ("open", lambda store, _: store.begin(uuid4())),
        ("unlink", lambda store, session: store.abort(session)),
        ("listdir", lambda store, _: list(store.walk())),
    ],
)
def test_no_operating_system_error_leaves_the_driver(
    store: FilesystemBlobStore,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    act: Callable[[FilesystemBlobStore, Session], object],
) -> None:
    session = staged(store, HELLO)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(errno.EIO))
        with pytest.raises(StorageFailed, match="EIO"):
            act(store, session)


def test_bytes_that_vanish_while_read_back_are_no_digest(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = staged(store, HELLO)
    monkeypatch.setattr(os, "preadv", lambda *_: 0)
    with pytest.raises(StorageFailed, match="lost bytes"):
        commit(store, session)
    assert visible(store) == []


def test_short_writes_are_completed(store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:5], at))
    assert content_of(store, pushed(store, HELLO)) == HELLO


def test_a_really_full_disk_refuses_the_chunk_and_takes_it_when_space_is_freed(
    small_disk: FilesystemBlobStore,
) -> None:
    other = pushed(small_disk, os.urandom(3 * MEBIBYTE))
    session = staged(small_disk, HELLO)
    with pytest.raises(StorageFull):
        small_disk.append(session, 12, (bytes(MEBIBYTE) for _ in range(100)))
    assert staged_sizes(small_disk) == [12]
    assert len(content_of(small_disk, other)) == 3 * MEBIBYTE
    small_disk.check()
    small_disk.delete(other)
    assert small_disk.append(session, 12, [bytes(6 * MEBIBYTE)]).offset == 12 + 6 * MEBIBYTE
    assert commit(small_disk, session, HELLO + bytes(6 * MEBIBYTE))


def _begin_many(store: FilesystemBlobStore, count: int) -> None:
    for _ in range(count):
        store.begin(uuid4())


def test_a_disk_without_free_inodes_refuses_new_uploads_only(small_disk: FilesystemBlobStore) -> None:
    key = pushed(small_disk, HELLO)
    with pytest.raises(StorageFull):
        _begin_many(small_disk, 200)
    assert content_of(small_disk, key) == HELLO
    small_disk.check()
    small_disk.delete(key)


def test_new_uploads_stop_at_the_free_space_guard_and_running_ones_go_on(
    small_disk: FilesystemBlobStore, tmp_path: Path
) -> None:
    guarded = FilesystemBlobStore(tmp_path / "disk" / "storage", minimum_free=4 * MEBIBYTE)
    session = guarded.begin(uuid4())
    guarded.append(session, 0, [bytes(5 * MEBIBYTE)])
    assert not guarded.has_room()
    with pytest.raises(StorageFull, match="almost full"):
        guarded.begin(uuid4())
    guarded.delete(commit(guarded, session, bytes(5 * MEBIBYTE)))
    assert guarded.has_room()


def test_without_a_minimum_given_two_gibibytes_must_be_free(
    small_disk: FilesystemBlobStore, tmp_path: Path
) -> None:
    assert small_disk.has_room()
    assert not FilesystemBlobStore(tmp_path / "disk" / "storage").has_room()


def test_a_read_only_disk_serves_pulls_and_refuses_the_rest(
    small_disk: FilesystemBlobStore, tmp_path: Path
) -> None:
    key = pushed(small_disk, HELLO)
    session = staged(small_disk, HELLO)
    subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
    assert content_of(small_disk, key) == HELLO
    for act in (
        small_disk.check,
        lambda: small_disk.begin(uuid4()),
        lambda: commit(small_disk, session),
        lambda: small_disk.delete(key),
    ):
        with pytest.raises(StorageFailed):
            act()
