"""`wharf backup`: the database first, in one consistent snapshot, then exactly the blobs that this snapshot names.

No blob of the snapshot vanishes while it is copied: the collector keeps files for the trash window (24 hours or more) after the
row is gone. Nothing of the server is locked.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from access.principal import Principal
from access.table import P
from artifacts import copies
from audit.actions import action
from audit.seal import keys
from wharf.backup import dumping
from wharf.backup.repository import (
    AUDIT_KEYS,
    BLOBS,
    DUMP,
    FORMAT,
    LISTING,
    MANIFEST,
    PARTIAL,
    REMOVED,
    SECRET,
    SNAPSHOTS,
    TIME_FORMAT,
    BackupFailed,
    Manifest,
    Part,
    Snapshot,
    fingerprint,
    locked,
    snapshots,
)
from wharf.environment import Environment
from wharf.progress import Progress

MAX_NAMED_DAMAGES = 1000


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup. `damaged` blobs are named in its manifest and have no copy."""

    snapshot: Snapshot
    manifest: Manifest
    totals: copies.Totals
    faults: list[copies.Fault]


def back_up(actor: Principal, environment: Environment, target: Path, *, with_key: bool) -> Made:
    """Add a snapshot to the backup folder `target`, made if need be.

    Raises BackupFailed, BackupBusy, StorageFull, StorageFailed.
    """
    _make_folder(target)
    with locked(target):
        for left in (target / SNAPSHOTS).glob(f"*{PARTIAL}"):
            shutil.rmtree(left)
        made_at, draft = _draft(target)
        facts = _dump(environment, draft)
        key = _write_key(environment, draft, with_key=with_key)
        if with_key:
            _write_audit_keys(environment, draft)
        faults, totals = _copy_blobs(draft, target, expected=facts["bytes"])
        damaged = [f"{fault.key}: {fault.reason}" for fault in faults[:MAX_NAMED_DAMAGES]]
        manifest = Manifest(
            format=FORMAT,
            wharf=version("wharf"),
            made_at=made_at.isoformat(),
            database=Part.of(draft / DUMP),
            listing=Part.of(draft / LISTING),
            key_included=key is not None,
            key_fingerprint=fingerprint(environment.secret()),
            damaged=damaged,
            **facts,
        )
        return Made(_finish(actor, draft, manifest), manifest, totals, faults)


def _draft(target: Path) -> tuple[datetime, Path]:
    """The time of a snapshot and its unfinished folder; waits out a second that has a snapshot already."""
    while (target / SNAPSHOTS / (now := datetime.now(UTC)).strftime(TIME_FORMAT)).exists():
        time.sleep(0.1)
    draft = target / SNAPSHOTS / f"{now.strftime(TIME_FORMAT)}{PARTIAL}"
    draft.mkdir(mode=0o700)
    return now, draft


def _make_folder(target: Path) -> None:
    try:
        for folder in (target, target / SNAPSHOTS, target / BLOBS):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        foreign = {path.name for path in target.iterdir()} - {SNAPSHOTS, BLOBS, ".lock", "lost+found"}
    except OSError as error:
        raise BackupFailed(f"{target} cannot be made or written: {error.strerror}") from error
    if foreign:
        raise BackupFailed(
            f"{target} holds other things than backups ({min(foreign)}): name a folder of its own"
        )


