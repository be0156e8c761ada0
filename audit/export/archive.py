"""What a purge drops, written out before: one JSON line a row with all its columns, gzip, and a manifest of hashes beside it.

    audit_event_2026m01.jsonl.gz    the rows as PostgreSQL's row_to_json gives them, seals included, in no particular order
    audit_event_2026m01.json        partition, bounds, rows, sizes, SHA-256 of the file and of what is in it

The manifest comes last, when the file was read back and is what was written: without a manifest there is no archive. An archive
is never overwritten; one of other lines, or of the same in another order, gets a number (`audit_event_2026m01.2.json`).
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.db import connection, transaction
from psycopg import sql as compose

from audit.purge import Before, Partition
from core.errors import Conflict
from database import sql

MODE: Final = 0o640
LEVEL: Final = 6
PIECE_BYTES: Final = 1024 * 1024
# The room that is left free, as pushes leave it.
FREE_SHARE: Final = 0.05
FREE_BYTES: Final = 2 * 1024**3
WINDOW: Final = " WHERE ts >= {} AND ts < {}"
ROWS: Final = {
    # Agents are kept once; an archive must be readable without their table.
    "audit_pull": "SELECT p.*, a.agent FROM audit_pull p LEFT JOIN audit_agent a ON a.id = p.agent_id",
}

# The same rows come in the same order again: one process reads the pages as they lie, from the first one on.
SAME_ORDER: Final = """
    SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0;
    SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off
