"""Blob rows and the links that make them visible in a repository: the statements of the blob-commit transaction.

Callers hold the repository lock and a transaction; the order of locks is repository, blob, link, project_blob, quota
(reliability design, lock table).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError

from access.principal import Principal
from artifacts import repositories
from artifacts.repositories import Target
from core.errors import QuotaExceeded, UploadUnknown
from core.oci.digest import Digest
from database import sql
from database.arrays import array
from database.transactions import one_statement, refusal

LEASE = "wharf_lease()"
DONE_KEPT = "interval '1 hour'"
IS_GONE, IS_OVER_QUOTA = "upload gone", "over quota"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A verified, durable file that wants a row. `size` in bytes."""

    digest: Digest
    size: int
    storage_key: str


_COMMIT = f"""
    WITH place AS MATERIALIZED (
        SELECT r.id, r.project_id FROM repository r JOIN project p ON p.id = r.project_id
        WHERE r.id = %(repository)s AND r.deleted_at IS NULL AND p.deleted_at IS NULL FOR KEY SHARE
    ), stored AS (
        INSERT INTO blob (digest, size, storage_key)
        SELECT %(digest)s::bytea, %(size)s::bigint, %(key)s::text FROM place
        ON CONFLICT (digest) DO UPDATE SET pushed_at = now(), health = 'ok',
          storage_key = CASE WHEN blob.health <> 'ok' THEN EXCLUDED.storage_key ELSE blob.storage_key END
        RETURNING id, storage_key
    ), superfluous AS (
        INSERT INTO blob_trash (storage_key, digest, size, delete_after)
        SELECT %(key)s::text, %(digest)s::bytea, %(size)s::bigint, now() + {LEASE}
        FROM stored WHERE storage_key <> %(key)s::text
        ON CONFLICT (storage_key) DO NOTHING
    ), linked AS (
        INSERT INTO repository_blob AS link (repository_id, blob_id, pinned_until, created_by_kind, created_by_id)
        SELECT place.id, stored.id, now() + {LEASE}, %(kind)s, %(actor)s::bigint FROM place, stored
        ON CONFLICT (repository_id, blob_id) DO UPDATE SET pinned_until = greatest(link.pinned_until, EXCLUDED.pinned_until)
        RETURNING blob_id, xmax = 0 AS is_new
    ), counted AS (
        INSERT INTO project_blob AS counted (project_id, blob_id, n_links)
        SELECT place.project_id, linked.blob_id, 1 FROM place, linked WHERE linked.is_new
        ON CONFLICT (project_id, blob_id) DO UPDATE SET n_links = counted.n_links + 1
        RETURNING project_id, n_links
    ), charged AS (
        UPDATE quota SET used = used + %(size)s::bigint FROM counted
        WHERE quota.project_id = counted.project_id AND counted.n_links = 1
          AND (hard_limit < 0 OR used + %(size)s::bigint <= hard_limit)
        RETURNING 1
    ), done AS (
        UPDATE upload SET state = 'done', digest = %(digest)s::bytea, received = %(size)s::bigint, lease_owner = NULL,
          lease_until = NULL, updated_at = now(), expires_at = now() + {DONE_KEPT}
        FROM place WHERE upload.id = %(upload)s::uuid AND upload.state <> 'done'
        RETURNING 1
    )
    SELECT CASE WHEN NOT EXISTS (SELECT FROM done) THEN wharf_refuse('{IS_GONE}')
                WHEN EXISTS (SELECT FROM counted WHERE n_links = 1) AND NOT EXISTS (SELECT FROM charged)
                THEN wharf_refuse('{IS_OVER_QUOTA}')
                ELSE true END
    FROM place
"""


def commit(
    actor: Principal, target: Target, blob: StoredBlob, *, repository_id: int, upload_id: UUID
) -> None:
    """The blob-commit transaction as one statement: row, link, pin, quota and the end of the upload session.

    Each part reads what the one before it returns, which keeps the order of locks. A second file of the same bytes goes to the
    trash; a damaged one is replaced by ours. The session is kept an hour so that a repeated PUT is answered alike.

    Raises RepositoryUnknown, QuotaExceeded, UploadUnknown (cancelled or reaped meanwhile: the row decides whose the file is),
    and nothing is written then.
    """
    params = {
        "repository": repository_id,
        "digest": blob.digest.raw,
        "size": blob.size,
        "key": blob.storage_key,
        "kind": str(actor.kind),
        "actor": actor.id,
        "upload": upload_id,
    }
    try:
        with one_statement():
            found = sql.row(_COMMIT, params)
    except DatabaseError as error:
        if (reason := refusal(error)) is None:
            raise
        raise _refused(reason, target, blob) from None
    if found is None:
        raise repositories.unknown(target)


def _refused(reason: str, target: Target, blob: StoredBlob) -> UploadUnknown | QuotaExceeded:
    if reason == IS_OVER_QUOTA:
        return exceeded(target.project.id, blob.size)
    return UploadUnknown("the upload is unknown or has expired: start a new one")


