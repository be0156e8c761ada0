"""Bodies in both directions, piece by piece; and errors that tell what is the matter without repeating what was sent."""

from __future__ import annotations

import hashlib
import ssl
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import OutgoingFailed, Stage
from net.safe_http import SafeHttp
from tests.deploy.certificates import issue
from tests.net.conftest import QUICK, MakeClient, names
from tests.net.servers import OK, Conversation, Script, always, serving

MIB = 1024 * 1024
SIZE = 24 * MIB
LARGE = replace(QUICK, total_seconds=None, body_bytes=SIZE)
PIECE = bytes(range(256)) * 256


def content() -> Iterator[bytes]:
    for _ in range(SIZE // len(PIECE)):
        yield PIECE


DIGEST = hashlib.sha256(b"".join(content())).hexdigest()


def source(talk: Conversation) -> None:
    while talk.head():
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for piece in content():
            talk.send(piece)


def sink(talk: Conversation) -> None:
    """Answers with the digest of what it was sent, told by Content-Length."""
    while talk.head():
        digest, left = hashlib.sha256(), SIZE
        while left:
            received = talk.body(min(left, 65_536))
            digest.update(received)
            left -= len(received)
        answer = digest.hexdigest().encode()
        talk.send(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))


def test_a_download_arrives_whole_in_pieces(client: MakeClient) -> None:
    with serving(source) as server, client().stream("GET", server.url(), limits=LARGE) as answer:
        digest = hashlib.sha256()
        for piece in answer.pieces():
            digest.update(piece)
            assert len(piece) <= 65_536
        assert digest.hexdigest() == DIGEST


def test_what_one_host_sends_another_gets_and_nobody_holds_it_all(client: MakeClient) -> None:
    http = client()
    with serving(source) as here, serving(sink) as there:
        tracemalloc.start()
        with http.stream("GET", here.url(), limits=LARGE) as pulled:
            body = pulled.pieces()
            with http.stream("PUT", there.url(), body=body, length=SIZE, limits=LARGE) as pushed:
                pushed.require(201)
                assert pushed.read().decode() == DIGEST
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert f"Content-Length: {SIZE}" in there.heads[0]
    assert peak < 4 * MIB


