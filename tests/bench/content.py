"""The bytes that are pushed: blobs that differ in their tail alone, so that the client hashes a gigabyte once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

MIB = 1 << 20
GIB = 1 << 30
TAIL = 64
# Repeats after a mebibyte only: nothing on the way can compress or fold it within a window.
PAD = b"".join(hashlib.sha512(number.to_bytes(4, "big")).digest() for number in range(MIB // 64))

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPT = f"{MANIFEST}, {INDEX}, {DOCKER_MANIFEST}"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Blob:
    """A pushed blob: digest and size in bytes."""

    digest: str
    size: int

    def descriptor(self, media_type: str) -> dict[str, Any]:
        return {"mediaType": media_type, "digest": self.digest, "size": self.size}


@cache
def _padding_hash(size: int) -> Any:
    """The hash over `size` bytes of padding."""
    digest, left = hashlib.sha256(), size
    while left:
        piece = min(left, MIB)
        digest.update(memoryview(PAD)[:piece])
        left -= piece
    return digest


@dataclass(frozen=True, slots=True)
class Stream:
    """`size` bytes (more than TAIL) of padding that end in a tail of their own, made from `seed`."""

    size: int
    seed: str
    tail: bytes = field(init=False)
    blob: Blob = field(init=False)

    def __post_init__(self) -> None:
        tail = hashlib.sha512(self.seed.encode()).digest()
        digest = _padding_hash(self.size - TAIL).copy()
        digest.update(tail)
        object.__setattr__(self, "tail", tail)
        object.__setattr__(self, "blob", Blob("sha256:" + digest.hexdigest(), self.size))

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """The bytes from `start` to `end`, never copied, at most a mebibyte at a time."""
        padding, end_of_padding = memoryview(PAD), min(end, self.size - TAIL)
        while start < end_of_padding:
            offset = start % MIB
            length = min(MIB - offset, end_of_padding - start)
            yield padding[offset : offset + length]
            start += length
        if end == self.size:
            yield memoryview(self.tail)


def prepare(size: int) -> None:
    """Hash the padding of streams of `size` bytes now, outside of what is timed."""
    _padding_hash(size - TAIL)


def manifest(config: Blob, layers: tuple[Blob, ...], note: str) -> bytes:
    """An OCI image manifest of about the size docker writes, told apart by `note`."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(CONFIG),
        "layers": [layer.descriptor(LAYER) for layer in layers],
        "annotations": {"org.example.bench": note},
    }
    return json.dumps(document, indent=2).encode()
