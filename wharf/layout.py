"""Where everything lies inside the data folder, and where the sockets go when that folder's name is too
long."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# sun_path holds 108 bytes with the terminating NUL (unix(7)); macOS holds 104.
MAX_SOCKET_PATH = 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
CHECKOUT = Path(__file__).resolve().parent.parent


def default_data_folder() -> Path:
    """`./var` of a checkout, `/var/lib/wharf` when installed."""
    return CHECKOUT / "var" if (CHECKOUT / "bin" / "up").exists() else Path("/var/lib/wharf")


@dataclass(frozen=True, slots=True)
class DataLayout:
    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def secret_key(self) -> Path:
        return self.root / "secret.key"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def storage(self) -> Path:
        return self.root / "storage"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def audit(self) -> Path:
        return self.root / "audit"

    @property
    def audit_keys(self) -> Path:
        return self.audit / "keys"

    @property
    def audit_heads(self) -> Path:
        return self.audit / "heads.jsonl"

    @property
    def audit_forward(self) -> Path:
        return self.audit / "forward"

    @property
    def audit_archive(self) -> Path:
        return self.audit / "archive"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """The folder of the unix sockets: inside the data folder when the path fits and others may pass
        through it."""
        inside = self.root / "run"
        fits = len(bytes(inside / LONGEST_SOCKET_NAME)) <= MAX_SOCKET_PATH
        if fits and (os.geteuid() != 0 or passable(self.root.parent)):
            return inside
        return socket_fallback(self.root)

    @property
    def redis_url(self) -> str:
        return f"unix://{self.run / 'valkey.sock'}"

    def database_url(self, role: str) -> str:
        return f"postgresql://{role}@/wharf?host={quote(str(self.run), safe='')}"

    def read_secret(self) -> str | None:
        try:
            return self.secret_key.read_text(encoding="ascii").strip() or None
        except OSError:
            return None


def socket_fallback(root: Path) -> Path:
    """A short folder named after the data folder and its owner, so that every command finds the same one."""
    name = hashlib.sha256(bytes(root)).hexdigest()[:16]
    return Path("/run" if os.geteuid() == 0 else "/tmp") / f"wharf-{os.geteuid()}-{name}"  # noqa: S108 - owner checked


def passable(folder: Path) -> bool:
    """Whether every user may pass through `folder` and all above it (the search bit for others)."""
    return all(_search_bit(part) for part in (folder, *folder.parents))


def _search_bit(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & 0o001)
    except OSError:
        return True  # not there yet: we will make it ourselves, with the bit
