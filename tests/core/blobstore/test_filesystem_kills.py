"""A push killed at any instruction leaves what its upload row can name: to resume before, to remove after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.blobstore.base import Session
from core.blobstore.filesystem import FilesystemBlobStore
from core.oci.digest import Digest
from tests.core.blobstore.pushes import content_of, staged_sizes, visible

PROJECT = Path(__file__).parents[3]
CONTENT = b"hello, wharf"
PUSH = """
import sys, uuid
from pathlib import Path
from core.blobstore.base import Session
from core.blobstore.filesystem import FilesystemBlobStore
from core.failpoints import fp
from core.oci.digest import Digest

store = FilesystemBlobStore(Path(sys.argv[1]), minimum_free=0)
session = Session(uuid.UUID(sys.argv[2]))
store.append(session, 7, [b"wharf"])
print("offset 12", flush=True)
expected = Digest.of(b"hello, wharf")
store.commit(session, expected, size=12, before_publish=lambda: fp("upload.after_finalizing"))
print("committed", flush=True)
"""

IN_APPEND = ["upload.after_write", "upload.after_fdatasync"]
BEFORE_RENAME = ["upload.after_finalizing", "blob.after_fdatasync"]
AFTER_RENAME = ["blob.after_rename", "blob.after_dirsync"]


@pytest.fixture
def store(tmp_path: Path) -> FilesystemBlobStore:
    made = FilesystemBlobStore(tmp_path / "storage", minimum_free=0)
    made.prepare()
    return made


def push_in_process(root: Path, upload_id: UUID, failpoint: str | None) -> subprocess.CompletedProcess[str]:
    """Continue the upload after its first 7 bytes and commit, in a process that dies at `failpoint`."""
    armed = {"WHARF_FAILPOINTS": f"{failpoint}:kill9"} if failpoint else {}
    return subprocess.run(
        [sys.executable, "-c", PUSH, str(root), str(upload_id)],
        cwd=PROJECT,
        env=os.environ | armed,
        capture_output=True,
        text=True,
        check=False,
    )


def killed_push(store: FilesystemBlobStore, root: Path, failpoint: str) -> tuple[Session, str]:
    """(session, what the client had been told) of a push killed at `failpoint`."""
    session = store.begin(uuid4())
    store.append(session, 0, [b"hello, "])
    ended = push_in_process(root / "storage", session.upload_id, failpoint)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return session, ended.stdout


def test_the_push_that_is_killed_below_succeeds_when_it_is_not(
    store: FilesystemBlobStore, tmp_path: Path
) -> None:
    session = store.begin(uuid4())
    store.append(session, 0, [b"hello, "])
    ended = push_in_process(tmp_path / "storage", session.upload_id, None)
    assert ended.stdout.split("\n")[:2] == ["offset 12", "committed"]
    assert content_of(store, store.key_of(session, Digest.of(CONTENT))) == CONTENT


@pytest.mark.parametrize("failpoint", IN_APPEND)
def test_killed_in_a_chunk_the_session_resumes_at_its_acknowledged_offset(
    store: FilesystemBlobStore, tmp_path: Path, failpoint: str
) -> None:
    session, told = killed_push(store, tmp_path, failpoint)
    assert told == ""
    assert store.append(session, 7, [b"wharf"]).offset == 12
    assert content_of(store, store.commit(session, Digest.of(CONTENT), size=12)) == CONTENT


@pytest.mark.parametrize("failpoint", BEFORE_RENAME)
def test_killed_before_the_rename_nothing_is_visible_and_commit_can_be_repeated(
    store: FilesystemBlobStore, tmp_path: Path, failpoint: str
) -> None:
    session, told = killed_push(store, tmp_path, failpoint)
    assert told == "offset 12\n"
    assert visible(store) == []
    assert content_of(store, store.commit(session, Digest.of(CONTENT), size=12)) == CONTENT


@pytest.mark.parametrize("failpoint", AFTER_RENAME)
def test_killed_after_the_rename_the_blob_lies_whole_under_the_key_the_row_foretells(
    store: FilesystemBlobStore, tmp_path: Path, failpoint: str
) -> None:
    session, told = killed_push(store, tmp_path, failpoint)
    assert "committed" not in told
    assert visible(store) == [store.key_of(session, Digest.of(CONTENT))]
    assert content_of(store, visible(store)[0]) == CONTENT


@pytest.mark.parametrize("failpoint", IN_APPEND + BEFORE_RENAME + AFTER_RENAME)
def test_upload_id_and_digest_are_enough_to_remove_every_trace(
    store: FilesystemBlobStore, tmp_path: Path, failpoint: str
) -> None:
    session, _ = killed_push(store, tmp_path, failpoint)
    store.abort(session)
    store.delete(store.key_of(session, Digest.of(CONTENT)))
    assert visible(store) == []
    assert staged_sizes(store) == []
