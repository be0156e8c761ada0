"""Byte ranges: `Range` of a blob GET (RFC 9110 §14.2), `Content-Range` of an upload (distribution spec)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import RangeInvalid
from core.oci.quoting import quoted

# Digits of the longest 64-bit offset: a longer number lies beyond every blob, and int() of it costs time.
_MAX_DIGITS = 19
_MAX_OFFSET = 2**63 - 1
_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.ASCII | re.IGNORECASE)
_UPLOAD_RANGE = re.compile(r"([0-9]+)-([0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Whole:
    """Answer 200 with all bytes: no range was asked for, or one that a server ignores."""


@dataclass(frozen=True, slots=True)
class Part:
    """Answer 206 with the bytes `first` to `last`, both inclusive."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Bytes in the part: the Content-Length of the answer."""
        return self.last - self.first + 1

    def content_range(self, size: int) -> str:
        """The Content-Range header of the 206."""
        return f"bytes {self.first}-{self.last}/{size}"


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """Answer 416 with `Content-Range: bytes */size`."""


RequestedRange = Whole | Part | Unsatisfiable


def parse_range(header: str | None, size: int) -> RequestedRange:
    """What a `Range` header asks of a blob of `size` bytes; never an error.

    Other units, several ranges and malformed headers are ignored (Whole). `a > b`, `-0`, a start at or
    beyond the end and any range of an empty blob are Unsatisfiable: conformance passes on 416 alone.
    """
    matched = _ONE_RANGE.fullmatch(header) if header else None
    if matched is None or not (matched[1] or matched[2]):
        return Whole()
    if not matched[1]:
        first, last = max(0, size - _saturated(matched[2])), size - 1
    else:
        first, last = _saturated(matched[1]), min(_saturated(matched[2] or "9" * _MAX_DIGITS), size - 1)
    return Part(first, last) if first <= last else Unsatisfiable()


@dataclass(frozen=True, slots=True)
class ContentRange:
    """The bytes a chunk claims to hold, both ends inclusive. `last < first` parses: the answer is 416."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @property
    def length(self) -> int:
        """Bytes claimed; 0 or negative when the range runs backwards."""
        return self.last - self.first + 1


def parse_content_range(header: str) -> ContentRange:
    """The `<first>-<last>` of an upload's Content-Range (no unit, no total); raises RangeInvalid."""
    matched = _UPLOAD_RANGE.fullmatch(header)
    if matched is None:
        raise RangeInvalid(f"Content-Range {quoted(header)} is not <first>-<last> in digits, such as 0-1023")
    if max(len(matched[1]), len(matched[2])) > _MAX_DIGITS:
        raise RangeInvalid(f"Content-Range {quoted(header)}: an offset has at most {_MAX_DIGITS} digits")
    first, last = int(matched[1]), int(matched[2])
    if max(first, last) > _MAX_OFFSET:
        raise RangeInvalid(f"Content-Range {quoted(header)}: an offset is at most {_MAX_OFFSET}")
    return ContentRange(first, last)


def _saturated(digits: str) -> int:
    """The number, or one beyond any blob when it is too long to be an offset."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MAX_DIGITS else _MAX_OFFSET + 1
