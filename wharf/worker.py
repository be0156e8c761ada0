"""gunicorn's threaded worker, with its own refusals in the registry's words.

What gunicorn refuses while parsing (a request line over 8190 bytes, bad framing) never reaches the application; it would
answer with an HTML page, on which docker stops with "error parsing HTTP response".
"""

from __future__ import annotations

import json
import select
import socket
import struct
from concurrent.futures import Future
from typing import Any, Final

from gunicorn import util
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from wharf import environment

DRAIN_PIECE: Final = 64 * 1024
DRAIN_PIECES: Final = 16
READS: Final = ("GET", "HEAD")
# Milliseconds.
AFTER_A_WRITE: Final = 2

HEAD: Final = (
    "HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    "Docker-Distribution-Api-Version: registry/2.0\r\nX-Content-Type-Options: nosniff\r\n\r\n"
)


def write_error(client: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer a request that could not be parsed, and close."""
    code = "UNKNOWN" if status >= 500 else "UNSUPPORTED"
    body = json.dumps({"errors": [{"code": code, "message": message or reason}]}).encode()
    head = HEAD.format(status=status, reason=reason, length=len(body))
    util.write_nonblock(client, head.encode("latin1") + body)


class AskedForBody:
    """The body of a request with `Expect: 100-continue`: the client sends it when the application first reads.

    gunicorn would ask for it before the application has looked at the credentials.
    """

    def __init__(self, body: Any, client: socket.socket) -> None:
        self._body = body
        self._client = client
        self.asked = False

    def read(self, size: int | None = None) -> bytes:
        self._ask()
        piece: bytes = self._body.read(size)
        return piece

    def readline(self, size: int | None = None) -> bytes:
        self._ask()
        line: bytes = self._body.readline(size)
        return line

    def _ask(self) -> None:
        if not self.asked:
            self.asked = True
            self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


class RegistryWorker(ThreadWorker):  # type: ignore[misc]
    """`gthread` with what gunicorn has no setting for: JSON refusals, bodies asked for late and drained in bounds."""

    def init_process(self) -> None:
        util.write_error = write_error
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Before a thread takes the connection: a peer that neither sends nor takes a byte for so long is gone.

        By the kernel's clock of the socket, which holds for headers, bodies and sendfile alike.
        """
        if not conn.initialized:
            patience = struct.pack("ll", environment.load().idle_seconds, 0)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Serve one request, and those that follow it at once; a connection that ends is closed here, in its own thread.

        Going on with a connection whose next request is here already saves its way through the loop and into another thread,
        a fifth of what a cached read costs. After a write it is waited for a little: a push goes on with its next request.

        Closing waits up to two seconds for the peer. gunicorn does it in the loop that accepts and hands out connections, where
        a hundred stalled clients would keep everybody waiting for minutes.
        """
        result = super().handle(conn)
        while result is True and self.alive and has_more(conn, milliseconds=conn.wharf_patience):
            result = super().handle(conn)
        if result is False:
            conn.close(graceful=True)
        return result

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """In the loop: what becomes of the connection."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is False:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Whether the connection may carry another request."""
        conn.wharf_patience = 0 if req.method in READS else AFTER_A_WRITE
        waiting: AskedForBody | None = None
        if req._expected_100_continue:  # noqa: SLF001 - gunicorn's own flag, read and cleared here alone
            req._expected_100_continue = False  # noqa: SLF001
            req.body = waiting = AskedForBody(req.body, conn.sock)
        keep = bool(super().handle_request(req, conn))
        if waiting is not None and not waiting.asked:
            return False  # whether the client still sends its body is not known
        return keep and drained(req.body)


def has_more(conn: Any, *, milliseconds: int) -> bool:
    """Whether the next request of a kept-alive connection begins to arrive within so long."""
    if conn.parser.unreader.buf.getvalue():
        return True
    poll = select.poll()
    poll.register(conn.sock, select.POLLIN)
    return bool(poll.poll(milliseconds))


def drained(body: Any) -> bool:
    """Read what the application left of a refused body, a bounded amount; False when there is more or it is broken.

    The answer is out by now: a refusal of the body's framing would be a second one, taken for that of the next request.
    """
    try:
        return any(not body.read(DRAIN_PIECE) for _ in range(DRAIN_PIECES))
    except (OSError, ParseException):
        return False
