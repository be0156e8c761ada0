"""Background upkeep of the push path: expired sessions, deleted repositories, repositories nobody ever used.

Every function may run twice, at once, or be killed anywhere: rows say what is left to do.
"""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import transaction

from artifacts import links, manifests
from artifacts.storage import store
from core.blobstore.base import Session
from core.failpoints import PURGE_AFTER_BATCH, REAPER_AFTER_UNLINK, REAPER_BEFORE_UNLINK, fp
from core.oci.digest import Digest
from database import sql

log = structlog.get_logger(__name__)

BATCH = 100
UNUSED = "interval '24 hours'"

_DUE = """
    (expires_at < now() OR (state = 'finalizing' AND updated_at < now() - %(stuck)s::interval))
    AND (lease_until IS NULL OR lease_until < now())
"""


def reap_uploads(stuck: str = "15 minutes") -> int:
    """Remove expired sessions and those a killed request left finalizing for longer than `stuck`; returns how many.

    A session that ended well only loses its row. Of others the staged bytes go first, then the row, and a file that was
    published but never committed goes to the trash in the row's transaction.
    """
    reaped = 0
    while True:
        due = sql.rows(
            f"SELECT id, storage_state FROM upload WHERE {_DUE} ORDER BY id LIMIT {BATCH}", {"stuck": stuck}
        )
        for upload_id, state in due:
            reaped += _reap(upload_id, state, stuck)
        if len(due) < BATCH:
            return reaped


def _reap(upload_id: UUID, state: str, stuck: str) -> int:
    session = Session(upload_id, state)
    with transaction.atomic():
        # Locked first: a client that comes back claims the row either before us (then it is not due) or never.
        found = sql.row(
            f"SELECT digest, state = 'done' FROM upload WHERE id = %(id)s AND {_DUE} FOR UPDATE SKIP LOCKED",
            {"id": upload_id, "stuck": stuck},
        )
        if found is None:
            return 0
        sql.execute(
            "UPDATE upload SET lease_until = now() + interval '10 minutes', lease_owner = %s WHERE id = %s",
            [upload_id, upload_id],
        )
    digest, done = found
    fp(REAPER_BEFORE_UNLINK)
    if not done:
        store().abort(session)
    fp(REAPER_AFTER_UNLINK)
    stranded = None if done or digest is None else _published(session, Digest.from_bytes(bytes(digest)))
    with transaction.atomic():
        # The row decides: a commit that was still under way has made it `done`, and then the file is a blob's.
        removed = sql.execute("DELETE FROM upload WHERE id = %s AND lease_owner = %s", [upload_id, upload_id])
        if removed and stranded is not None:
            links.trash(stranded)
        return removed


def _published(session: Session, digest: Digest) -> links.StoredBlob | None:
    key = store().key_of(session, digest)
    stat = store().stat(key)
    return None if stat is None else links.StoredBlob(digest, stat.size, key)


def purge_deleted() -> int:
    """Work off deleted repositories (and those of deleted projects) and unused ones; returns how many are gone."""
    sql.execute(
        """
        UPDATE repository SET deleted_at = now() FROM project p
        WHERE p.id = repository.project_id AND p.deleted_at IS NOT NULL AND repository.deleted_at IS NULL
        """
    )
    _delete_unused()
    gone = 0
    for repository_id, project_id in sql.rows(
        "SELECT id, project_id FROM repository WHERE deleted_at IS NOT NULL ORDER BY id"
    ):
        gone += _purge(repository_id, project_id)
    return gone


def _delete_unused() -> None:
    """A repository that never had a manifest, and that no session or link needs any more, was a push that never ended."""
    with transaction.atomic():
        unused = sql.rows(
            f"""
            SELECT id FROM repository r WHERE visible_at IS NULL AND deleted_at IS NULL AND created_at < now() - {UNUSED}
              AND NOT EXISTS (SELECT FROM upload u WHERE u.repository_id = r.id AND u.state <> 'done')
              AND NOT EXISTS (SELECT FROM repository_blob l WHERE l.repository_id = r.id)
            ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
            """
        )
        # Checked again under the lock: a push that came first has left a session or a link by now.
        sql.execute(
            """
            UPDATE repository r SET deleted_at = now() WHERE id = ANY(%s::bigint[]) AND visible_at IS NULL
              AND NOT EXISTS (SELECT FROM upload u WHERE u.repository_id = r.id AND u.state <> 'done')
              AND NOT EXISTS (SELECT FROM repository_blob l WHERE l.repository_id = r.id)
            """,
            [[repository_id for (repository_id,) in unused]],
        )


def _purge(repository_id: int, project_id: int) -> int:
    """Empty one deleted repository in small transactions, then remove its row; 0 when somebody else is at it."""
    steps = (_purge_children, _purge_artifacts, _purge_links)
    for step in steps:
        while step(repository_id, project_id):
            fp(PURGE_AFTER_BATCH)
    return _purge_row(repository_id)


def _purge_children(repository_id: int, _project_id: int) -> int:
    """First the rows by which indexes hold their children, so that artifacts can leave in any order."""
    return sql.execute(
        """
        DELETE FROM artifact_child WHERE (parent_id, child_digest) IN (
          SELECT parent_id, child_digest FROM artifact_child WHERE repository_id = %s LIMIT 1000)
        """,
        [repository_id],
    )


def _purge_artifacts(repository_id: int, _project_id: int) -> int:
    with transaction.atomic():
        # What another purge has in hand may still hold children: they come next time.
        due = sql.rows(
            """
            SELECT id FROM artifact WHERE repository_id = %s
              AND NOT EXISTS (SELECT FROM artifact_child c WHERE c.child_id = artifact.id)
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [repository_id, BATCH],
        )
        manifests.remove([artifact_id for (artifact_id,) in due])
    return len(due)


def _purge_links(repository_id: int, project_id: int) -> int:
    with transaction.atomic():
        due = sql.rows(
            """
            SELECT blob_id FROM repository_blob link WHERE repository_id = %s AND NOT EXISTS (
              SELECT FROM artifact_blob used WHERE used.repository_id = link.repository_id AND used.blob_id = link.blob_id)
            ORDER BY blob_id LIMIT 1000 FOR UPDATE SKIP LOCKED
            """,
            [repository_id],
        )
        blob_ids = [blob_id for (blob_id,) in due]
        if blob_ids:
            links.unlink([repository_id] * len(blob_ids), blob_ids, project_id)
    return len(due)


def _purge_row(repository_id: int) -> int:
    """The row goes last, when no session needs it: the reaper has to find their files by it."""
    for upload_id, state in sql.rows(
        "SELECT id, storage_state FROM upload WHERE repository_id = %s", [repository_id]
    ):
        sql.execute(
            "UPDATE upload SET expires_at = now() WHERE id = %s AND (lease_until IS NULL OR lease_until < now())",
            [upload_id],
        )
        _reap(upload_id, state, "15 minutes")
    with transaction.atomic():
        busy = """
            SELECT EXISTS (SELECT FROM upload WHERE repository_id = %(id)s)
              OR EXISTS (SELECT FROM artifact WHERE repository_id = %(id)s)
              OR EXISTS (SELECT FROM repository_blob WHERE repository_id = %(id)s)
            """
        if sql.value(busy, {"id": repository_id}):
            log.info("repository purge goes on later", repository=repository_id)
            return 0
        return sql.execute("DELETE FROM repository WHERE id = %s", [repository_id])
