"""Asking for TLS: only a clear yes counts, and nothing said before TLS counts as said in it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from accounts.ldap import starttls
from core.errors import DirectoryUnavailable, OutgoingFailed
from net import streams

pytestmark = pytest.mark.unit

YES = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
NO = YES.replace(b"\x0a\x01\x00", b"\x0a\x01\x35")
# The same with lengths in their long form, as Active Directory writes them.
LONG_YES = b"\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"


@contextmanager
def answering(
    answer: bytes, then: Callable[[socket.socket], None] = lambda _: None
) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs:
            assert theirs.recv(100) == starttls.REQUEST
            theirs.sendall(answer)
            then(theirs)

    thread = threading.Thread(target=serve)
    thread.start()
    with ours:
        yield ours
    thread.join()


@pytest.mark.parametrize("answer", [YES, LONG_YES])
def test_a_yes_is_a_yes(answer: bytes) -> None:
    with answering(answer) as connection:
        starttls.begin(connection, "ldap://x", 2)


@pytest.mark.parametrize(
    "answer",
    [NO, b"", b"\x30", YES[:-1], b"\x30\x84\xff\xff\xff\xff", b"\x30\x88" + b"\xff" * 8, b"HTTP/1.1 200 OK", b"\x30\x00",
     b"\x30\x03\x02\x01\x01", b"\x30\x05\x02\x01\x01\x78\x00", b"\x30\x07\x02\x01\x01\x78\x02\x0a\x01",
     YES.replace(b"\x78", b"\x61"), b"\x30\x05\x02\x01\x01\x78\xff"],
)  # fmt: skip
def test_anything_else_is_none(answer: bytes) -> None:
    with answering(answer) as connection, pytest.raises(DirectoryUnavailable):
        starttls.begin(connection, "ldap://x", 2)


def test_silence_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    begun = time.monotonic()
    with ours, theirs, pytest.raises(DirectoryUnavailable):
        starttls.begin(ours, "ldap://x", 0.3)
    assert time.monotonic() - begun < 10


def test_what_was_written_behind_the_answer_breaks_the_handshake() -> None:
    """Somebody in between could say in advance what the server seems to say in TLS."""
    result = b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
    context = ssl.create_default_context()
    with answering(YES + result, then=lambda _: time.sleep(0.1)) as connection:
        starttls.begin(connection, "ldap://x", 2)
        with pytest.raises(OutgoingFailed):
            streams.secure(connection, "x", context, 2)