def trash(blob: StoredBlob) -> None:
    """Leave a file that no row needs to the collector; never unlinked here, because a reader may hold its name."""
    sql.execute(
        f"INSERT INTO blob_trash (storage_key, digest, size, delete_after) VALUES (%s, %s, %s, now() + {LEASE})"
        " ON CONFLICT (storage_key) DO NOTHING",
        [blob.storage_key, blob.digest.raw, blob.size],
    )


def link(actor: Principal, repository_id: int, target: Target, *, blob_id: int, size: int) -> None:
    """Make the blob visible in the repository and pin it for a lease. Raises QuotaExceeded (the caller rolls back)."""
    new = sql.value(
        f"""
        INSERT INTO repository_blob AS link (repository_id, blob_id, pinned_until, created_by_kind, created_by_id)
        VALUES (%(repository)s, %(blob)s, now() + {LEASE}, %(kind)s, %(actor)s)
        ON CONFLICT (repository_id, blob_id) DO UPDATE SET pinned_until = greatest(link.pinned_until, EXCLUDED.pinned_until)
        RETURNING xmax = 0
        """,
        {"repository": repository_id, "blob": blob_id, "kind": str(actor.kind), "actor": actor.id},
    )
    if new:
        _count(target.project.id, blob_id, size)


def _count(project_id: int, blob_id: int, size: int) -> None:
    """A blob is charged once a project, however many of its repositories link it."""
    links = sql.value(
        """
        INSERT INTO project_blob AS counted (project_id, blob_id, n_links) VALUES (%s, %s, 1)
        ON CONFLICT (project_id, blob_id) DO UPDATE SET n_links = counted.n_links + 1 RETURNING n_links
        """,
        [project_id, blob_id],
    )
    if links == 1:
        _charge(project_id, size)


def count_all(project_id: int, blobs: Mapping[int, int]) -> None:
    """Count new links of blobs, id -> bytes, and charge those the project had none of. Raises QuotaExceeded."""
    statement = """
        INSERT INTO project_blob AS counted (project_id, blob_id, n_links)
        SELECT %s, blob_id, 1 FROM unnest(%s::bigint[]) AS blob_id ORDER BY blob_id
        ON CONFLICT (project_id, blob_id) DO UPDATE SET n_links = counted.n_links + 1 RETURNING blob_id, n_links
        """
    counted = sql.rows(statement, [project_id, array(blobs)]) if blobs else []
    size = sum(blobs[blob_id] for blob_id, n_links in counted if n_links == 1)
    if size:
        _charge(project_id, size)


def _charge(project_id: int, size: int) -> None:
    statement = """
        UPDATE quota SET used = used + %(size)s
        WHERE project_id = %(project)s AND (hard_limit < 0 OR used + %(size)s <= hard_limit)
        """
    if not sql.execute(statement, {"size": size, "project": project_id}):
        raise exceeded(project_id, size)


def exceeded(project_id: int, size: int) -> QuotaExceeded:
    """The refusal with its numbers, so that a person knows whom to ask for how much."""
    used, limit = sql.one("SELECT used, hard_limit FROM quota WHERE project_id = %s", [project_id])
    return QuotaExceeded(
        f"the project's storage quota is exceeded: {used} of {limit} bytes are used and this needs {size} more;"
        " delete artifacts or ask an administrator to raise the quota",
        used=used,
        limit=limit,
        requested=size,
    )


def unlink(repository_ids: list[int], blob_ids: list[int], project_id: int) -> None:
    """Drop links of one project (pairs zipped, already locked or unreachable) and give their quota back.

    The counters are taken last and in id order, as everywhere.
    """
    sql.execute(
        """
        DELETE FROM repository_blob USING unnest(%s::bigint[], %s::bigint[]) AS gone (repository_id, blob_id)
        WHERE repository_blob.repository_id = gone.repository_id AND repository_blob.blob_id = gone.blob_id
        """,
        [repository_ids, blob_ids],
    )
    sql.rows(
        "SELECT blob_id FROM project_blob WHERE project_id = %s AND blob_id = ANY(%s::bigint[]) ORDER BY blob_id FOR UPDATE",
        [project_id, blob_ids],
    )
    sql.execute(
        """
        UPDATE project_blob SET n_links = n_links - gone.n
        FROM (SELECT blob_id, count(*) AS n FROM unnest(%(blobs)s::bigint[]) AS blob_id GROUP BY blob_id) gone
        WHERE project_blob.project_id = %(project)s AND project_blob.blob_id = gone.blob_id
        """,
        {"project": project_id, "blobs": blob_ids},
    )
    freed = sql.value(
        """
        WITH unlinked AS (DELETE FROM project_blob WHERE project_id = %(project)s AND blob_id = ANY(%(blobs)s::bigint[])
                          AND n_links <= 0 RETURNING blob_id)
        SELECT coalesce(sum(blob.size), 0)::bigint FROM unlinked JOIN blob ON blob.id = unlinked.blob_id
        """,
        {"project": project_id, "blobs": blob_ids},
    )
    if freed:
        sql.execute("UPDATE quota SET used = used - %s WHERE project_id = %s", [freed, project_id])
