"""What lies in a backup folder, and how one state of the registry is described there.

blobs/ab/<hex>.<uuid4>             blobs of all snapshots, each once: keys are never used twice
snapshots/<UTC time>/              one state, whole from the moment it has this name
    manifest.json                  what it holds, with hashes and versions (`Manifest`)
    database.dump                  pg_dump, custom format
    blobs.list                     "<key> <size>" a line, the blobs of that state
    secret.key                     the key that opens sealed values, where it is not given by WHARF_SECRET_KEY
    audit.keys                     the keys of the audit log's seal, where this host has them
snapshots/<UTC time>.partial       one that was not finished; the next backup removes it
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import Conflict, WharfError

FORMAT: Final = 1
BLOBS: Final = "blobs"
SNAPSHOTS: Final = "snapshots"
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
LISTING: Final = "blobs.list"
SECRET: Final = "secret.key"  # noqa: S105 - a file name
AUDIT_KEYS: Final = "audit.keys"
PARTIAL: Final = ".partial"
REMOVED: Final = ".removed"
TIME_FORMAT: Final = "%Y-%m-%dT%H%M%SZ"
FINGERPRINT_CHARACTERS: Final = 16


class BackupFailed(WharfError):
    """A backup or a restore cannot go on; the message says what to do."""


class BackupBusy(Conflict):
    """Another backup writes to the folder."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a snapshot: bytes and SHA-256 in hex."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Part:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(file.tell(), digest)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of the registry. `migrations` are "app.name"; `damaged` blobs are listed but have no copy."""

    format: int
    wharf: str
    made_at: str
    server: str
    dumped_by: str
    owner: str
    app: str
    migrations: list[str]
    database: Part
    listing: Part
    blobs: int
    bytes: int
    key_fingerprint: str
    key_included: bool
    damaged: list[str]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Raises BackupFailed."""
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                raise BackupFailed(f"{path} has format {found['format']}; this Wharf reads {FORMAT}")
            found |= {name: Part(**found[name]) for name in ("database", "listing")}
            return cls(**found)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupFailed(f"{path} is not the manifest of a backup: {error}") from error


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A finished snapshot of a backup folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def blobs(self) -> Path:
        return self.folder.parent.parent / BLOBS

    @property
    def dump(self) -> Path:
        return self.folder / DUMP

    @property
    def listing(self) -> Path:
        return self.folder / LISTING

    @property
    def secret(self) -> Path:
        return self.folder / SECRET

    @property
    def audit_keys(self) -> Path:
        return self.folder / AUDIT_KEYS

    def checked(self) -> Manifest:
        """Its manifest, once the files beside it have the hashes it names. Raises BackupFailed."""
        manifest = Manifest.read(self.folder / MANIFEST)
        for path, expected in ((self.dump, manifest.database), (self.listing, manifest.listing)):
            if not path.is_file():
                raise BackupFailed(f"{path} is missing")
            if Part.of(path) != expected:
                raise BackupFailed(f"{path} is damaged: it has another size or hash than {MANIFEST} says")
        return manifest


def snapshots(target: Path) -> list[Snapshot]:
    """The finished snapshots of a backup folder, oldest first."""
    folder = target / SNAPSHOTS
    found = [path for path in folder.iterdir() if not path.suffix] if folder.is_dir() else []
    return [Snapshot(path) for path in sorted(found)]


def find(source: Path, name: str | None) -> Snapshot:
    """The snapshot `name`, or the latest; `source` may also be the folder of one. Raises BackupFailed."""
    if name is None and (source / MANIFEST).is_file():
        return Snapshot(source.resolve())
    known = snapshots(source)
    if not known:
        raise BackupFailed(f"{source} holds no finished backup")
    if name is None:
        return known[-1]
    for snapshot in known:
        if snapshot.name == name:
            return snapshot
    raise BackupFailed(
        f"no snapshot {name!r} in {source}; there are: {', '.join(each.name for each in known)}"
    )


@contextlib.contextmanager
def locked(target: Path) -> Iterator[None]:
    """Only one backup writes to a folder. Raises BackupBusy."""
    descriptor = os.open(target / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BackupBusy(f"another backup writes to {target}") from None
    finally:
        os.close(descriptor)


def fingerprint(secret: str) -> str:
    """Tells two secret keys apart and nothing more: they have at least 128 bits nobody can guess."""
    digest = hashlib.sha256(b"wharf backup key\0" + secret.encode()).hexdigest()
    return digest[:FINGERPRINT_CHARACTERS]
