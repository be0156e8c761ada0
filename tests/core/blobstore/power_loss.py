"""A power cut, simulated: what of a folder tree survives when only that is kept which was synced.

The recorder stands in for os.fsync and os.fdatasync. A sync of a file makes its bytes durable, a sync of a
folder its names, and nothing else does: POSIX promises no more, however kind ext4 may be.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class PowerRecorder:
    """Knows, at every moment since `watch`, what a power cut would leave under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.losses: list[str] = []
        self._names: dict[int, dict[str, int]] = {}
        self._bytes: dict[int, bytes] = {}
        self._held: list[int] = []
        self._sync, self._data_sync, self._rename = os.fsync, os.fdatasync, os.rename

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Record every sync from now on, and look for half-durable blobs after every sync and rename."""
        patch.setattr(os, "fsync", self._on_fsync)
        patch.setattr(os, "fdatasync", self._on_fdatasync)
        patch.setattr(os, "rename", self._on_rename)

    def close(self) -> None:
        """Let go of the inodes held so that none is used twice."""
        while self._held:
            os.close(self._held.pop())

    def blobs_after_cut(self) -> dict[str, bytes]:
        """Key -> bytes of what lies under `blobs` when only synced names and synced bytes are kept."""
        blobs = self._names.get(self._inode(self.root), {}).get("blobs", -1)
        return {
            f"{shard}/{name}": self._bytes.get(inode, b"<nothing was synced>")
            for shard, folder in self._names.get(blobs, {}).items()
            for name, inode in self._names.get(folder, {}).items()
        }

    def keeps(self, path: Path) -> bool:
        """Whether the name of `path` inside its folder survives a cut, and its bytes if it is a file."""
        named = path.name in self._names.get(self._inode(path.parent), {})
        return named and (path.is_dir() or self._bytes.get(self._inode(path)) == path.read_bytes())

    def _on_fsync(self, descriptor: int) -> None:
        self._sync(descriptor)
        self._record(descriptor)

    def _on_fdatasync(self, descriptor: int) -> None:
        self._data_sync(descriptor)
        self._record(descriptor)

    def _on_rename(self, source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        self._rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        self._look_for_losses()

    def _record(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        # Held, so that no inode is used twice; opened anew, as a dup() would keep the session's lock.
        again = f"/proc/self/fd/{descriptor}"
        self._held.append(os.open(again, os.O_RDONLY))
        if stat.S_ISDIR(found.st_mode):
            self._names[found.st_ino] = {entry.name: entry.inode() for entry in os.scandir(again)}
        else:
            self._bytes[found.st_ino] = Path(again).read_bytes()
        self._look_for_losses()

    def _look_for_losses(self) -> None:
        # The other extreme: a cut may also keep names nobody synced, so a visible name needs durable bytes.
        for path in (self.root / "blobs").glob("*/*"):
            if self._bytes.get(self._inode(path)) != path.read_bytes():
                self.losses.append(path.name)

    @staticmethod
    def _inode(path: Path) -> int:
        return path.stat().st_ino
