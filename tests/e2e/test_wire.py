"""What only a real socket shows: cut bodies, malformed framing, oversized headers (cases 10, 21, 27, 31)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Project
from tests.e2e.raw import Answer, Connection, connect
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.e2e.upload_session import Session
from tests.images import sha256

DATA = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture(scope="module")
def project(new_project: Callable[..., Project]) -> Project:
    """One project for this file: every test has an upload session of its own in it."""
    return new_project()


@pytest.fixture
def session(live: Wharf, project: Project, registry_of: Callable[..., Registry]) -> Session:
    return Session(live, project, registry_of(project.developer))


def send(host: str, line: str, *headers: str, body: bytes = b"") -> Answer | None:
    """One raw request on a connection of its own; None when the server hung up without an answer."""
    with connect(host) as connection:
        connection.request(line, *headers)
        connection.send(body)
        return connection.final_answer()


def refused(answer: Answer | None) -> bool:
    """A 400, or the connection closed without any answer: in no case was the request obeyed."""
    return answer is None or answer.status == 400


def healthy(live: Wharf) -> bool:
    """Whether every worker still answers: more questions at once than there are workers."""
    answers = [send(live.host, "GET /v2/") for _ in range(8)]
    return all(answer is not None and answer.status == 401 for answer in answers)


def test_a_client_that_dies_at_60_percent_leaves_the_offset_unchanged(session: Session) -> None:
    connection = Connection(session.host)
    connection.request(f"PATCH {session.path}", *session.headers(f"Content-Length: {len(DATA)}"))
    connection.send(DATA[: len(DATA) * 6 // 10])
    time.sleep(0.3)
    connection.abort()
    assert session.settled("0-0") == "0-0"
    assert session.append(DATA, 0) == 202
    assert session.finish(DATA) == 201
    assert session.stored(DATA)


def test_a_second_chunk_that_dies_leaves_the_first_one_acknowledged(session: Session) -> None:
    half = len(DATA) // 2
    assert session.append(DATA[:half], 0) == 202
    connection = Connection(session.host)
    headers = session.headers(f"Content-Range: {half}-{len(DATA) - 1}", f"Content-Length: {len(DATA) - half}")
    connection.request(f"PATCH {session.path}", *headers)
    connection.send(b"\xff" * (half // 2))
    time.sleep(0.3)
    connection.abort()
    assert session.settled(f"0-{half - 1}") == f"0-{half - 1}"
    assert session.append(DATA[half:], half) == 202
    assert session.finish(DATA) == 201
    assert session.stored(DATA)


def test_a_second_writer_is_turned_away_while_the_first_one_writes(session: Session) -> None:
    half = len(DATA) // 2
    with connect(session.host) as connection:
        connection.request(f"PATCH {session.path}", *session.headers(f"Content-Length: {len(DATA)}"))
        connection.send(DATA[:half])
        time.sleep(0.3)
        other = session.registry.request("PATCH", session.path, scope=session.scope, content=b"\xff" * half)
        assert other.status_code == 416
        assert other.headers["range"] == "0-0"
        connection.send(DATA[half:])
        answer = connection.final_answer()
    assert answer is not None
    assert answer.status == 202
    assert session.finish(DATA) == 201
    assert session.stored(DATA)


def test_a_chunked_body_cut_in_the_middle_of_a_chunk_is_not_acknowledged(session: Session) -> None:
    with connect(session.host) as connection:
        connection.request(f"PATCH {session.path}", *session.headers("Transfer-Encoding: chunked"))
        connection.chunk(DATA[:1000])
        connection.send(b"ffff\r\n" + DATA[:5000])
        connection.finish_sending()
        answer = connection.final_answer()
    assert refused(answer)
    assert session.settled("0-0") == "0-0"
    assert session.append(DATA, 0) == 202
    assert session.finish(DATA) == 201
    assert session.stored(DATA)


def test_a_chunked_body_without_its_last_chunk_is_not_acknowledged(session: Session) -> None:
    with connect(session.host) as connection:
        connection.request(f"PATCH {session.path}", *session.headers("Transfer-Encoding: chunked"))
        connection.chunk(DATA[:1000])
        connection.finish_sending()
        answer = connection.final_answer()
    assert refused(answer)
    assert session.settled("0-0") == "0-0"


@pytest.mark.parametrize("size", [b"zz", b"-5", b"0x10", b"", b"1_0", b" 5", b"5 5"])
def test_a_malformed_chunk_size_is_a_bad_request(session: Session, size: bytes) -> None:
    with connect(session.host) as connection:
        connection.request(f"PATCH {session.path}", *session.headers("Transfer-Encoding: chunked"))
        connection.send(size + b"\r\nhello\r\n0\r\n\r\n")
        connection.finish_sending()
        answer = connection.final_answer()
    assert answer is not None
    assert answer.status == 400
    assert session.settled("0-0") == "0-0"


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 6",),
        ("Content-Length: -5",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Transfer-Encoding: xchunked",),
    ],
    ids=" + ".join,
)
def test_ambiguous_framing_is_a_bad_request_and_nothing_is_stored(
    session: Session, framing: tuple[str, ...]
) -> None:
    answer = send(
        session.host, f"PATCH {session.path}", *session.headers(*framing), body=b"5\r\nhello\r\n0\r\n\r\n"
    )
    assert answer is not None
    assert answer.status in ((400, 501) if framing == ("Transfer-Encoding: xchunked",) else (400,))
    assert session.settled("0-0") == "0-0"


def test_a_body_that_is_expected_with_a_bad_token_is_never_asked_for(live: Wharf, project: Project) -> None:
    with connect(live.host) as connection:
        connection.request(
            f"POST /v2/{project.name}/wire/blobs/uploads/?digest={sha256(DATA)}",
            "Authorization: Bearer not.a.token",
            f"Content-Length: {len(DATA)}",
            "Expect: 100-continue",
        )
        answer = connection.answer()
    assert answer is not None
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_body_that_is_expected_with_a_good_token_is_asked_for_and_taken(session: Session) -> None:
    with connect(session.host) as connection:
        headers = session.headers("Content-Length: 5", "Expect: 100-continue")
        connection.request(f"PATCH {session.path}", *headers)
        interim = connection.answer()
        assert interim is not None
        assert interim.status == 100
        connection.send(b"hello")
        answer = connection.final_answer()
    assert answer is not None
    assert answer.status == 202
    assert session.range() == "0-4"


def test_a_nine_kilobyte_authorization_header_is_refused_and_the_workers_stay_healthy(live: Wharf) -> None:
    for _ in range(4):
        answer = send(live.host, "GET /v2/", f"Authorization: Bearer {'a' * 9216}")
        assert answer is not None
        assert answer.status in (400, 431)
    assert healthy(live)


def test_two_authorization_headers_are_refused(live: Wharf, session: Session) -> None:
    answer = send(live.host, "GET /v2/", *session.headers("Authorization: Basic YTpi"))
    assert answer is not None
    assert answer.status in (400, 401)


def test_a_request_line_of_nine_kilobytes_is_refused(live: Wharf) -> None:
    answer = send(live.host, f"GET /v2/{'a' * 9216}/manifests/x")
    assert answer is not None
    assert answer.status in (400, 414)
    assert healthy(live)


def test_an_early_refusal_of_a_large_body_is_readable_json(live: Wharf, project: Project) -> None:
    answer = send(
        live.host,
        f"POST /v2/{project.name}/wire/blobs/uploads/?digest={sha256(DATA)}",
        "Authorization: Bearer not.a.token",
        f"Content-Length: {len(DATA)}",
        body=DATA,
    )
    assert answer is not None
    assert answer.status == 401
    assert json.loads(answer.body)["errors"][0]["code"] == "UNAUTHORIZED"