"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Times are ISO 8601 in UTC; `bytes` and `sha256` are those of the file, `plain_*` those of the lines in it."""

    partition: str
    lower: str
    upper: str
    file: str
    rows: int
    bytes: int
    sha256: str
    plain_bytes: int
    plain_sha256: str
    made_at: str

    @property
    def facts(self) -> dict[str, Any]:
        """For the event of the drop."""
        return {"file": self.file, "rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


class Measured:
    """Lines that went by."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self.hash = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        self.rows += piece.count(b"\n")
        self.bytes += len(piece)
        self.hash.update(piece)


def nothing() -> None:
    """The `tick` of callers that hold no lease."""


def into(folder: Path, tick: Callable[[], None] = nothing, *, make: bool = False) -> Before:
    """A hook of the purge: the partition is in `folder`, proven, before it is dropped. `tick` is called every now and then.

    `make` the folder if need be: one that an operator named may be a volume that is not mounted, and is never made.
    """

    def keep(partition: Partition) -> dict[str, Any]:
        try:
            if make:
                folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            return {"archive": archive(partition, folder, tick).facts}
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Conflict(
                f"{partition.name} is not dropped, it could not be exported to {folder} ({reason}): see to it that this "
                "folder is there, writable and large enough, or switch audit_export_before_purge off"
            ) from error

    return keep


def archive(partition: Partition, folder: Path, tick: Callable[[], None] = nothing) -> Manifest:
    """Write the partition out into a folder that is there, or find that this was done.

    Raises OSError, EOFError, zlib.error, Conflict when the disk gives other bytes back.
    """
    rows = partition.rows()
    base, known = _place(partition, folder, rows, tick)
    if known is not None:
        return known
    _check_room(folder)
    path = folder / f"{base}.jsonl.gz"
    written = _write(partition, path, tick)
    whole = _read_back(path, tick)
    if (whole.rows, whole.hash.digest()) != (written.rows, written.hash.digest()) or whole.rows != rows:
        raise Conflict(
            f"{partition.name} is not dropped: {path} holds {whole.rows} rows of {rows} when it is read back"
        )
    made = Manifest(
        partition=partition.name,
        lower=partition.lower.isoformat(),
        upper=partition.upper.isoformat(),
        file=path.name,
        rows=whole.rows,
        bytes=path.stat().st_size,
        sha256=_sha256(path),
        plain_bytes=whole.bytes,
        plain_sha256=whole.hash.hexdigest(),
        made_at=sql.value("SELECT now()").isoformat(),
    )
    _publish(made, folder / f"{base}.json")
    return made


def _place(
    partition: Partition, folder: Path, rows: int, tick: Callable[[], None]
) -> tuple[str, Manifest | None]:
    """The first name that is free, or has this very content: the drop after it did not succeed then."""
    number, present = 1, None
    while True:
        base = partition.name if number == 1 else f"{partition.name}.{number}"
        try:
            found = Manifest(**json.loads((folder / f"{base}.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return base, None
        except (ValueError, TypeError):
            found = None
        if found is not None and found.rows == rows and _is_whole(found, folder, tick):
            present = present or _hashed(partition, tick)
            if found.plain_sha256 == present:
                return base, found
        number += 1


def _hashed(partition: Partition, tick: Callable[[], None]) -> str:
    """SHA-256 of the lines as they are now: as many rows may be those of another installation, or from before a restore."""
    measured = Measured()
    with closing(_lines(partition)) as lines:
        for piece in lines:
            measured.add(piece)
            tick()
    return measured.hash.hexdigest()


def _check_room(folder: Path) -> None:
    """Refused before the disk is full. Raises OSError."""
    space = shutil.disk_usage(folder)
    if space.free < max(FREE_SHARE * space.total, FREE_BYTES):
        raise OSError(errno.ENOSPC, "it is nearly full")


def _is_whole(known: Manifest, folder: Path, tick: Callable[[], None]) -> bool:
    path = folder / known.file
    with suppress(OSError, EOFError, zlib.error):
        if _sha256(path) != known.sha256:
            return False
        whole = _read_back(path, tick)
        return (whole.rows, whole.hash.hexdigest()) == (known.rows, known.plain_sha256)
    return False


def _write(partition: Partition, path: Path, tick: Callable[[], None]) -> Measured:
    measured = Measured()
    draft = path.with_suffix(".gz.part")
    try:
        with draft.open("wb") as raw:
            os.fchmod(raw.fileno(), MODE)
            # Closed, too, where `tick` refuses to go on: that ends the query.
            with gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed, closing(_lines(partition)) as lines:
                for piece in lines:
                    measured.add(piece)
                    packed.write(piece)
                    tick()
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)  # a full disk stays full otherwise
        raise
    _sync_folder(path.parent)
    return measured


def _lines(partition: Partition) -> Generator[bytes, None, None]:
    """The rows as PostgreSQL streams them, whole lines, a few hundred KiB at a time."""
    rows = ROWS.get(partition.parent, f"SELECT * FROM {partition.parent}")
    window = compose.SQL(WINDOW).format(compose.Literal(partition.lower), compose.Literal(partition.upper))
    query = compose.SQL("COPY (SELECT row_to_json(t) FROM ({}{}) t) TO STDOUT").format(
        compose.SQL(rows),
        window,
    )
    waiting: list[bytes] = []
    size = 0
    # In a transaction, where progress writes no figures: the connection is busy until the last row.
    with transaction.atomic(), connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(SAME_ORDER)
        with cursor.copy(query) as copied:
            for block in copied:
                # COPY doubles backslashes; JSON has no character that it changes otherwise.
                waiting.append(bytes(block).replace(b"\\\\", b"\\"))
                size += len(block)
                if size >= PIECE_BYTES:
                    yield b"".join(waiting)
                    waiting, size = [], 0
        yield b"".join(waiting)


def _read_back(path: Path, tick: Callable[[], None]) -> Measured:
    """What the disk gives, unpacked. Raises OSError, EOFError for what is no whole gzip file."""
    measured = Measured()
    with gzip.open(path, "rb") as packed:
        while piece := packed.read(PIECE_BYTES):
            measured.add(piece)
            tick()
    return measured


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _publish(made: Manifest, path: Path) -> None:
    draft = path.with_suffix(".json.part")
    with draft.open("w", encoding="utf-8") as opened:
        os.fchmod(opened.fileno(), MODE)
        _dump(made, opened)
        opened.flush()
        os.fsync(opened.fileno())
    draft.rename(path)
    _sync_folder(path.parent)


def _dump(made: Manifest, opened: IO[str]) -> None:
    json.dump(asdict(made), opened, indent=1)
    opened.write("\n")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
