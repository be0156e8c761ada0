"""What another host answered: its head at once, its body piece by piece, never more than was asked for."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx2

from core.errors import AnswerTooLarge, OutgoingFailed, Stage
from net.deadlines import Deadline
from net.targets import Target

PIECE: Final = 64 * 1024
# zlib's window for a gzip header, and for a zlib one.
_WINDOWS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Answer:
    """`status`, `headers` (names in lower case, repeated ones joined by commas), and a body that is read once.

    `target` is where the answer came from, after redirects.
    """

    def __init__(
        self, response: httpx2.Response, target: Target, *, deadline: Deadline, max_bytes: int
    ) -> None:
        self._response = response
        self._deadline = deadline
        self._max_bytes = max_bytes
        self.target = target
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)

    def pieces(self) -> Iterator[bytes]:
        """The body as it was sent (a Content-Encoding is not undone), bounded. Raises OutgoingFailed and its kin."""
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise self._too_large()
        taken, stream = 0, iter(self._response.iter_raw())
        while True:
            with self._deadline.running(), told(self.target):
                piece = next(stream, None)
            if piece is None:
                return
            taken += len(piece)
            if taken > self._max_bytes:
                raise self._too_large()
            yield piece

    def read(self) -> bytes:
        """The whole body with its Content-Encoding undone, both within the bound. Raises OutgoingFailed and its kin."""
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("", "identity"):
            return b"".join(self.pieces())
        if encoding not in _WINDOWS:
            # Also a list of encodings: each layer may blow up the one below it without putting out a byte.
            raise self._unreadable()
        return self._inflated(zlib.decompressobj(_WINDOWS[encoding]))

    def require(self, *statuses: int) -> None:
        """Raises OutgoingFailed unless the status is one of `statuses`. The message tells the status, not the body."""
        _require(self.status, statuses, self.target)

    def _inflated(self, inflater: zlib._Decompress) -> bytes:
        whole = bytearray()
        try:
            for piece in self.pieces():
                rest = piece
                while rest:
                    whole += inflater.decompress(rest, PIECE)
                    rest = inflater.unconsumed_tail
                    if len(whole) > self._max_bytes:
                        raise self._too_large()
        except zlib.error:
            raise self._unreadable() from None
        if not inflater.eof:
            raise self._unreadable()
        return bytes(whole)

    def _too_large(self) -> AnswerTooLarge:
        return AnswerTooLarge(
            f"{self.target.where} sent more than {self._max_bytes} bytes", stage=Stage.ANSWER
        )

    def _unreadable(self) -> OutgoingFailed:
        return OutgoingFailed(
            f"{self.target.where} sent an encoding it was not asked for", stage=Stage.ANSWER
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """A small answer, read whole."""

    status: int
    headers: Mapping[str, str]
    target: Target
    body: bytes

    def require(self, *statuses: int) -> None:
        """As of Answer."""
        _require(self.status, statuses, self.target)


def _require(status: int, statuses: Collection[int], target: Target) -> None:
    if status not in statuses:
        raise OutgoingFailed(
            f"{target.where} answered with status {status}", stage=Stage.ANSWER, status=status
        )


@contextmanager
def told(target: Target) -> Iterator[None]:
    """httpx2's errors as ours. Its messages may hold bytes of the other host; ours do not."""
    try:
        yield
    except httpx2.RemoteProtocolError:
        raise OutgoingFailed(
            f"{target.where} broke off or does not speak HTTP as it should", stage=Stage.ANSWER
        ) from None
    except httpx2.TransportError:
        raise OutgoingFailed(f"the connection to {target.where} broke", stage=Stage.ANSWER) from None
