"""Bodies that break off and disks that fail: nothing unacknowledged is kept, nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast
from uuid import uuid4

import httpx2
import pytest

from artifacts.storage import store
from core import failpoints
from core.blobstore.filesystem import FilesystemBlobStore
from core.oci.digest import Digest
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World
from tests.registry_api.files import files_of, in_trash, staged, upload
from tests.registry_api.wire import CHUNKED, MEASURED, Body, bearer, send

CONTENT = bytes(range(256)) * 2048  # 512 KiB: several reads
ACKNOWLEDGED = 1000


class ClientGone(Exception):
    """As servers tell it: each has an exception of its own."""


def fresh() -> bytes:
    return uuid4().bytes + CONTENT


class Session:
    """A session with 1000 acknowledged bytes, to be broken."""

    def __init__(self, world: World) -> None:
        self.repository: Repository = world.repository()
        self.content = fresh()
        self.location = self.repository.start()
        answer = self.repository.call("PATCH", self.location, content=self.content[:ACKNOWLEDGED])
        assert answer.status_code == 202

    def send(
        self,
        method: str,
        body: Body | bytes,
        length: int = MEASURED,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        path = f"/v2/{self.repository.name}/{self.location}?digest={Digest.of(self.content)}"
        return send(
            self.repository.client.registry,
            method,
            path,
            body=body,
            length=length,
            headers={**bearer(self.repository), **(headers or {})},
        )

    def is_unchanged(self) -> bool:
        """Offset, Range and staged bytes are those of the last acknowledgement."""
        answer = self.repository.call("GET", self.location)
        return (answer.status_code, answer.headers["Range"]) == (204, "0-999") and (
            staged(self.location).read_bytes() == self.content[:ACKNOWLEDGED]
        )

    def goes_on(self) -> bool:
        """The rest is taken at once, and the blob is the whole."""
        rest = self.content[ACKNOWLEDGED:]
        answer = self.send(
            "PUT", rest, headers={"Content-Range": f"{ACKNOWLEDGED}-{ACKNOWLEDGED + len(rest) - 1}"}
        )
        assert answer.status_code == 201, answer.text
        return self.repository.call("GET", f"blobs/{Digest.of(self.content)}").content == self.content


@pytest.fixture
def session(world: World) -> Session:
    return Session(world)


def short(rest: bytes) -> tuple[Body, int]:
    return Body(rest[: len(rest) * 6 // 10]), len(rest)


def broken_off(rest: bytes) -> tuple[Body, int]:
    return Body(rest[: len(rest) * 6 // 10], ClientGone("reset by peer")), len(rest)


def broken_chunk(rest: bytes) -> tuple[Body, int]:
    return Body(rest[: len(rest) * 6 // 10], ClientGone("chunk ended early")), CHUNKED


def bad_chunk_size(_rest: bytes) -> tuple[Body, int]:
    return Body(ValueError("invalid chunk size")), CHUNKED


def nothing_came(rest: bytes) -> tuple[Body, int]:
    return Body(OSError("connection reset")), len(rest)


def nothing_at_all(rest: bytes) -> tuple[Body, int]:
    return Body(), len(rest)


BREAKS = [short, broken_off, broken_chunk, bad_chunk_size, nothing_came, nothing_at_all]


@pytest.mark.parametrize("cut", BREAKS, ids=lambda cut: cut.__name__)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_body_that_breaks_off_is_not_acknowledged_and_the_session_goes_on(
    session: Session, method: str, cut: Callable[[bytes], tuple[Body, int]]
) -> None:
    """Case 21."""
    body, length = cut(session.content[ACKNOWLEDGED:])
    assert refused(session.send(method, body, length)) == (400, "SIZE_INVALID")
    assert session.is_unchanged()
    assert session.goes_on()


def test_a_chunked_body_shorter_or_longer_than_its_content_range_is_not_acknowledged(
    session: Session,
) -> None:
    """Case 21."""
    for size in (99, 101, 400_000):
        answer = session.send(
            "PATCH", session.content[1000 : 1000 + size], CHUNKED, headers={"Content-Range": "1000-1099"}
        )
        assert refused(answer) == (400, "SIZE_INVALID")
        assert session.is_unchanged()
    assert session.goes_on()


@pytest.mark.parametrize("cut", BREAKS, ids=lambda cut: cut.__name__)
def test_a_whole_push_that_breaks_off_leaves_nothing(
    world: World, cut: Callable[[bytes], tuple[Body, int]]
) -> None:
    """Case 21, in one request."""
    repository, content = world.repository(), fresh()
    before = set(staged("x").parent.iterdir())
    body, length = cut(content)
    path = f"/v2/{repository.name}/blobs/uploads/?digest={Digest.of(content)}"
    answer = send(world.registry, "POST", path, body=body, length=length, headers=bearer(repository))
    assert refused(answer) == (400, "SIZE_INVALID")
    assert set(staged("x").parent.iterdir()) <= before
    assert files_of(Digest.of(content)) == []
    assert repository.call("HEAD", f"blobs/{Digest.of(content)}").status_code == 404


@pytest.mark.parametrize("length", ["-1", "+5", "5 ", "1_0", "0x5", "\u0665", "five"])
def test_a_content_length_that_is_no_number_is_a_bad_request(world: World, length: str) -> None:
    """Case 31, should a front end let it pass."""
    repository = world.repository()
    for method, path in (("PATCH", repository.start()), ("PUT", "manifests/latest")):
        target = f"/v2/{repository.name}/{path}"
        answer = send(
            world.registry, method, target, body=b"12345", length=length, headers=bearer(repository)
        )
        assert refused(answer) == (400, "SIZE_INVALID")


def test_a_chunked_body_counts_by_its_chunks_whatever_length_stands_beside(session: Session) -> None:
    """Case 31: a front end refuses both together; here the announced length at least never cuts a body."""
    rest = session.content[ACKNOWLEDGED:]
    answer = session.send("PATCH", rest, 5, headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.headers["Range"]) == (202, f"0-{len(session.content) - 1}")


@pytest.fixture
def armed() -> Iterator[Callable[[str], None]]:
    """Arm failpoints in this process; disarmed at the end."""
    yield lambda points: failpoints.reload({"WHARF_FAILPOINTS": points})
    failpoints.reload({})


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_full_disk_cuts_back_to_what_was_acknowledged_and_the_session_goes_on(
    session: Session, armed: Callable[[str], None], method: str
) -> None:
    """Case 32."""
    armed("upload.after_write:enospc")
    answer = session.send(method, session.content[ACKNOWLEDGED:])
    assert refused(answer) == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    armed("")
    assert session.is_unchanged()
    assert session.goes_on()


def test_a_full_body_repeated_at_the_same_location_after_a_fault_is_taken(
    world: World, armed: Callable[[str], None]
) -> None:
    """Case 23: containerd's habit."""
    repository, content = world.repository(), fresh()
    location = repository.start()
    armed("upload.after_write:enospc")
    put = f"{location}?digest={Digest.of(content)}"
    assert repository.call("PUT", put, content=content).status_code == 503
    armed("")
    assert repository.call("PUT", put, content=content).status_code == 201
    assert repository.call("GET", f"blobs/{Digest.of(content)}").content == content


