"""Requests at the same time: one writer a session, one stored copy a digest, and every client told the truth."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from uuid import uuid4

import httpx2
import pytest
from django.db import connections

from core.oci.digest import Digest
from database import sql
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World
from tests.registry_api.crowd import at_once
from tests.registry_api.files import broken, files_of, in_trash, set_upload, staged, upload, used
from tests.registry_api.wire import Body, bearer, send

CROWD = 20


class SlowRequest:
    """A PATCH or PUT that stops in the middle of its body until `finish` is called."""

    def __init__(self, repository: Repository, method: str, path: str, *parts: bytes) -> None:
        self._arrived, self._go = Event(), Event()
        first, rest = parts
        body = Body(first, self._arrived.set, partial(self._go.wait, 30), rest)
        target, headers = f"/v2/{repository.name}/{path}", bearer(repository)
        registry = repository.client.registry
        self._pool = ThreadPoolExecutor(1)
        self._answer = self._pool.submit(
            _closing(partial(send, registry, method, target, body=body, headers=headers))
        )
        assert self._arrived.wait(30)

    def finish(self) -> httpx2.Response:
        self._go.set()
        answer = self._answer.result(30)
        self._pool.shutdown()
        return answer


def _closing(act: Callable[[], httpx2.Response]) -> Callable[[], httpx2.Response]:
    def run() -> httpx2.Response:
        try:
            return act()
        finally:
            connections.close_all()

    return run


def test_a_second_writer_is_told_the_offset_and_changes_nothing(world: World) -> None:
    """Case 27. A status may be asked for meanwhile; it tells what was acknowledged, not what is arriving."""
    repository, content = world.repository(), uuid4().bytes * 20_000
    location, half = repository.start(), len(content) // 2
    slow = SlowRequest(repository, "PATCH", location, content[:half], content[half:])
    put = f"{location}?digest={Digest.of(content)}"
    for method, path in (("PATCH", location), ("PUT", put), ("DELETE", location)):
        answer = repository.call(method, path, content=b"in between")
        assert refused(answer) == (416, "BLOB_UPLOAD_INVALID")
        assert answer.headers["Range"] == "0-0"
    assert repository.call("GET", location).headers["Range"] == "0-0"
    answer = slow.finish()
    assert (answer.status_code, answer.headers["Range"]) == (202, f"0-{len(content) - 1}")
    assert repository.call("PUT", put).status_code == 201
    assert repository.call("GET", f"blobs/{Digest.of(content)}").content == content


def test_a_stalled_writer_whose_lease_is_over_still_keeps_others_out_of_its_bytes(world: World) -> None:
    """Case 27: the file itself has one writer at a time."""
    repository, content = world.repository(), uuid4().bytes * 20_000
    location, half = repository.start(), len(content) // 2
    slow = SlowRequest(repository, "PATCH", location, content[:half], content[half:])
    set_upload(location, "lease_until = now() - interval '1 second'")
    answer = repository.call("PATCH", location, content=b"in between")
    assert refused(answer) == (416, "BLOB_UPLOAD_INVALID")
    assert slow.finish().status_code == 202
    assert staged(location).read_bytes() == content


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_session_cancelled_under_a_stalled_writer_acknowledges_nothing(world: World, method: str) -> None:
    repository, content = world.repository(), uuid4().bytes * 20_000
    location, half = repository.start(), len(content) // 2
    path = f"{location}?digest={Digest.of(content)}"
    slow = SlowRequest(repository, method, path, content[:half], content[half:])
    set_upload(location, "lease_until = now() - interval '1 second'")
    assert repository.call("DELETE", location).status_code == 204
    assert refused(slow.finish()) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert upload(location) is None
    assert not staged(location).exists()
    assert repository.call("HEAD", f"blobs/{Digest.of(content)}").status_code == 404
    assert broken(Digest.of(content).hex, location.rpartition("/")[2]) == []


def test_chunks_racing_for_one_offset_end_with_one_of_them(world: World) -> None:
    """Case 27."""
    repository, location = world.repository(), ""
    location = repository.start()
    chunks = [uuid4().bytes * 1000 for _ in range(8)]
    headers = {"Content-Range": f"0-{len(chunks[0]) - 1}"}
    answers = at_once(partial(repository.call, "PATCH", location, content=c, headers=headers) for c in chunks)
    assert sorted(answer.status_code for answer in answers) == [202] + [416] * 7
    winner = next(c for c, answer in zip(chunks, answers, strict=True) if answer.status_code == 202)
    assert staged(location).read_bytes() == winner
    assert repository.call("PUT", f"{location}?digest={Digest.of(winner)}").status_code == 201


def _links(digest: Digest) -> int:
    return int(
        sql.value(
            "SELECT count(*) FROM repository_blob JOIN blob ON blob.id = blob_id WHERE digest = %s",
            [digest.raw],
        )
    )


@pytest.mark.parametrize("way", ["post", "post and put"])
@pytest.mark.parametrize("repositories", [1, CROWD])
def test_twenty_clients_push_one_blob_and_one_copy_is_kept(world: World, repositories: int, way: str) -> None:
    """Case 28."""
    content = uuid4().bytes * 1000
    digest = Digest.of(content)
    targets = [world.repository() for _ in range(repositories)] * (CROWD // repositories)
    assert targets[0].client.registry.token(basic=targets[0].client.basic)  # the password is checked once

    def push(repository: Repository) -> int:
        path = f"blobs/uploads/?digest={digest}" if way == "post" else f"{repository.start()}?digest={digest}"
        return repository.call("POST" if way == "post" else "PUT", path, content=content).status_code

    assert at_once(partial(push, repository) for repository in targets) == [201] * CROWD
    assert _links(digest) == repositories
    keys = [key for (key,) in sql.rows("SELECT storage_key FROM blob WHERE digest = %s", [digest.raw])]
    assert len(keys) == 1
    others = {f"{path.parent.name}/{path.name}" for path in files_of(digest)} - set(keys)
    assert others == set(in_trash(digest))
    assert used(world.project.pk) == len(content)
    for repository in targets:
        assert repository.call("GET", f"blobs/{digest}").content == content
    assert broken(digest.hex, f"project {world.project.pk} ") == []


def test_the_same_put_twice_at_once_succeeds_or_is_out_of_order_and_stores_one_blob(world: World) -> None:
    """Cases 25 and 27: a client that retries before it heard the answer."""
    repository, content = world.repository(), uuid4().bytes * 1000
    location = repository.start()
    put = f"{location}?digest={Digest.of(content)}"
    answers = at_once(partial(repository.call, "PUT", put, content=content) for _ in range(6))
    assert {answer.status_code for answer in answers} <= {201, 416}
    assert repository.call("PUT", put, content=content).status_code == 201
    assert len(files_of(Digest.of(content))) == 1
