"""Pushes of large blobs in the three ways clients do it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator

from tests.bench import content
from tests.bench.content import MIB, PAD, Blob, Stream
from tests.bench.pushing import start_upload
from tests.bench.target import Target, closing, location

PATCH_BYTES = 64 * MIB
# As docker and podman do.
CHUNK = 32 * 1024


def large_blob(target: Target, size: int) -> Blob:
    """The blob that downloads read, pushed when first asked for."""
    if target.pushed.large is None:
        target.pushed.large = push_stream(target, Stream(size, "for downloads"), whole)
    return target.pushed.large


Sender = Callable[["Upload", Stream], None]


def push_stream(target: Target, stream: Stream, send: Sender) -> Blob:
    """Push by one connection, in the way of `send`."""
    connection = target.connection()
    try:
        send(Upload(target, connection), stream)
    finally:
        connection.close()
    return stream.blob


class Upload:
    """A session on a socket of its own: heads by hand, as http.client would copy bodies and refuse our chunks."""

    def __init__(self, target: Target, connection: http.client.HTTPConnection) -> None:
        repository = target.pushed.repository
        self.place = start_upload(target, repository, connection)
        self.socket: socket.socket = connection.sock
        self._head = f"Host: {target.host}\r\nContent-Type: application/octet-stream\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in target.push(repository).items()
        )

    def send_head(self, method: str, path: str, *fields: str) -> None:
        lines = "".join(f"{line}\r\n" for line in fields)
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{self._head}{lines}\r\n".encode())

    def send(self, pieces: Iterator[memoryview]) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def expect(self, status: int) -> None:
        """Read the answer and go on where it says. Raises RuntimeError for another status."""
        answer = http.client.HTTPResponse(self.socket, method="PUT")
        answer.begin()
        body = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{answer.status} instead of {status}: {body[:300]!r}")
        self.place = location(answer.getheader("Location") or self.place)

    def finish(self, digest: str) -> None:
        self.send_head("PUT", closing(self.place, digest), "Content-Length: 0")
        self.expect(201)


def whole(upload: Upload, stream: Stream) -> None:
    """POST, then one PUT with all bytes."""
    upload.send_head("PUT", closing(upload.place, stream.blob.digest), f"Content-Length: {stream.size}")
    upload.send(stream.pieces(0, stream.size))
    upload.expect(201)


def in_patches(upload: Upload, stream: Stream) -> None:
    """POST, PATCHes of 64 MiB with Content-Range, an empty PUT."""
    for start in range(0, stream.size, PATCH_BYTES):
        end = min(start + PATCH_BYTES, stream.size)
        fields = f"Content-Length: {end - start}", f"Content-Range: {start}-{end - 1}"
        upload.send_head("PATCH", upload.place, *fields)
        upload.send(stream.pieces(start, end))
        upload.expect(202)
    upload.finish(stream.blob.digest)


# A mebibyte of padding in docker's chunks, framed once: the client's own work stays out of the figure.
FRAMED = b"".join(b"%x\r\n%b\r\n" % (CHUNK, PAD[at : at + CHUNK]) for at in range(0, MIB, CHUNK))


def in_chunks(upload: Upload, stream: Stream) -> None:
    """POST, one PATCH with Transfer-Encoding: chunked in chunks of 32 KiB, an empty PUT: what docker sends."""
    upload.send_head("PATCH", upload.place, "Transfer-Encoding: chunked")
    left = stream.size - content.TAIL
    while left >= MIB:
        upload.socket.sendall(FRAMED)
        left -= MIB
    rest = b"%x\r\n%b\r\n" % (left, PAD[:left]) if left else b""
    upload.socket.sendall(rest + b"%x\r\n%b\r\n0\r\n\r\n" % (content.TAIL, stream.tail))
    upload.expect(202)
    upload.finish(stream.blob.digest)