def test_a_body_of_unknown_length_is_sent_in_chunks(client: MakeClient) -> None:
    received: list[bytes] = []

    def script(talk: Conversation) -> None:
        talk.head()
        received.append(talk.body(len(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")))
        talk.send(OK)

    with serving(script) as server:
        assert client().fetch("POST", server.url(), body=iter([b"abc", b"de"])).body == b"ok"  # type: ignore[arg-type]
        assert "Transfer-Encoding: chunked" in server.heads[0]
        assert received == [b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"]


@pytest.mark.parametrize("length", [2, 4])
def test_a_body_of_another_length_than_promised_is_no_request(client: MakeClient, length: int) -> None:
    with (
        serving(sink) as server,
        pytest.raises(OutgoingFailed, match="another length") as failed,
        client().stream("PUT", server.url(), body=iter([b"abc"]), length=length),
    ):
        pass
    assert failed.value.stage is Stage.SEND


class DiskFailed(Exception):
    """What a caller's own source may raise."""


def test_what_the_source_of_a_body_raises_reaches_the_caller_as_it_is(client: MakeClient) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise DiskFailed

    with (
        serving(sink) as server,
        pytest.raises(DiskFailed),
        client().stream("PUT", server.url(), body=broken()),
    ):
        pass


def test_an_answer_that_comes_before_the_body_has_gone_is_read(client: MakeClient) -> None:
    def script(talk: Conversation) -> None:
        talk.head()
        talk.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with (
        serving(script) as server,
        client().stream("PUT", server.url(), body=content(), length=SIZE) as answer,
    ):
        assert answer.status == 413


def test_a_connection_is_used_again_when_an_answer_was_read_whole(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client()
        for _ in range(5):
            assert http.fetch("GET", server.url()).body == b"ok"
        assert (server.connections, len(server.heads)) == (1, 5)


def test_an_answer_left_unread_leaves_no_bytes_for_the_next(client: MakeClient) -> None:
    with serving(always(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nHTTP/1.1 500 canary!")) as server:
        http = client()
        for _ in range(2):
            with http.stream("GET", server.url()) as answer:
                assert answer.status == 200


CANARY = b"canary"


@pytest.mark.parametrize(
    "script",
    [
        always(CANARY + b"\r\n\r\n"),
        always(b"HTTP/1.1 " + CANARY + b"\r\n\r\n"),
        always(b"HTTP/9.9 200 " + CANARY + b"\r\n\r\n"),
        always(b"HTTP/1.1 200 OK\r\n" + CANARY + b"\r\n\r\n"),
        always(b"HTTP/1.1 200 OK\r\nX: a\x00" + CANARY + b"\r\n\r\n"),
        always(b"HTTP/1.1 200 OK\r\nContent-Length: " + CANARY + b"\r\n\r\n"),
        always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + CANARY),
        always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CANARY + b"\r\n"),
        always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + CANARY + b"\r\n\r\n"),
        lambda talk: (talk.head(), talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + CANARY)),
        lambda talk: (talk.head(), talk.send(CANARY)),
        lambda talk: talk.head(),
    ],
)
def test_an_answer_that_is_none_fails_without_repeating_it(client: MakeClient, script: Script) -> None:
    with serving(script) as server, pytest.raises(OutgoingFailed) as failed:
        client().fetch("GET", server.url())
    told = f"{failed.value.message} {failed.value.detail} {failed.value.__cause__} "
    assert "canary" not in told
    assert failed.value.stage is Stage.ANSWER


def test_an_unwanted_status_is_told_without_its_body(client: MakeClient) -> None:
    with serving(always(b"HTTP/1.1 500 canary\r\nContent-Length: 6\r\n\r\ncanary")) as server:
        answer = client().fetch("GET", server.url("/secret?canary"))
        with pytest.raises(OutgoingFailed) as failed:
            answer.require(200, 201)
    assert failed.value.message == f"127.0.0.1:{server.port} answered with status 500"


HOSTS = names(registry_example_org="127.0.0.1", other_example_org="127.0.0.1")


def refused(http: SafeHttp, url: str) -> str:
    with pytest.raises(OutgoingFailed) as failed:
        http.fetch("GET", url)
    assert failed.value.stage is Stage.TLS
    return failed.value.message


def test_a_certificate_has_to_be_of_a_known_authority_and_for_that_name(
    client: MakeClient, tls: ssl.SSLContext, authorities: str, tmp_path: Path
) -> None:
    foreign = issue(tmp_path, "registry.example.org").authority.read_text()
    with serving(always(OK), tls=tls) as server:
        url = server.url(scheme="https", host="registry.example.org")
        other = server.url(scheme="https", host="other.example.org")
        assert client(resolve=HOSTS, authorities=authorities).fetch("GET", url).status == 200
        assert "is not accepted" in refused(client(resolve=HOSTS), url)
        assert "is not accepted" in refused(client(resolve=HOSTS, authorities=foreign), url)
        assert "not valid for 'other.example.org'" in refused(
            client(resolve=HOSTS, authorities=authorities), other
        )
        assert len(server.heads) == 1


def test_a_server_without_tls_is_told_as_such(client: MakeClient) -> None:
    def script(talk: Conversation) -> None:
        talk.body(1)
        talk.send(b"HTTP/1.1 400 canary\r\n\r\n")

    with serving(script) as server:
        assert "does not speak TLS" in refused(client(), server.url(scheme="https"))


@pytest.mark.parametrize("pem", ["canary", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_authorities_that_are_none_are_told_at_once(client: MakeClient, pem: str) -> None:
    options: dict[str, Any] = {"authorities": pem}
    with pytest.raises(ValueError, match="there is no certificate"):
        client(**options)
