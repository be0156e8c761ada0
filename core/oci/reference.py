"""References, the last part of `/v2/<name>/manifests/<reference>`: a tag or a digest (distribution spec)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ReferenceInvalid
from core.oci.digest import Digest
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from typing import Self

MAX_TAG_LENGTH = 128
_GRAMMAR = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)
_OUTSIDE_ALPHABET = re.compile(r"[^a-zA-Z0-9._-]")


@dataclass(frozen=True, slots=True)
class Tag:
    """A checked tag: 1 to 128 of `a-z A-Z 0-9 . _ -`, not starting with `.` or `-`."""

    value: str

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ReferenceInvalid, saying which rule is broken where."""
        if len(text) > MAX_TAG_LENGTH or not _GRAMMAR.fullmatch(text):
            raise ReferenceInvalid(_tag_fault(text))
        return cls(text)


Reference = Tag | Digest


def parse_reference(text: str) -> Reference:
    """With a `:` a digest or DigestInvalid, never a tag; without, a tag or ReferenceInvalid.

    `text` is already percent-decoded (`sha256%3A…` is `sha256:…` by now).
    """
    if ":" in text:
        return Digest.parse(text)
    return Tag.parse(text)


def _tag_fault(text: str) -> str:
    if not text:
        return "the tag is empty"
    if len(text) > MAX_TAG_LENGTH:
        return f"tag {quoted(text)} has {len(text)} characters, the limit is {MAX_TAG_LENGTH}"
    outside = _OUTSIDE_ALPHABET.search(text)
    if outside:
        return (
            f"tag {quoted(text)}: {quoted(outside[0])} at position {outside.start()} is not allowed; "
            "use ASCII letters, digits, '.', '_' and '-'"
        )
    return f"tag {quoted(text)} may not start with {quoted(text[0])}; start with a letter, a digit or '_'"
