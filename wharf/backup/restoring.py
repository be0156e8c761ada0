"""`wharf restore`: blobs first, then the database, so that no row ever names a file that is not there yet.

Everything is proven on the way: the dump by its hash, each blob by its digest, also one that the storage still holds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.db.migrations.loader import MigrationLoader

from access.principal import Principal
from access.table import P
from artifacts import copies
from audit.actions import action
from audit.seal import keys, sealer
from audit.seal.keys import KeyUnusable
from core.errors import Conflict
from wharf import datalock, embedded, migration, preflight
from wharf.backup import dumping
from wharf.backup.repository import BackupFailed, Manifest, Snapshot, fingerprint
from wharf.environment import Environment
from wharf.instance import REFUSALS
from wharf.progress import Progress

# What a stopped server may leave that no restore has to respect; all else in a data folder is somebody's data.
# Heads of the audit log that were signed here are proof, whatever is restored.
HARMLESS = frozenset({"lock", "logs", "run", "metrics", "lost+found", "audit"})
# Blobs stay where they are: they are compared one by one.
STAYS = HARMLESS | {"storage"}

# Since the backup was made events may have gone to a syslog server, which knows them by ids that are free here again.
UNUSED_IDS = 1_000_000_000
_NEW_IDS = "SELECT setval('audit_event_id_seq', nextval('audit_event_id_seq') + %s)"

log = structlog.get_logger(__name__)


class NotEmpty(Conflict):
    """There is data where the restore would write."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`moved`: where earlier data lies now, None if there was none. `faults`: blobs the backup could not give."""

    manifest: Manifest
    totals: copies.Totals
    faults: list[copies.Fault]
    moved: Path | None


def restore(actor: Principal, environment: Environment, snapshot: Snapshot, *, replace: bool) -> Restored:
    """Bring the state of `snapshot` back. Raises BackupFailed, NotEmpty, StorageFull, StorageFailed."""
    manifest = snapshot.checked()
    _require_known_migrations(manifest)
    key = _key(environment, snapshot, manifest)
    with _refusals_as_errors():
        preflight.data_folder(environment.layout)
        held = datalock.acquire(environment.layout.lock)
    try:
        moved = _make_room(environment, key, replace=replace)
        _write_key(environment, key)
        if snapshot.audit_keys.exists():
            keys.merge(environment.audit_keys, keys.read(snapshot.audit_keys).keys)
        faults, totals = _put_blobs(snapshot, manifest)
        with _database(environment, held):
            _restore_database(environment, snapshot, manifest)
            _record(actor, environment, snapshot, faults)
    finally:
        os.close(held)
    return Restored(manifest, totals, faults, moved)


@contextmanager
def _refusals_as_errors() -> Iterator[None]:
    """What stops `wharf up` stops a restore too, in the same words."""
    try:
        yield
    except REFUSALS as reason:
        raise BackupFailed(str(reason)) from reason