@pytest.mark.parametrize("point", ["upload.after_write", "upload.after_fdatasync", "blob.after_fdatasync",
                                   "blob.after_rename", "blob.after_dirsync"])  # fmt: skip
def test_a_failing_disk_ends_the_session_and_nothing_of_it_is_trusted(
    session: Session, armed: Callable[[str], None], point: str
) -> None:
    armed(f"{point}:eio")
    answer = session.send("PUT", session.content[ACKNOWLEDGED:])
    assert refused(answer) == (503, "UNAVAILABLE")
    assert "Retry-After" in answer.headers
    armed("")
    assert refused(session.repository.call("GET", session.location)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert upload(session.location) is None
    assert not staged(session.location).exists()
    assert files_of(Digest.of(session.content)) == []
    assert in_trash(Digest.of(session.content)) == []
    assert session.repository.push_blob(session.content)


def test_a_disk_that_is_almost_full_takes_no_new_uploads_while_old_ones_and_pulls_go_on(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 32."""
    repository, digest = session.repository, session.repository.push_blob(fresh())
    monkeypatch.setattr(cast("FilesystemBlobStore", store())._volume, "_minimum_free", 2**62)
    for path in ("blobs/uploads/", f"blobs/uploads/?digest={Digest.of(b'x')}"):
        answer = repository.call("POST", path, content=b"x")
        assert refused(answer) == (503, "UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
    assert repository.call("GET", f"blobs/{digest}").status_code == 200
    assert session.goes_on()
    assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
