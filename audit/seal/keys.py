"""The keys of the seal: a file of the sealer alone (0600), one key a line, the last one seals, all of them verify.

A key is 32 random bytes. Of each two are derived: one makes the codes of rows and blocks, one signs heads; the public half of
the latter may be given to anybody. The id of a key is a hash of it, so a file copied to another host names the same keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import WharfError

KEY_BYTES: Final = 32
_ID_CHARACTERS: Final = 16
_HEADER: Final = "# The keys of the audit log's seal. Whoever reads this file can seal; the last key does.\n"


class KeyUnusable(WharfError):
    """The key file is missing, unreadable for its mode or content, or lacks a key; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """`secret`: 32 bytes."""

    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id})"

    @property
    def id(self) -> str:
        return hashlib.sha256(b"wharf audit key id\0" + self.secret).hexdigest()[:_ID_CHARACTERS]

    @property
    def codes(self) -> bytes:
        """The key of HMAC-SHA256 for rows and blocks."""
        return hmac.digest(self.secret, b"wharf audit codes v1", "sha256")

    @property
    def signing_seed(self) -> bytes:
        """The Ed25519 private key for heads."""
        return hmac.digest(self.secret, b"wharf audit heads v1", "sha256")


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of a file, oldest first; at least one, but where nothing was ever sealed."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        return self.keys[-1]

    def find(self, key_id: str) -> Key | None:
        return next((key for key in self.keys if key.id == key_id), None)


def read(path: Path) -> Ring:
    """Raises KeyUnusable."""
    try:
        facts = path.stat()
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(
            f"the keys of the audit log cannot be read from {path} ({getattr(error, 'strerror', None) or error}): put the "
            "file there that the sealer has, or name it in WHARF_AUDIT_KEY_FILE",
            path=str(path),
        ) from None
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise KeyUnusable(f"{path} can be read by others; run: chmod 600 {path}", path=str(path))
    keys = tuple(_parse(text, path))
    if not keys:
        raise KeyUnusable(f"{path} holds no key: restore it from a backup", path=str(path))
    return Ring(keys)


def _parse(text: str, path: Path) -> Iterable[Key]:
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        try:
            secret = base64.urlsafe_b64decode(line.strip())
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise KeyUnusable(f"{path} is damaged: restore it from a backup", path=str(path))
        yield Key(secret)


def create(path: Path) -> Ring:
    """The keys of the file, which is made with a new one if it is not there. Raises KeyUnusable."""
    if not path.exists():
        _write(path, [Key(secrets.token_bytes(KEY_BYTES))])
    return read(path)


def rotate(path: Path) -> Key:
    """Add a key, which seals from now on. Raises KeyUnusable."""
    added = Key(secrets.token_bytes(KEY_BYTES))
    _write(path, [*read(path).keys, added])
    return added


def merge(path: Path, keys: Iterable[Key]) -> int:
    """Add those keys that the file lacks, before its own: they seal no more. How many. Raises KeyUnusable."""
    present = read(path).keys if path.exists() else ()
    lacking = [key for key in keys if key not in present]
    if lacking:
        _write(path, [*lacking, *present])
    return len(lacking)


def _write(path: Path, keys: Iterable[Key]) -> None:
    """Whole or not at all, and durable: a key that is lost makes everything it sealed unverifiable."""
    lines = [base64.urlsafe_b64encode(key.secret).decode() + "\n" for key in keys]
    draft = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(_HEADER + "".join(lines))
            file.flush()
            os.fsync(descriptor)
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyUnusable(
            f"the keys of the audit log cannot be written to {path}: {error.strerror}", path=str(path)
        ) from error
