"""The folders of the file system driver: held open, made durable, marked, measured."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from core.blobstore.faults import NO_ROOM, failed, syncing, translated
from core.blobstore.paths import BLOBS, MARK, UPLOADS
from core.errors import StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_MODE: Final = 0o640
FOLDER_MODE: Final = 0o750
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW

FREE_SHARE: Final = 0.05
FREE_BYTES: Final = 2 * 1024**3


class Volume:
    """One root folder. Everything is opened relative to the two folders inside it, which stay open.

    Nothing here makes `uploads` or `blobs` on the fly: an unmounted storage must fail, not be laid out anew.
    """

    def __init__(self, root: Path, *, minimum_free: int | None = None) -> None:
        self.root = root
        self._minimum_free = minimum_free
        self._folders: dict[str, int] = {}
        self._durable_shards: set[str] = set()
        self._lock = threading.Lock()
        self._known_mark: str | None = None

    def folder(self, name: str) -> int:
        """Descriptor of `uploads` or `blobs`, opened once. Raises StorageFailed."""
        held = self._folders.get(name)
        return self._hold(name) if held is None else held

    def _hold(self, name: str) -> int:
        with self._lock, translated("opening the storage"):
            if name not in self._folders:
                self._folders[name] = os.open(self.root / name, FOLDER)
            return self._folders[name]

    @contextmanager
    def shard(self, name: str, *, durable: bool = False) -> Iterator[int]:
        """Descriptor of `blobs/<name>`; FileNotFoundError when there is none.

        With `durable` the folder is made if need be, and its own name has been synced by this very process:
        another process may have made it a moment ago and not be done syncing.
        """
        if durable and name not in self._durable_shards:
            self._make_shard(name)
        descriptor = os.open(name, FOLDER, dir_fd=self.folder(BLOBS))
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _make_shard(self, name: str) -> None:
        blobs = self.folder(BLOBS)
        with suppress(FileExistsError):
            os.mkdir(name, FOLDER_MODE, dir_fd=blobs)
            os.chmod(name, FOLDER_MODE, dir_fd=blobs)
        with syncing("making a folder durable"):
            os.fsync(blobs)
        self._durable_shards.add(name)

    def forget_shard(self, name: str) -> None:
        """The folder turned out to be gone (a restore skips empty folders): make it next time."""
        self._durable_shards.discard(name)

    def entries(self, folder: str, inside: str = ".") -> list[tuple[str, os.stat_result]]:
        """What lies in `uploads`, `blobs` or `blobs/<shard>`, by name; entries may vanish meanwhile."""
        found = []
        with translated("listing the storage"):
            # An own descriptor: the held one has one read position, which two listings at once would share.
            descriptor = os.open(inside, FOLDER, dir_fd=self.folder(folder))
            try:
                for name in sorted(os.listdir(descriptor)):  # noqa: PTH208 - no Path names a descriptor
                    with suppress(FileNotFoundError):
                        found.append((name, os.stat(name, dir_fd=descriptor, follow_symlinks=False)))
            finally:
                os.close(descriptor)
        return found

    def remove(self, folder: str, name: str) -> None:
        """Unlink a file; one that is already gone is fine, unless the whole storage is.

        Raises StorageFailed.
        """
        with translated("removing a file"):
            try:
                os.unlink(name, dir_fd=self.folder(folder))
            except FileNotFoundError:
                self.require_mark()

    def has_room(self) -> bool:
        """Free space is at least max(5 %, 2 GiB), or the minimum given in bytes."""
        with translated("measuring free space"):
            space = os.fstatvfs(self.folder(UPLOADS))
        free = space.f_bavail * space.f_frsize
        if self._minimum_free is not None:
            return free >= self._minimum_free
        return free >= max(FREE_SHARE * space.f_blocks * space.f_frsize, FREE_BYTES)

    def prepare(self) -> str:
        """Make root, `uploads`, `blobs` and the mark, durable; return the mark.

        Raises StorageFull, StorageFailed.
        """
        with translated("laying out the storage"):
            for folder in (self.root, self.root / UPLOADS, self.root / BLOBS):
                _make_folder(folder)
            if not (self.root / MARK).exists():
                self._write_mark()
            _sync_folder(self.root)
        return self._mark()

    def _write_mark(self) -> None:
        # Linked into place whole: of two first starts at once, both read the one mark that won.
        draft = self.root / f"{MARK}.{uuid4()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            os.fchmod(descriptor, FILE_MODE)
            os.write(descriptor, f"{uuid4()}\n".encode())
            os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(draft, self.root / MARK)
        finally:
            os.close(descriptor)
            draft.unlink()

    def check(self) -> None:
        """Raise StorageFailed when the mark is absent or changed, or nothing can be written.

        Lack of room is fine.
        """
        self.require_mark()
        self._follow_remount()
        self._probe()

    def require_mark(self) -> None:
        """Raise StorageFailed unless the storage this process has always seen is there.

        Asked whenever a file is absent: on an unmounted disk every file is, and none of them may count as
        lost.
        """
        mark = self._mark()
        if self._known_mark is None:
            self._known_mark = mark
        if mark != self._known_mark:
            raise StorageFailed("the blob storage is another one than before: mount the right storage")

    def _mark(self) -> str:
        try:
            mark = (self.root / MARK).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise StorageFailed(
                "the blob storage has no mark: it is not mounted, or was never set up"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise StorageFailed("the mark of the blob storage cannot be read") from error
        if not mark:
            raise StorageFailed(
                "the mark of the blob storage is empty: restore it, or set the storage up anew"
            )
        return mark

    def _follow_remount(self) -> None:
        """Use the folders that the path names now. The old descriptors are left open on purpose: closing one
        that a
        thread is using would let the next open reuse its number under that thread."""
        with translated("opening the storage"):
            for name, held in list(self._folders.items()):
                if not os.path.samestat((self.root / name).stat(), os.fstat(held)):
                    self._folders[name] = os.open(self.root / name, FOLDER)

    def _probe(self) -> None:
        uploads, name = self.folder(UPLOADS), f".probe-{uuid4()}"
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE, dir_fd=uploads)
            try:
                os.unlink(name, dir_fd=uploads)
                os.write(descriptor, b"w")
            finally:
                os.close(descriptor)
        except OSError as error:
            # A full disk still serves pulls and deletes; `has_room` is what turns pushes away.
            if error.errno not in NO_ROOM:
                raise failed("probing the storage", error) from error


def _make_folder(folder: Path) -> None:
    """mkdir -p with our mode whatever the umask, each new name synced; an existing folder keeps its mode."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(FOLDER_MODE)
        folder.chmod(FOLDER_MODE)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
