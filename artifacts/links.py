"""Blob rows and the links that make them visible in a repository: the statements of the blob-commit transaction.

Callers hold the repository lock and a transaction; the order of locks is repository, blob, link, project_blob, quota
(reliability design, lock table).
"""

from __future__ import annotations

from dataclasses import dataclass

from access.principal import Principal
from artifacts.repositories import Target
from core.errors import QuotaExceeded
from core.oci.digest import Digest
from database import sql

LEASE = "wharf_lease()"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A verified, durable file that wants a row. `size` in bytes."""

    digest: Digest
    size: int
    storage_key: str


def record(blob: StoredBlob) -> int:
    """The blob's row id. A second file of the same bytes goes to the trash; a damaged one is replaced by ours."""
    blob_id, key = sql.one(
        """
        INSERT INTO blob (digest, size, storage_key) VALUES (%(digest)s, %(size)s, %(key)s)
        ON CONFLICT (digest) DO UPDATE SET pushed_at = now(), health = 'ok',
          storage_key = CASE WHEN blob.health <> 'ok' THEN EXCLUDED.storage_key ELSE blob.storage_key END
        RETURNING id, storage_key
        """,
        {"digest": blob.digest.raw, "size": blob.size, "key": blob.storage_key},
    )
    if key != blob.storage_key:
        trash(blob)
    return int(blob_id)


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