def _require_known_migrations(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    newer = sorted(set(manifest.migrations) - known)
    if newer:
        raise BackupFailed(
            f"the backup was made by a newer Wharf ({manifest.wharf}; it has {newer[0]}): restore it with that version"
        )


def _key(environment: Environment, snapshot: Snapshot, manifest: Manifest) -> str | None:
    """The secret key to write, None where the right one is there. Raises BackupFailed: without it sealed values are lost."""
    given = environment.secret_key.get_secret_value() if environment.secret_key else None
    present = given or environment.layout.read_secret()
    if given is None and manifest.key_included:
        present = snapshot.secret.read_text(encoding="ascii").strip()
    if present is None or fingerprint(present) != manifest.key_fingerprint:
        raise BackupFailed(
            "the secret key of the registry that was backed up is needed: set WHARF_SECRET_KEY to it, or put its "
            f"secret.key at {environment.layout.secret_key}"
        )
    return None if given else present


def _make_room(environment: Environment, key: str | None, *, replace: bool) -> Path | None:
    """Raises NotEmpty; told to replace, moves what is there aside and removes nothing. `key` may lie there already."""
    root, layout = environment.layout.root, environment.layout
    found = [path for path in root.iterdir() if path.name not in HARMLESS and not _is_empty(path)]
    if key is not None and layout.read_secret() == key:
        found = [path for path in found if path != layout.secret_key]
    if not environment.embedded_postgres:
        _require_empty_database(environment)
    if not found:
        return None
    if not replace:
        raise NotEmpty(
            f"{root} is not empty ({found[0].name}): restore into an empty folder, or say --replace, which keeps "
            "present blobs and moves all else aside"
        )
    aside = root / f"before-restore-{int(time.time())}"
    aside.mkdir(mode=0o711)  # PostgreSQL's user passes through, should somebody start it from there
    for path in [each for each in root.iterdir() if each.name not in STAYS and each != aside]:
        path.rename(aside / path.name)
    return aside


def _is_empty(path: Path) -> bool:
    """A folder without a file anywhere below (`wharf up` makes some before it refuses to start), or the bundled programs."""
    return path.is_dir() and (
        path.name.startswith("programs-") or not any(map(Path.is_file, path.rglob("*")))
    )


def _require_empty_database(environment: Environment) -> None:
    with dumping.connect(environment.migrate_database) as connection:
        query = "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace LIMIT 1"
        found = connection.execute(query).fetchone()
    if found is not None:
        raise NotEmpty(
            f"the database is not empty (it has {found[0]}): make a new one and name it in WHARF_DATABASE_URL"
        )


def _write_key(environment: Environment, key: str | None) -> None:
    path = environment.layout.secret_key
    if key is None or environment.layout.read_secret() == key:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(descriptor)


def _put_blobs(snapshot: Snapshot, manifest: Manifest) -> tuple[list[copies.Fault], copies.Totals]:
    totals, progress = copies.Totals(), Progress("blobs", manifest.bytes)
    faults = list(
        copies.put_back(
            snapshot.listing,
            snapshot.blobs,
            totals=totals,
            progress=lambda done: progress.tell(done.files, done.bytes),
        )
    )
    progress.end()
    return faults, totals


@contextmanager
def _database(environment: Environment, held: int) -> Iterator[None]:
    """The embedded server for as long as the block runs; an external one runs anyway."""
    children = []
    with _refusals_as_errors():
        parts = embedded.plan(environment.layout, postgres=environment.embedded_postgres, valkey=False)
        children = parts.start(keep=(held,))
    try:
        yield
    finally:
        embedded.stop(children)


def _restore_database(environment: Environment, snapshot: Snapshot, manifest: Manifest) -> None:
    url = environment.migrate_database
    with dumping.connect(url) as connection:
        server = connection.info.server_version // 10000
        known = connection.execute("SELECT true FROM pg_roles WHERE rolname = %s", [manifest.app]).fetchone()
    if known is None:
        raise BackupFailed(
            f"the database server has no role {manifest.app}, to which the backup's tables are granted"
        )
    program = dumping.program("pg_restore", server=server, embedded=environment.embedded_postgres)
    dumping.restore(url, snapshot.dump, by=program)
    migration.migrate(environment, verbosity=0)
    with dumping.connect(url) as connection:
        connection.execute(_NEW_IDS, [UNUSED_IDS])
        connection.commit()


def _record(
    actor: Principal, environment: Environment, snapshot: Snapshot, faults: list[copies.Fault]
) -> None:
    """The restored audit trail says that it was restored, and from what."""
    from django.db import connection

    try:
        with action(actor, P.CONFIGURATION_UPDATE, name="backup.restore") as act:
            act.resource("backup", None, str(snapshot.folder))
            act.detail["data"], act.detail["missing"] = str(environment.data), len(faults)
        _say_that_it_was_meant()
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


def _say_that_it_was_meant() -> None:
    """Heads that were signed after the state that is back would tell of a log cut short."""
    try:
        sealer.note_restored()
    except (KeyUnusable, OSError) as reason:
        log.warning("say it yourself: wharf audit accept-restore", reason=str(reason))
