"""Requests in a row, old clients, half-closed sockets, and crowds of slow clients: right answers, and nobody else harmed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import Project
from tests.e2e.raw import Answer, Connection, connect
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.e2e.upload_session import Session
from tests.images import sha256

CROWD = 500
BLOB = bytes(range(256)) * 8192  # 2 MiB: more than the sockets of both sides hold


@pytest.fixture(scope="module")
def project(new_project: Callable[..., Project]) -> Project:
    return new_project()


@pytest.fixture
def session(live: Wharf, project: Project, registry_of: Callable[..., Registry]) -> Session:
    return Session(live, project, registry_of(project.developer))


def _get(session: Session, digest: str, version: str = "1.1", *extra: str) -> bytes:
    lines = [f"GET /v2/{session.repository}/blobs/{digest} HTTP/{version}", f"Host: {session.host}"]
    return "\r\n".join([*lines, *session.headers(*extra), "", ""]).encode()


def _pushed(session: Session, data: bytes) -> str:
    session.registry.push_blob(session.repository, data)
    return sha256(data)


def _answer(connection: Connection) -> Answer:
    """The next answer, which there has to be."""
    answer = connection.final_answer()
    assert answer is not None, "the server hung up without an answer"
    return answer


def test_pipelined_requests_are_answered_each_and_in_order(session: Session) -> None:
    parts = [f"part {number}".encode() for number in range(6)]
    digests = [_pushed(session, part) for part in parts]
    with connect(session.host) as connection:
        connection.send(b"".join(_get(session, digest) for digest in digests * 5))
        answers = [_answer(connection) for _ in digests * 5]
    assert [answer.body for answer in answers] == parts * 5


def test_requests_pipelined_behind_a_body_are_not_taken_for_it(session: Session) -> None:
    digest = _pushed(session, b"behind")
    data = b"the body of a chunk"
    with connect(session.host) as connection:
        connection.request(f"PATCH {session.path}", *session.headers(f"Content-Length: {len(data)}"))
        connection.send(data + _get(session, digest) + _get(session, "sha256:" + 64 * "0"))
        patched, read, missing = (_answer(connection) for _ in range(3))
    assert (patched.status, patched.headers["range"]) == (202, f"0-{len(data) - 1}")
    assert (read.status, read.body) == (200, b"behind")
    assert missing.status == 404


def test_a_request_behind_a_refused_body_is_never_made_of_it(session: Session) -> None:
    hidden = _get(session, _pushed(session, b"hidden"))
    with connect(session.host) as connection:
        connection.request(
            f"PATCH {session.path}", "Authorization: Bearer no", f"Content-Length: {len(hidden)}"
        )
        connection.send(hidden)
        refused = _answer(connection)
        connection.finish_sending()
        after = connection.final_answer()
    assert refused.status == 401
    assert after is None


@pytest.mark.parametrize("kept", [False, True])
def test_a_client_of_http_1_0_gets_a_whole_answer_without_chunks(session: Session, kept: bool) -> None:
    digest = _pushed(session, BLOB)
    with connect(session.host) as connection:
        connection.send(_get(session, digest, "1.0", *(["Connection: keep-alive"] if kept else [])))
        answer = _answer(connection)
        if kept:
            connection.send(_get(session, digest, "1.0", "Connection: keep-alive"))
        again = connection.final_answer()
    assert "transfer-encoding" not in answer.headers
    assert answer.body == BLOB
    assert (again is not None) == kept, "without keep-alive the connection ends with its answer"


def test_a_client_that_stops_sending_after_its_request_gets_its_answer(session: Session) -> None:
    digest = _pushed(session, BLOB)
    with connect(session.host) as connection:
        connection.send(_get(session, digest))
        connection.finish_sending()
        answer = _answer(connection)
    assert answer.status == 200
    assert answer.body == BLOB


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_ends_with_the_sending_side_is_refused_and_nothing_kept(
    session: Session, framing: str
) -> None:
    with connect(session.host) as connection:
        connection.request(f"PATCH {session.path}", *session.headers(framing))
        connection.send(b"32\r\n" + 20 * b"x" if "chunked" in framing else 20 * b"x")
        connection.finish_sending()
        answer = _answer(connection)
    assert answer.status == 400
    assert json.loads(answer.body)["errors"][0]["code"] == "SIZE_INVALID"
    assert session.settled("0-0") == "0-0"


Gather = Callable[[Callable[[], bytes]], list[Connection]]


@pytest.fixture
def crowd(session: Session) -> Iterator[Gather]:
    """`crowd(request)`: five hundred connections that each sent what a call of `request` gives, and then do nothing."""
    with ExitStack() as stack:

        def gather(request: Callable[[], bytes]) -> list[Connection]:
            made = [stack.enter_context(connect(session.host)) for _ in range(CROWD)]
            for connection in made:
                connection.send(request())
            return made

        yield gather


def test_five_hundred_who_do_not_read_keep_nobody_waiting(session: Session, crowd: Gather) -> None:
    digest = _pushed(session, BLOB)
    readers = crowd(lambda: _get(session, digest))
    _others_are_served(session)
    assert _answer(readers[-1]).body == BLOB, "whoever reads in the end gets all of it"


def test_five_hundred_who_do_not_write_on_keep_nobody_waiting(session: Session, crowd: Gather) -> None:
    def begun() -> bytes:
        path = session.registry.start_upload(session.repository)
        lines = [
            f"PATCH {path} HTTP/1.1",
            f"Host: {session.host}",
            *session.headers("Content-Length: 2"),
            "",
            "x",
        ]
        return "\r\n".join(lines).encode()

    writers = crowd(begun)
    _others_are_served(session)
    writers[-1].send(b"y")
    assert _answer(writers[-1]).headers["range"] == "0-1", "whoever goes on in the end is taken"


def _others_are_served(session: Session) -> None:
    """Pushes and pulls of somebody else; one that waited for the crowd would end in the client's time limit."""
    for number in range(20):
        data = f"somebody else's {number} {time.time_ns()}".encode()
        assert session.registry.get_blob(session.repository, _pushed(session, data)).content == data
