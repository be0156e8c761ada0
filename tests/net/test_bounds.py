"""Time and size: whatever the other side does, a call ends, small and on time."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.errors import AnswerTooLarge, OutgoingFailed, OutgoingTimeout, Stage
from net.addresses import Address
from tests.net.conftest import QUICK, MakeClient
from tests.net.servers import OK, Conversation, always, serving

HEAD = b"HTTP/1.1 200 OK\r\n"
HASTY = replace(QUICK, connect_seconds=0.5, idle_seconds=0.5, total_seconds=1.0)
SMALL = replace(QUICK, body_bytes=1000)


def answering(headers: bytes, body: bytes) -> Callable[[Conversation], None]:
    return always(HEAD + headers + b"\r\n" + body)


def sized(body: bytes, *, more: bytes = b"") -> Callable[[Conversation], None]:
    return answering(b"Content-Length: %d\r\n%b" % (len(body), more), body)


def chunked(body: bytes) -> Callable[[Conversation], None]:
    return answering(b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))


def unbounded(talk: Conversation) -> None:
    talk.head()
    talk.send(HEAD + b"Connection: close\r\n\r\n")
    while not talk.server.stopped.is_set():
        talk.send(b"x" * 65_536)


@pytest.mark.parametrize("script", [sized(b"x" * 1000), chunked(b"x" * 1000)])
def test_a_body_within_the_bound_is_read(client: MakeClient, script: Any) -> None:
    with serving(script) as server:
        assert client().fetch("GET", server.url(), limits=SMALL).body == b"x" * 1000


@pytest.mark.parametrize(
    "script",
    [
        sized(b"x" * 1001),
        chunked(b"x" * 1001),
        unbounded,
        answering(b"Content-Length: 999999999999\r\n", b""),
    ],
)
def test_a_body_above_it_is_not(client: MakeClient, script: Any) -> None:
    with serving(script) as server, pytest.raises(AnswerTooLarge, match="sent more than 1000 bytes"):
        client().fetch("GET", server.url(), limits=SMALL)


@pytest.mark.parametrize(("encoding", "window"), [(b"gzip", 31), (b"x-gzip", 31), (b"deflate", 15)])
def test_a_compressed_body_is_undone_within_the_bound(
    client: MakeClient, encoding: bytes, window: int
) -> None:
    def packed(content: bytes) -> bytes:
        packer = zlib.compressobj(wbits=window)
        return packer.compress(content) + packer.flush()

    header = b"Content-Encoding: %b\r\n" % encoding
    with serving(sized(packed(b"x" * 1000), more=header)) as server:
        assert client().fetch("GET", server.url(), limits=SMALL).body == b"x" * 1000
        assert "accept-encoding: identity" in server.heads[0].lower()
    with serving(sized(packed(b"x" * 1001), more=header)) as server, pytest.raises(AnswerTooLarge):
        client().fetch("GET", server.url(), limits=SMALL)


def test_a_bomb_is_found_out_before_it_is_blown_up(client: MakeClient) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), mtime=0)
    limits = replace(QUICK, body_bytes=len(bomb))
    started = time.process_time()
    with (
        serving(sized(bomb, more=b"Content-Encoding: gzip\r\n")) as server,
        pytest.raises(AnswerTooLarge),
    ):
        client().fetch("GET", server.url(), limits=limits)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "encoding", [b"br", b"zstd", b"gzip, gzip", b"gzip,deflate", b"compress", b"identity, gzip"]
)
def test_other_encodings_are_not_undone(client: MakeClient, encoding: bytes) -> None:
    script = sized(
        gzip.compress(gzip.compress(b"canary", mtime=0)), more=b"Content-Encoding: %b\r\n" % encoding
    )
    with serving(script) as server, pytest.raises(OutgoingFailed, match="an encoding it was not asked for"):
        client().fetch("GET", server.url())


@pytest.mark.parametrize(
    "body",
    # A fixed time: the bytes become the test's name, which has to be the same in every process.
    [b"canary", gzip.compress(b"canary", mtime=0)[:-4], gzip.compress(b"x", mtime=0)[:5] + b"canary"],
)
def test_a_broken_compressed_body_is_no_answer(client: MakeClient, body: bytes) -> None:
    with (
        serving(sized(body, more=b"Content-Encoding: gzip\r\n")) as server,
        pytest.raises(OutgoingFailed) as failed,
    ):
        client().fetch("GET", server.url())
    assert "canary" not in str(failed.value)


def silent(talk: Conversation) -> None:
    talk.head()
    talk.server.stopped.wait(5)


def dripping(*pieces: bytes) -> Callable[[Conversation], None]:
    """Sends the first piece, then the second again and again, always in time for the idle limit."""

    def script(talk: Conversation) -> None:
        talk.head()
        talk.send(pieces[0])
        while not talk.server.stopped.wait(0.05):
            talk.send(pieces[1])

    return script


@pytest.mark.parametrize(
    "script",
    [
        silent,
        dripping(b"", b"H"),
        dripping(HEAD, b"X-Header: 1\r\n"),
        dripping(HEAD + b"X-", b"a"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(HEAD + b"Content-Length: 60000\r\n\r\n", b"x"),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"extension=1;"),
    ],
    ids=["nothing", "status", "headers", "header", "continue", "body", "chunks", "chunk extension"],
)
def test_a_call_is_over_when_its_time_is(client: MakeClient, script: Any) -> None:
    started = time.monotonic()
    with serving(script) as server, pytest.raises(OutgoingFailed) as failed:
        client().fetch("GET", server.url(), limits=HASTY)
    assert time.monotonic() - started < 20  # the server would go on for ever
    assert failed.value.stage is Stage.ANSWER


def test_endless_headers_are_cut_off(client: MakeClient) -> None:
    def script(talk: Conversation) -> None:
        talk.head()
        talk.send(HEAD)
        while not talk.server.stopped.is_set():
            talk.send(b"X-Header: " + b"x" * 1000 + b"\r\n")

    with serving(script) as server, pytest.raises(OutgoingFailed, match="does not speak HTTP"):
        client().fetch("GET", server.url())


def test_as_long_as_bytes_move_a_call_without_total_time_goes_on(client: MakeClient) -> None:
    def script(talk: Conversation) -> None:
        talk.head()
        talk.send(HEAD + b"Content-Length: 15\r\n\r\n")
        for _ in range(15):
            talk.server.stopped.wait(0.1)
            talk.send(b"x")

    with serving(script) as server:
        assert (
            client().fetch("GET", server.url(), limits=replace(HASTY, total_seconds=None)).body == b"x" * 15
        )
        with pytest.raises(OutgoingTimeout):
            client().fetch("GET", server.url(), limits=HASTY)


def test_a_lookup_that_hangs_is_given_up(client: MakeClient) -> None:
    stopped = threading.Event()

    def resolve(_host: str) -> list[Address]:
        stopped.wait(5)
        return []

    with pytest.raises(
        OutgoingTimeout, match=r"the address of slow\.example\.org was not found in time"
    ) as failed:
        client(resolve=resolve).fetch("GET", "http://slow.example.org:5000/", limits=HASTY)
    stopped.set()
    assert failed.value.stage is Stage.RESOLVE


def test_a_handshake_that_hangs_is_given_up(client: MakeClient) -> None:
    def script(talk: Conversation) -> None:
        talk.server.stopped.wait(5)

    with serving(script) as server, pytest.raises(OutgoingTimeout, match="TLS handshake") as failed:
        client().fetch("GET", server.url(scheme="https"), limits=HASTY)
    assert failed.value.stage is Stage.TLS


def test_a_receiver_that_takes_nothing_is_given_up(client: MakeClient) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65_536

    with (
        serving(silent) as server,
        pytest.raises(OutgoingTimeout, match="stopped receiving") as failed,
        client().stream("PUT", server.url(), body=endless(), limits=HASTY),
    ):
        pass
    assert failed.value.stage is Stage.SEND


def test_a_port_nobody_listens_on_is_told_as_such(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        pass
    with pytest.raises(OutgoingFailed, match=r"cannot be reached on port .*: connection refused") as failed:
        client().fetch("GET", server.url())
    assert failed.value.stage is Stage.CONNECT
