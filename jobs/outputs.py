"""Files that runs leave: written once and whole, kept for some days, given to who asked for the run and to nobody else.

The bytes lie beside the blobs (`<storage>/outputs`, a store of its own, so that nothing which looks after blobs ever sees
them): any host finds them. A row names them before the first is written, so what a killed worker leaves is found and removed;
the next attempt begins anew. A file can be downloaded only after all of it was written, synced and hashed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db.models.functions import Now

from access.principal import ActorKind, Principal
from core.blobstore.base import BlobMissing, BlobStore, Session
from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import Denied, NotFound, StorageFailed, StorageFull
from core.oci.digest import Digest
from database import sql
from jobs.leases import HELD
from jobs.models import Output, OutputState
from jobs.progress import LeaseLost, Progress

FOLDER: Final = "outputs"
MOST: Final = 3
BATCH: Final = 100
ROOM_BYTES: Final = 64 * 1024 * 1024
"""After so much is looked whether there is room for more."""

log = structlog.get_logger(__name__)

_BEGIN = f"""
    INSERT INTO job_output (run_id, actor_kind, actor_id, name, media_type, upload_id)
    SELECT id, actor_kind, actor_id, %(name)s, %(media_type)s, %(upload_id)s::uuid FROM job_run WHERE {HELD}
    RETURNING id
"""
# The run's row is locked: a worker that claims it meanwhile waits, and removes what this one has published.
_PUBLISH = f"""
    WITH held AS (SELECT FROM job_run WHERE {HELD} FOR UPDATE)
    UPDATE job_output SET state = 'ready', size = %(size)s, expires_at = now() + %(keep)s::interval
    WHERE id = %(output)s AND EXISTS (SELECT FROM held)
"""
_NOTE_DIGEST = "UPDATE job_output SET digest = %s WHERE id = %s"
_BEYOND = """
    SELECT o.id, o.upload_id FROM job_output o
    JOIN job_run r ON r.id = o.run_id JOIN job_run this ON this.id = %(run)s
    WHERE o.state = 'ready' AND r.kind = this.kind AND (o.actor_kind, o.actor_id) = (this.actor_kind, this.actor_id)
    ORDER BY o.id DESC OFFSET %(most)s
"""
_ENDED = """
    SELECT o.id, o.upload_id FROM job_output o LEFT JOIN job_run r ON r.id = o.run_id
    WHERE r.id IS NULL OR o.expires_at <= now()
      OR (o.state = 'writing' AND r.state NOT IN ('queued', 'running', 'retrying'))
    ORDER BY o.id LIMIT %s
"""


class OutputUnknown(NotFound):
    """The run left no file, or none for this caller, or its time is over."""


def write(
    progress: Progress,
    name: str,
    media_type: str,
    pieces: Iterable[bytes],
    *,
    keep: timedelta,
    most: int = MOST,
) -> Output:
    """Make `pieces` the file of the run, to be kept so long from its end on; what an earlier attempt left goes first.

    `most`: how many files of this kind one person has, the newest. Constant memory.
    Raises StorageFull, StorageFailed, Interrupted, and what `pieces` raises: then there is no file.
    """
    files = store()
    _remove(files, sql.rows("SELECT id, upload_id FROM job_output WHERE run_id = %s", [progress.run_id]))
    upload_id = uuid4()
    facts = progress.lease.facts | {"name": name, "media_type": media_type, "upload_id": upload_id}
    output = sql.value(_BEGIN, facts)
    if output is None:
        raise LeaseLost
    try:
        size = _stage(files, files.begin(upload_id), output, pieces)
        if not sql.execute(_PUBLISH, progress.lease.facts | {"output": output, "size": size, "keep": keep}):
            raise LeaseLost
    except BaseException:
        _discard(files, output)
        raise
    _remove(files, sql.rows(_BEYOND, {"run": progress.run_id, "most": most}))
    return Output.objects.get(pk=output)


def _stage(files: BlobStore, session: Session, output: int, pieces: Iterable[bytes]) -> int:
    """Write, sync and name the bytes; how many. The row knows their digest before they have their name."""
    done = files.append(session, 0, _while_there_is_room(files, pieces))
    assert done.digest is not None  # written from the first byte on
    expected = done.digest

    def note() -> None:
        sql.execute(_NOTE_DIGEST, [expected.raw, output])

    files.commit(session, expected, size=done.offset, known=expected, before_publish=note)
    return done.offset


def _while_there_is_room(files: BlobStore, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A file of any length must not take from the pushes what they leave free. Raises StorageFull."""
    unseen = 0
    for piece in pieces:
        unseen += len(piece)
        if unseen >= ROOM_BYTES:
            unseen = 0
            if not files.has_room():
                raise StorageFull("the storage is nearly full: make room, then have the file made again")
        yield piece


