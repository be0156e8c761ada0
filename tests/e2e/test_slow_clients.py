"""Case 73: clients that stall or crawl end, lose nothing that was acknowledged, and keep nobody waiting."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import make_project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf

IDLE_SECONDS = 2


@pytest.fixture(scope="module")
def impatient() -> Iterator[Wharf]:
    """A server that waits two seconds for a byte, and has few threads to spare."""
    server = Wharf()
    try:
        server.start({"WHARF_IDLE_SECONDS": str(IDLE_SECONDS), "WHARF_THREADS": "64"})
        make_project(server, "slow")
        yield server
    finally:
        server.remove()


def _stalled(server: Wharf, head: str) -> socket.socket:
    stalled = socket.create_connection(("127.0.0.1", server.port), timeout=IDLE_SECONDS * 10)
    stalled.sendall(head.encode())
    return stalled


def _ended(stalled: socket.socket) -> bytes:
    """What the server said before it closed; raises TimeoutError when it does not close."""
    said = b""
    while piece := stalled.recv(65536):
        said += piece
    return said


def test_a_patch_that_stalls_ends_and_the_upload_goes_on_where_it_was_acknowledged(impatient: Wharf) -> None:
    with Registry(impatient.url, impatient.admin) as client:
        location = client.start_upload("slow/patch")
        scope = client.push_scope("slow/patch")
        assert client.request("PATCH", location, scope=scope, content=b"kept").status_code == 202
        head = f"PATCH {location} HTTP/1.1\r\nHost: {impatient.host}\r\nContent-Length: 100\r\n"
        head += f"Authorization: {client.authorization(scope)}\r\n\r\n0123456789"
        with _stalled(impatient, head) as stalled:
            said = _ended(stalled)
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"SIZE_INVALID" in said
        status = client.request("GET", location, scope=scope)
        assert (status.status_code, status.headers["Range"]) == (204, "0-3")
        assert client.request("PATCH", location, scope=scope, content=b" too").headers["Range"] == "0-7"


def test_a_stalled_header_ends_without_an_answer(impatient: Wharf) -> None:
    with _stalled(impatient, f"GET /v2/ HTTP/1.1\r\nHost: {impatient.host}\r\nX-Slow: ") as stalled:
        assert _ended(stalled) == b""


def test_more_stalled_clients_than_threads_keep_nobody_out(impatient: Wharf) -> None:
    with ExitStack() as stack, Registry(impatient.url, impatient.admin) as client:
        for _ in range(120):
            head = f"GET /v2/ HTTP/1.1\r\nHost: {impatient.host}\r\nX-Slow: "
            stack.enter_context(_stalled(impatient, head))
        time.sleep(IDLE_SECONDS * 2)
        assert client.push_blob("slow/others", b"still served").status_code == 201
