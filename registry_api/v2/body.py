"""Request bodies as they arrive: chunked or by length, counted, and never taken for whole when they end short.

Django's request limits a body to Content-Length, taken as 0 when absent, so chunked bodies would read as empty: this reads the
server's own `wsgi.input`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, Protocol

from django.http import HttpRequest

from core import request_facts
from core.errors import ManifestTooLarge, SizeInvalid

MIN_PIECE: Final = 64 * 1024
MAX_PIECE: Final = 1024 * 1024
# The floor of an upload's rate (reliability design, upload floods), in bytes a second, and over how long it is measured.
MIN_RATE: Final = 8 * 1024
WINDOW_SECONDS: Final = 60.0
# A piece that took longer is followed by a small one: a slow body is looked at often enough, and hundreds of them take little
# memory.
BRISK_SECONDS: Final = 0.25


class _Readable(Protocol):
    """`wsgi.input` of whatever server runs us."""

    def read(self, size: int, /) -> bytes: ...


class Pace:
    """How fast a body arrives: below MIN_RATE over a whole window, its thread is worth more to others."""

    def __init__(self) -> None:
        self._since = self._last = time.monotonic()
        self._bytes = 0
        self.is_brisk = True

    def check(self, count: int) -> None:
        """Count a piece that has arrived. Raises SizeInvalid."""
        now = time.monotonic()
        self.is_brisk = now - self._last < BRISK_SECONDS
        self._last = now
        self._bytes += count
        if now - self._since < WINDOW_SECONDS:
            return
        if self._bytes < MIN_RATE * (now - self._since):
            raise SizeInvalid(
                f"the body arrives at less than {MIN_RATE} bytes a second: the upload can be resumed"
            )
        self._since, self._bytes = now, 0


class Body:
    """The body of one request, to be read once. `length` is Content-Length, None when the body is chunked."""

    def __init__(self, request: HttpRequest) -> None:
        self._environ = request.META
        self._input: _Readable = request.META["wsgi.input"]
        self.length = _length(request)

    def pieces(self, *, expected: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of 64 KiB to 1 MiB. `expected` is what a Content-Range promised.

        Raises SizeInvalid where the body ends short of (or runs past) what was announced, or the client breaks off.
        """
        announced = self.length if expected is None else expected
        if self.length is not None and self.length != announced:
            raise SizeInvalid(f"Content-Length is {self.length}, Content-Range spans {expected} bytes")
        received = 0
        size = MIN_PIECE
        pace = Pace()
        while piece := self._read(size if self.length is None else min(size, self.length - received)):
            received += len(piece)
            if announced is not None and received > announced:
                break
            pace.check(len(piece))
            yield piece
            size = min(size * 2, MAX_PIECE) if pace.is_brisk else MIN_PIECE
        if announced is not None and received != announced:
            raise SizeInvalid(f"the body has {received} bytes, {announced} were announced", received=received)

    def whole(self, limit: int) -> bytes:
        """All of it, at most `limit` bytes. Raises ManifestTooLarge as soon as it is more, SizeInvalid as `pieces`."""
        too_large = f"a manifest may have at most {limit} bytes"
        if self.length is not None and self.length > limit:
            raise ManifestTooLarge(too_large, limit=limit)
        read = bytearray()
        for piece in self.pieces():
            read += piece
            if len(read) > limit:
                raise ManifestTooLarge(too_large, limit=limit)
        return bytes(read)

    def _read(self, size: int) -> bytes:
        """The server's own exceptions differ from server to server; each means that the client's body is broken."""
        if size <= 0:
            return b""
        try:
            piece = self._input.read(size)
        except Exception as error:
            raise SizeInvalid(f"the body broke off: {type(error).__name__}") from error
        request_facts.note_received(self._environ, len(piece))
        return piece


def _length(request: HttpRequest) -> int | None:
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    given = request.META.get("CONTENT_LENGTH") or "0"
    if not (given.isascii() and given.isdigit()):
        raise SizeInvalid("Content-Length is not a number")
    return int(given[:19])
