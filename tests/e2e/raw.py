"""HTTP written byte by byte: for the requests no honest client sends, and the bodies that end too soon."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One parsed response. Header names are lower case; the last of equal names wins."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """One TCP connection to the server; everything sent is exactly what is given."""

    def __init__(self, host: str) -> None:
        name, _, port = host.rpartition(":")
        self.host = host
        self.socket = socket.create_connection((name, int(port)), timeout=TIMEOUT)
        self.buffer = b""

    def send(self, data: bytes) -> None:
        """Send all of `data`. A server that already closed is no error: its answer may still be readable."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def request(self, line: str, *headers: str) -> None:
        """A request line and headers (Host added), ended by the empty line; the body is sent by `send`."""
        lines = [f"{line} HTTP/1.1", f"Host: {self.host}", *headers, "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def chunk(self, data: bytes) -> None:
        """One chunk of a chunked body; empty data ends the body."""
        self.send(b"%x\r\n" % len(data) + data + b"\r\n")

    def answer(self, *, method: str = "") -> Answer | None:
        """The next response, None when the server closed without one. `method` HEAD has no body."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        status_line, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines if line]
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        status = int(status_line.split(" ")[1])
        bodiless = method == "HEAD" or status in (204, 304) or status < 200
        return Answer(status, headers, b"" if bodiless else self._body(headers))

    def final_answer(self) -> Answer | None:
        """The next response that is not an interim one (1xx)."""
        answer = self.answer()
        while answer is not None and answer.status < 200:
            answer = self.answer()
        return answer

    def abort(self) -> None:
        """Cut the connection hard (RST), as a client that dies does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.socket.close()

    def finish_sending(self) -> None:
        """Close our side only: the server sees the end of the body, we can still read its answer."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.socket.close()

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        return self._exactly(int(headers.get("content-length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while size := int((self._until(b"\r\n") or b"0").split(b";")[0], 16):
            yield self._exactly(size)
            self._exactly(2)
        self._until(b"\r\n")

    def _until(self, end: bytes) -> bytes | None:
        while end not in self.buffer:
            if not self._more():
                return None
        found, _, self.buffer = self.buffer.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self.buffer) < size and self._more():
            pass
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def _more(self) -> bool:
        try:
            received = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += received
        return bool(received)


@contextmanager
def connect(host: str) -> Iterator[Connection]:
    """A connection that is closed at the end, whatever happened."""
    connection = Connection(host)
    try:
        yield connection
    finally:
        connection.close()
