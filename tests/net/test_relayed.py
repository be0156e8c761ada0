"""A library that speaks in the clear over TLS: every byte arrives, both ways at once, and threads end with their connection."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import OutgoingFailed, OutgoingTimeout, Stage
from net import streams
from net.sockets import trust
from tests.deploy.certificates import issue
from tests.instances import free_port

pytestmark = pytest.mark.unit

SIZE = 5_000_000


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The port of a TLS server that sends back what it gets, and what trusts it."""
    issued = issue(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.chain, issued.key)

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as secured:
                    while piece := secured.recv(10_000):
                        secured.sendall(piece)
            except ssl.SSLError:
                continue
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1], trust(issued.authority.read_text())
        listener.shutdown(socket.SHUT_RDWR)


def opened(port: int, context: ssl.SSLContext, seconds: float = 30) -> socket.socket:
    secured = streams.secure(streams.connect("127.0.0.1", port, 2), "127.0.0.1", context, 2)
    return streams.relayed(secured, seconds)


def relays() -> int:
    return sum(thread.name == "tls relay" for thread in threading.enumerate())


def gone(before: int) -> bool:
    ends = time.monotonic() + 3
    while relays() > before and time.monotonic() < ends:
        time.sleep(0.01)
    return relays() == before


def test_every_byte_arrives_both_ways(echo: tuple[int, ssl.SSLContext]) -> None:
    before, sent, found = relays(), os.urandom(SIZE), bytearray()
    with opened(*echo) as connection:
        writer = threading.Thread(target=connection.sendall, args=(sent,))
        writer.start()
        while len(found) < SIZE:
            piece = connection.recv(100_000)
            assert piece
            found += piece
        writer.join()
    assert found == sent
    assert gone(before)


def test_the_time_is_over_whatever_the_library_does(echo: tuple[int, ssl.SSLContext]) -> None:
    before = relays()
    with opened(*echo, seconds=0.3) as connection:
        connection.settimeout(2)
        assert connection.recv(1) == b""
        assert gone(before)


def test_each_step_that_fails_is_told_apart(echo: tuple[int, ssl.SSLContext]) -> None:
    port, _ = echo
    with pytest.raises(OutgoingFailed) as refused:
        streams.connect("127.0.0.1", free_port(), 2)
    assert refused.value.stage is Stage.CONNECT
    with pytest.raises(OutgoingFailed) as unknown:
        streams.secure(streams.connect("127.0.0.1", port, 2), "127.0.0.1", trust(), 2)
    assert unknown.value.stage is Stage.TLS
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = streams.connect("127.0.0.1", silent.getsockname()[1], 2)
        with pytest.raises(OutgoingTimeout):
            streams.secure(connection, "127.0.0.1", trust(), 0.2)
