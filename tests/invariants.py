"""Checks that the database and the blob store agree, whatever killed the server before.

I1 every tag pulls whole with right digests; I2 every referenced blob has a row and a file of the right size;
I3 every file is known; I4 counters equal a recount. I5 (an acknowledged blob is accepted by a manifest PUT)
needs a client and stands in the tests that push.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

Rows = list[tuple[Any, ...]]


def broken(connection: psycopg.Connection[Any], store: Path) -> list[str]:
    """One sentence per broken invariant, empty when all hold. `store` is the root of blobs/ and uploads/.

    Reads the whole store: for tests and small stores. Call it while nothing writes.
    """
    return [
        *_tags_pull_whole(connection, store),
        *_referenced_blobs_have_files(connection, store),
        *_every_file_is_known(connection, store),
        *_counters_equal_a_recount(connection),
    ]


def digest_of(path: Path, algorithm: str) -> bytes:
    """The raw digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


def _rows(connection: psycopg.Connection[Any], query: str) -> Rows:
    with connection.cursor() as cursor:
        return list(cursor.execute(query.encode()).fetchall())


def _algorithm(digest: bytes) -> str:
    return {32: "sha256", 64: "sha512"}[len(digest)]


REACHED = """
    WITH RECURSIVE reached (tag, artifact_id) AS (
        SELECT r.name || ':' || t.name, t.artifact_id
        FROM tag t JOIN repository r ON r.id = t.repository_id
        UNION
        SELECT reached.tag, c.child_id
        FROM reached JOIN artifact_child c ON c.parent_id = reached.artifact_id WHERE c.child_id IS NOT NULL
    )
"""


def _tags_pull_whole(connection: psycopg.Connection[Any], store: Path) -> Iterator[str]:
    """I1: what a client reaches from a tag, children included, hashes to its digest."""
    manifests = (
        "SELECT reached.tag, a.digest, a.payload FROM reached LEFT JOIN artifact a ON a.id = artifact_id"
    )
    for tag, digest, payload in _rows(connection, REACHED + manifests):
        if digest is None:
            yield f"I1: {tag} leads to an artifact that is not there"
        elif hashlib.new(_algorithm(digest), payload).digest() != digest:
            yield f"I1: {tag} leads to a manifest whose bytes do not hash to {digest.hex()}"
    blobs = """SELECT DISTINCT b.digest, b.storage_key
               FROM reached JOIN artifact_blob USING (artifact_id) JOIN blob b ON b.id = blob_id"""
    for digest, key in _rows(connection, REACHED + blobs):
        path = store / "blobs" / key
        if not path.is_file() or digest_of(path, _algorithm(digest)) != digest:
            yield f"I1: the file of tagged blob {digest.hex()} is missing or damaged: {key}"


def _referenced_blobs_have_files(connection: psycopg.Connection[Any], store: Path) -> Iterator[str]:
    """I2, and the same for blobs that are only linked: a HEAD answers 200 for those too."""
    for (artifact,) in _rows(
        connection,
        """SELECT ab.artifact_id FROM artifact_blob ab
           LEFT JOIN repository_blob rb ON rb.repository_id = ab.repository_id AND rb.blob_id = ab.blob_id
           LEFT JOIN blob b ON b.id = ab.blob_id WHERE b.id IS NULL OR rb.blob_id IS NULL""",
    ):
        yield f"I2: artifact {artifact} references a blob without row or link"
    for digest, size, key in _rows(connection, "SELECT digest, size, storage_key FROM blob"):
        path = store / "blobs" / key
        if not path.is_file():
            yield f"I2: blob {digest.hex()} has no file {key}"
        elif path.stat().st_size != size:
            yield f"I2: blob {digest.hex()} has {path.stat().st_size} bytes on disk, {size} in its row"


def _every_file_is_known(connection: psycopg.Connection[Any], store: Path) -> Iterator[str]:
    """I3: a file of blobs/ belongs to a blob, to the trash or to a session; one of uploads/ to a session."""
    keys = "SELECT storage_key FROM blob UNION SELECT storage_key FROM blob_trash"
    known = {key for (key,) in _rows(connection, keys)}
    sessions = {str(upload) for (upload,) in _rows(connection, "SELECT id FROM upload WHERE state <> 'done'")}
    for path in _files(store / "blobs"):
        key = path.relative_to(store / "blobs").as_posix()
        if key not in known and key.rpartition(".")[2] not in sessions:
            yield f"I3: nobody knows the file blobs/{key}"
    for path in _files(store / "uploads"):
        if path.name not in sessions:
            yield f"I3: no session knows the file uploads/{path.name}"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _counters_equal_a_recount(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """I4: project_blob.n_links and quota.used."""
    for project, blob, counted, stored in _rows(
        connection,
        """SELECT coalesce(c.project_id, p.project_id), coalesce(c.blob_id, p.blob_id), c.n, p.n_links
           FROM (SELECT r.project_id, rb.blob_id, count(*) AS n FROM repository_blob rb
                 JOIN repository r ON r.id = rb.repository_id GROUP BY 1, 2) c
           FULL JOIN project_blob p ON p.project_id = c.project_id AND p.blob_id = c.blob_id
           WHERE c.n IS DISTINCT FROM p.n_links""",
    ):
        yield f"I4: project {project} links blob {blob} {counted} times, n_links says {stored}"
    for project, used, counted in _rows(
        connection,
        """SELECT q.project_id, q.used, coalesce(sum(b.size), 0) FROM quota q
           LEFT JOIN project_blob p ON p.project_id = q.project_id LEFT JOIN blob b ON b.id = p.blob_id
           GROUP BY q.project_id, q.used HAVING q.used <> coalesce(sum(b.size), 0)""",
    ):
        yield f"I4: quota.used of project {project} is {used}, its blobs add up to {counted}"