def of_run(actor: Principal, run_id: int) -> Output:
    """The file of a run that this actor asked for. Raises OutputUnknown, Denied (a key that is for less than all he may)."""
    found = Output.objects.filter(
        run_id=run_id,
        state=OutputState.READY,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        expires_at__gt=Now(),
    ).first()
    if found is None or actor.grants is not None:
        raise OutputUnknown(
            f"job {run_id} left no file for you: it may not have ended, or the file's time is over",
            run=run_id,
        )
    require_whole(actor)
    return found


def require_whole(actor: Principal) -> None:
    """A file holds what a person may see with all his rights: a key that is for some of them is not enough. Raises Denied."""
    if actor.grants is not None or (actor.kind is ActorKind.USER and actor.allowances is not None):
        raise Denied("this key is for some of your rights only: sign in, or use a key without bounds")


def kept(runs: Iterable[int]) -> dict[int, Output]:
    """The files that can still be downloaded, by the id of their run. The caller has checked that he may see those."""
    found = Output.objects.filter(run_id__in=list(runs), state=OutputState.READY, expires_at__gt=Now())
    return {each.run_id: each for each in found}


def open_file(output: Output) -> BinaryIO:
    """Its bytes, unbuffered; the caller closes it. Raises OutputUnknown, StorageFailed."""
    files = store()
    try:
        return files.open(_key(files, output.upload_id, output.digest), size=output.size)
    except BlobMissing as fault:
        log.error("file of a job is missing", run=output.run_id, name=output.name)
        raise OutputUnknown(
            f"the file of job {output.run_id} is no longer in the storage: have the job done again",
            run=output.run_id,
        ) from fault


def remove_ended(progress: Progress) -> int:
    """Remove the files whose time is over, whose run is gone, or which no worker goes on writing; how many."""
    removed, files = 0, None
    while found := sql.rows(_ENDED, [BATCH]):
        files = files or store()
        _remove(files, found)
        removed += len(found)
        progress.checkpoint()
    return removed


def _discard(files: BlobStore, output: int) -> None:
    """At once where that goes; otherwise the next attempt or `remove_ended` does it."""
    try:
        _remove(files, sql.rows("SELECT id, upload_id FROM job_output WHERE id = %s", [output]))
    except Exception as error:  # noqa: BLE001 - what went wrong before is what the caller must hear
        log.warning("part of a job's file is left for later", output=output, error=str(error).strip())


def _remove(files: BlobStore, found: Iterable[tuple[Any, ...]]) -> None:
    """Bytes first: a row without bytes is tried again, bytes without a row would never be found."""
    for id_, upload_id in found:
        files.abort(Session(upload_id))
        # From now on its bytes get no name. A worker that lost its lease may have named them until now, and noted it before.
        digest = sql.value("SELECT digest FROM job_output WHERE id = %s", [id_])
        if digest is not None:
            files.delete(_key(files, upload_id, digest))
        sql.execute("DELETE FROM job_output WHERE id = %s", [id_])


def _key(files: BlobStore, upload_id: UUID, digest: Any) -> str:
    return files.key_of(Session(upload_id), Digest.from_bytes(bytes(digest)))


def store() -> BlobStore:
    """Where files lie, laid out when first needed. Raises StorageFailed when the installation's storage is not there."""
    root = Path(unquote(urlsplit(settings.WHARF_STORAGE).path))
    FilesystemBlobStore(root).check()  # an unmounted disk must not be laid out anew
    return _laid_out(root / FOLDER)


@functools.cache
def _laid_out(root: Path) -> BlobStore:
    found = FilesystemBlobStore(root)
    try:
        found.check()
    except StorageFailed:
        found.prepare()
    return found
