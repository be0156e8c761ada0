"""Request bodies as they arrive: chunked or by length, counted, and never taken for whole when they end short.

Django's request limits a body to Content-Length, taken as 0 when absent, so chunked bodies would read as empty: this reads the
server's own `wsgi.input`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from django.http import HttpRequest

from core.errors import ManifestTooLarge, SizeInvalid

MIN_PIECE: Final = 64 * 1024
MAX_PIECE: Final = 1024 * 1024


class _Readable(Protocol):
    """`wsgi.input` of whatever server runs us."""

    def read(self, size: int, /) -> bytes: ...


class Body:
    """The body of one request, to be read once. `length` is Content-Length, None when the body is chunked."""

    def __init__(self, request: HttpRequest) -> None:
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
        while piece := self._read(size if self.length is None else min(size, self.length - received)):
            received += len(piece)
            if announced is not None and received > announced:
                break
            yield piece
            size = min(size * 2, MAX_PIECE)
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
            return self._input.read(size)
        except Exception as error:
            raise SizeInvalid(f"the body broke off: {type(error).__name__}") from error


def _length(request: HttpRequest) -> int | None:
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    given = request.META.get("CONTENT_LENGTH") or "0"
    if not (given.isascii() and given.isdigit()):
        raise SizeInvalid("Content-Length is not a number")
    return int(given[:19])
