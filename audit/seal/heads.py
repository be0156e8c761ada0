"""Signed heads: once a minute the end of the chain is signed (Ed25519) and told to somebody outside of the database.

A file gets one line of JSON each, only ever appended:

    {"at": "2026-11-21T18:00:00Z", "block": 37, "head": "<hex>", "key": "<id>", "kind": "head", "seq": 4711, "signature": …}

`head` is that of the block of this number, and `seq` the number of its last row. A line of the kind "restored" says that the
log was brought back to an earlier state on purpose: heads of blocks above its own, told before it, no longer bind. The
signature is over the line without it, as JSON with sorted keys and no spaces, after b"wharf audit head v1\\0".
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from audit.seal.keys import Key, Ring

_PURPOSE: Final = b"wharf audit head v1\0"
_TAIL_BYTES: Final = 4096


class HeadKind(StrEnum):
    HEAD = "head"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Head:
    """`head` in hex; `at`: the time it was signed, for people."""

    kind: HeadKind
    block: int
    seq: int
    head: str
    at: str
    key: str
    signature: str = ""

    def signed_bytes(self) -> bytes:
        facts = {name: value for name, value in asdict(self).items() if name != "signature"}
        return _PURPOSE + json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()

    def signed_by(self, key: Key) -> Head:
        signature = _private(key).sign(self.signed_bytes())
        return replace(self, signature=base64.b64encode(signature).decode())

    def is_by(self, ring: Ring) -> bool:
        """Whether a key of the ring has signed it."""
        from cryptography.exceptions import InvalidSignature

        key = ring.find(self.key)
        if key is None:
            return False
        try:
            _private(key).public_key().verify(
                base64.b64decode(self.signature, validate=True), self.signed_bytes()
            )
        except (InvalidSignature, ValueError):
            return False
        return True

    def line(self) -> str:
        return json.dumps(asdict(self), sort_keys=True) + "\n"


Publish = Callable[[Head], None]
"""Told of every signed head. Raises OSError to be told it again. Syslog servers are told from the file (audit.forward)."""


def public_key(key: Key) -> str:
    """The key others verify heads with: 32 bytes in base64."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return base64.b64encode(_private(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _private(key: Key) -> Any:
    # Late: the process that seals is small, and signs once a minute.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(key.signing_seed)


def append(path: Path, head: Head) -> None:
    """Add a line, durably. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        # What a power cut left of the line before must not swallow this one.
        torn = bool(size) and os.pread(descriptor, 1, size - 1) != b"\n"
        file.write(b"\n" * torn + head.line().encode())
        file.flush()
        os.fsync(descriptor)


def parse(line: str) -> Head | None:
    """None for what is no head."""
    try:
        found = json.loads(line)
        return Head(
            **{
                **found,
                "kind": HeadKind(found["kind"]),
                "block": int(found["block"]),
                "seq": int(found["seq"]),
            }
        )
    except (ValueError, TypeError, KeyError):
        return None


def latest(path: Path) -> Head | None:
    """The last whole line of the file, None without one."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    return next((head for line in reversed(lines) if (head := parse(line)) is not None), None)


def binding(path: Path, ring: Ring) -> Iterator[tuple[int, Head | None]]:
    """Line number and head, in order, of those that still bind; None for a line that is no head or was signed by nobody known.

    Reads the file twice, a line at a time. Raises OSError.
    """
    voided: list[tuple[int, int]] = []
    for number, head in _lines(path):
        if head is not None and head.kind is HeadKind.RESTORED and head.is_by(ring):
            voided.append((number, head.block))
    for number, head in _lines(path):
        if head is None or not head.is_by(ring):
            yield number, None
        elif head.kind is HeadKind.HEAD and not any(
            at > number and head.block > block for at, block in voided
        ):
            yield number, head


def _lines(path: Path) -> Iterator[tuple[int, Head | None]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, parse(line)