def _dump(environment: Environment, draft: Path) -> dict[str, Any]:
    """Dump the database and list its blobs, both as one moment saw them; what the manifest says of it."""
    url = environment.migrate_database
    with dumping.connect(url) as connection:
        server = connection.info.server_version // 10000
        program = dumping.program("pg_dump", server=server, embedded=environment.embedded_postgres)
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        (snapshot,) = _one(connection, "SELECT pg_export_snapshot()")
        blobs, size = _list(connection, draft / LISTING)
        migrations = _column(connection, "SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        dumping.dump(url, draft / DUMP, by=program, snapshot=str(snapshot))
        return {
            "server": str(connection.info.parameter_status("server_version")),
            "dumped_by": dumping.version(program),
            "owner": connection.info.user,
            "app": psycopg.conninfo.conninfo_to_dict(environment.database).get("user", ""),
            "migrations": migrations,
            "blobs": blobs,
            "bytes": size,
        }


def _list(connection: psycopg.Connection[Any], path: Path) -> tuple[int, int]:
    """Write the listing through a server-side cursor; number and bytes of blobs."""
    blobs = size = 0
    with connection.cursor("blobs") as cursor, path.open("x", encoding="ascii") as listing:
        cursor.itersize = 10_000
        for key, each in cursor.execute(copies.BLOBS_OF_A_SNAPSHOT):
            listing.write(f"{key} {each}\n")
            blobs, size = blobs + 1, size + each
    return blobs, size


def _one(connection: psycopg.Connection[Any], statement: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = connection.execute(statement).fetchone()
    if found is None:
        raise BackupFailed("the database gave no answer")
    return found


def _column(connection: psycopg.Connection[Any], statement: Any) -> list[str]:
    return [str(row[0]) for row in connection.execute(statement)]


def _write_key(environment: Environment, draft: Path, *, with_key: bool) -> Path | None:
    """Copy the generated key. One given by WHARF_SECRET_KEY is kept by whoever gave it."""
    secret = environment.layout.read_secret()
    if not with_key or environment.secret_key is not None or secret is None:
        return None
    path = draft / SECRET
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    return path


def _write_audit_keys(environment: Environment, draft: Path) -> None:
    """Without them the restored audit log can be neither verified nor sealed. A host that does not seal has none."""
    if environment.audit_keys.exists():
        keys.merge(draft / AUDIT_KEYS, keys.read(environment.audit_keys).keys)


def _copy_blobs(draft: Path, target: Path, *, expected: int) -> tuple[list[copies.Fault], copies.Totals]:
    totals, progress = copies.Totals(), Progress("blobs", expected)
    faults = list(
        copies.copy_out(
            draft / LISTING,
            target / BLOBS,
            totals=totals,
            progress=lambda done: progress.tell(done.files, done.bytes),
        )
    )
    progress.end()
    return faults, totals


def _finish(actor: Principal, draft: Path, manifest: Manifest) -> Snapshot:
    """Make the snapshot durable and give it its name, with the audit event of it."""
    manifest.write(draft / MANIFEST)
    for path in (*draft.iterdir(), draft):
        path.chmod(0o700 if path.is_dir() else 0o600)
        _sync(path)
    final = draft.with_suffix("")
    with action(actor, P.SYSTEM_VOLUMES_READ, name="backup.create") as act:
        act.resource("backup", None, str(final))
        act.detail["blobs"], act.detail["bytes"] = manifest.blobs, manifest.bytes
        act.detail["damaged"], act.detail["key_included"] = len(manifest.damaged), manifest.key_included
        draft.rename(final)
        _sync(final.parent)
    return Snapshot(final)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prune(target: Path, keep: int) -> tuple[list[str], int]:
    """Keep the latest `keep` snapshots; names of those removed, and how many copies of blobs nobody needs any more went too."""
    with locked(target):
        old, kept = snapshots(target)[:-keep], snapshots(target)[-keep:]
        for snapshot in old:
            # Never a snapshot that looks whole and is not.
            snapshot.folder.rename(snapshot.folder.with_suffix(REMOVED))
        for left in (target / SNAPSHOTS).glob(f"*{REMOVED}"):
            shutil.rmtree(left)
        return [each.name for each in old], copies.forget(target / BLOBS, _keys(kept))


def _keys(kept: list[Snapshot]) -> Iterator[str]:
    """All keys of these snapshots in byte order."""
    return (each.key for each in merge(*(copies.read_listing(s.listing) for s in kept), key=lambda e: e.key))
