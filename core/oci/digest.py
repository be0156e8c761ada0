"""Content digests, `sha256:<64 hex>` and `sha512:<128 hex>` (OCI image specification, descriptor.md)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import DigestInvalid
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from typing import Self

_MAX_LENGTH = len("sha512:") + 128
_GRAMMAR = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}", re.ASCII)


class Algorithm(StrEnum):
    """The hash functions a digest may name."""

    SHA256 = "sha256"
    SHA512 = "sha512"

    @property
    def size(self) -> int:
        """Bytes of a raw digest: 32 or 64."""
        return 32 if self is Algorithm.SHA256 else 64

    def new(self) -> hashlib._Hash:
        """A fresh hashlib object of this algorithm."""
        return hashlib.sha256() if self is Algorithm.SHA256 else hashlib.sha512()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The algorithm of a `digest-algorithm` parameter; raises DigestInvalid for any but the two."""
        try:
            return cls(text)
        except ValueError:
            raise DigestInvalid(f"unknown digest algorithm {quoted(text)}: use sha256 or sha512") from None


@dataclass(frozen=True, slots=True)
class Digest:
    """A checked digest: `raw` is the hash (32 or 64 bytes, as in bytea columns), `str()` the wire form."""

    algorithm: Algorithm
    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != self.algorithm.size:
            expected = self.algorithm.size
            raise DigestInvalid(f"a {self.algorithm} digest has {expected} bytes, not {len(self.raw)}")

    def __str__(self) -> str:
        return f"{self.algorithm.value}:{self.raw.hex()}"

    @property
    def hex(self) -> str:
        """The lower-case hexadecimal part after the colon."""
        return self.raw.hex()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The digest written as `algorithm:hex`, lower case only; raises DigestInvalid."""
        if len(text) > _MAX_LENGTH or not _GRAMMAR.fullmatch(text):
            raise DigestInvalid(_what_is_wrong(text))
        algorithm = Algorithm.SHA256 if len(text) < _MAX_LENGTH else Algorithm.SHA512
        return cls(algorithm, bytes.fromhex(text[7:]))

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview, algorithm: Algorithm = Algorithm.SHA256) -> Self:
        """The digest of `data`."""
        hasher = algorithm.new()
        hasher.update(data)
        return cls(algorithm, hasher.digest())

    @classmethod
    def from_bytes(cls, raw: bytes | memoryview) -> Self:
        """The digest of a bytea column, whose length tells the algorithm; raises DigestInvalid."""
        value = bytes(raw)
        for algorithm in Algorithm:
            if len(value) == algorithm.size:
                return cls(algorithm, value)
        raise DigestInvalid(f"a raw digest has 32 (sha256) or 64 (sha512) bytes, not {len(value)}")


def _what_is_wrong(text: str) -> str:
    algorithm, colon, encoded = text.partition(":")
    if not colon:
        return f"{quoted(text)} is not a digest: expected sha256:<64 hex digits> or sha512:<128 hex digits>"
    if algorithm not in set(Algorithm):
        return f"digest {quoted(text)}: unknown algorithm {quoted(algorithm)}, use sha256 or sha512"
    expected = Algorithm(algorithm).size * 2
    if len(encoded) != expected:
        return f"digest {quoted(text)}: {algorithm} takes {expected} hex digits, not {len(encoded)}"
    at = next(index for index, character in enumerate(encoded) if character not in "0123456789abcdef")
    upper = encoded[at] in "ABCDEF"
    why = "hex digits must be lower case" if upper else f"{quoted(encoded[at])} is not a hex digit"
    return f"digest {quoted(text)}: {why} (position {len(algorithm) + 1 + at})"
