"""Everything stored, read back: each manifest and each blob once, however many tags lead to it.

Needs no quiet server: what a push or a garbage collection changes meanwhile is looked at again before it counts as damage. A
damaged blob is marked, so that its bytes are never served and its next push heals it; one found whole again is unmarked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from access.principal import ProjectRef
from artifacts import storage
from artifacts.storage import Health
from core.blobstore.base import BlobMissing
from core.blobstore.copying import has_digest
from core.errors import StorageFailed, WharfError
from core.oci.digest import Digest
from core.oci.manifest import parse_manifest
from database import sql

# A manifest has up to 4 MiB, a page of them at most 64 MiB.
MANIFESTS_PAGE = 16
BLOBS_PAGE = 200
SHOWN_USERS = 5


class Kind(StrEnum):
    MISSING = "missing"
    TRUNCATED = "wrong size"
    CORRUPT = "wrong bytes"
    UNREADABLE = "unreadable"
    MANIFEST = "damaged manifest"
    UNRECORDED = "unrecorded blob"


# What each kind says of the blob's file. An unreadable disk says nothing of the blob: it may answer tomorrow.
HEALTH = {Kind.MISSING: Health.MISSING, Kind.TRUNCATED: Health.SUSPECT, Kind.CORRUPT: Health.SUSPECT}


@dataclass(frozen=True, slots=True)
class Problem:
    """One damaged thing. `used_by`: tags that do not pull whole because of it: SHOWN_USERS of them, then "more"."""

    kind: Kind
    digest: str
    reason: str
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Damage:
    """A problem before its users are looked up: those of artifact `id`, or of blob `id` where `kind` is one of a file."""

    kind: Kind
    digest: Digest
    reason: str
    id: int


@dataclass(slots=True)
class Totals:
    """How much there is (counted at the beginning) and how much of it has been read back."""

    tags: int
    manifests: int
    blobs: int
    bytes: int
    manifests_done: int = 0
    blobs_done: int = 0
    bytes_done: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row of blob."""

    id: int
    digest: Digest
    size: int
    key: str
    is_ok: bool

    @classmethod
    def of(cls, row: sql.Row) -> _Stored:
        return cls(row[0], Digest.from_bytes(bytes(row[1])), row[2], row[3], row[4])


@dataclass(frozen=True, slots=True)
class _Scope:
    """All projects, or one: conditions on a repository `r` and on a blob `b`."""

    project: ProjectRef | None

    @property
    def repositories(self) -> str:
        return "r.deleted_at IS NULL" + ("" if self.project is None else " AND r.project_id = %(project)s")

    @property
    def blobs(self) -> str:
        used = "EXISTS (SELECT FROM project_blob used WHERE used.project_id = %(project)s AND used.blob_id = b.id)"
        return "true" if self.project is None else used

    @property
    def params(self) -> dict[str, Any]:
        return {} if self.project is None else {"project": self.project.id}


def count(project: ProjectRef | None = None) -> Totals:
    """What `verify` will read."""
    scope = _Scope(project)
    tags, manifests = sql.one(
        f"""
        SELECT (SELECT count(*) FROM tag t JOIN repository r ON r.id = t.repository_id WHERE {scope.repositories}),
               (SELECT count(*) FROM artifact a JOIN repository r ON r.id = a.repository_id WHERE {scope.repositories})
        """,
        scope.params,
    )
    blobs, size = sql.one(
        f"SELECT count(*), coalesce(sum(size), 0)::bigint FROM blob b WHERE {scope.blobs}", scope.params
    )
    return Totals(tags, manifests, blobs, size)


def verify(
    project: ProjectRef | None, totals: Totals, *, progress: Callable[[Totals], None], readers: int = 2
) -> Iterator[Problem]:
    """Read everything back, `readers` files at a time; yields damage as it is found.

    Raises StorageFailed when the storage as a whole is not there: then no single blob counts as missing.
    """
    storage.store().check()
    scope = _Scope(project)
    for damage in chain(_manifests(scope, totals, progress), _blobs(scope, totals, progress, readers)):
        totals.problems += 1
        yield Problem(damage.kind, str(damage.digest), damage.reason, _users(scope, damage))


def _manifests(scope: _Scope, totals: Totals, progress: Callable[[Totals], None]) -> Iterator[_Damage]:
    last = 0
    while page := sql.rows(
        f"""
        SELECT a.id, a.digest, a.media_type, a.payload FROM artifact a JOIN repository r ON r.id = a.repository_id
        WHERE {scope.repositories} AND a.id > %(last)s ORDER BY a.id LIMIT {MANIFESTS_PAGE}
        """,
        scope.params | {"last": last},
    ):
        last = page[-1][0]
        recorded = _recorded([row[0] for row in page])
        for artifact_id, digest, media_type, payload in page:
            manifest = Digest.from_bytes(bytes(digest)), media_type, bytes(payload)
            yield from _examine_manifest(artifact_id, *manifest, recorded=recorded.get(artifact_id, set()))
        totals.manifests_done += len(page)
        progress(totals)


def _recorded(artifact_ids: list[int]) -> dict[int, set[bytes]]:
    """The raw digests of the blobs that each artifact keeps alive."""
    found: dict[int, set[bytes]] = {}
    for artifact_id, digest in sql.rows(
        """
        SELECT used.artifact_id, b.digest FROM artifact_blob used
        JOIN repository_blob link ON link.repository_id = used.repository_id AND link.blob_id = used.blob_id
        JOIN blob b ON b.id = used.blob_id WHERE used.artifact_id = ANY(%s::bigint[])
        """,
        [artifact_ids],
    ):
        found.setdefault(artifact_id, set()).add(bytes(digest))
    return found


def _examine_manifest(
    artifact_id: int, digest: Digest, media_type: str, payload: bytes, *, recorded: set[bytes]
) -> Iterator[_Damage]:
    if Digest.of(payload, digest.algorithm) != digest:
        yield _Damage(Kind.MANIFEST, digest, "its bytes have another digest", artifact_id)
        return
    try:
        named = parse_manifest(payload, media_type).required_blobs
    except WharfError as error:
        yield _Damage(Kind.MANIFEST, digest, error.message, artifact_id)
        return
    for descriptor in named:
        # One that was deleted or collected after the page was read has taken its records along.
        if descriptor.digest.raw not in recorded and _is_there(artifact_id):
            reason = f"manifest {digest} names it, and the database keeps no blob for that"
            yield _Damage(Kind.UNRECORDED, descriptor.digest, reason, artifact_id)


def _is_there(artifact_id: int) -> bool:
    return bool(sql.value("SELECT true FROM artifact WHERE id = %s", [artifact_id]))


_BLOB = "SELECT b.id, b.digest, b.size, b.storage_key, b.health = 'ok' FROM blob b"


def _blobs(
    scope: _Scope, totals: Totals, progress: Callable[[Totals], None], readers: int
) -> Iterator[_Damage]:
    last = 0
    with ThreadPoolExecutor(readers) as pool:
        while page := sql.rows(
            f"{_BLOB} WHERE {scope.blobs} AND b.id > %(last)s ORDER BY b.id LIMIT {BLOBS_PAGE}",
            scope.params | {"last": last},
        ):
            last = page[-1][0]
            stored = [_Stored.of(row) for row in page]
            for blob, fault in zip(stored, pool.map(_examine, stored), strict=True):
                yield from _judged(blob, fault)
                totals.blobs_done += 1
                totals.bytes_done += blob.size
                progress(totals)


def _examine(blob: _Stored) -> Kind | None:
    """What is wrong with the file of a blob. Touches no database: it runs in threads."""
    try:
        found = storage.store().stat(blob.key)
        if found is None:
            return Kind.MISSING
        if found.size != blob.size:
            return Kind.TRUNCATED
        with storage.store().open(blob.key) as stream:
            return None if has_digest(stream, blob.digest) else Kind.CORRUPT
    except BlobMissing:
        return Kind.MISSING
    except StorageFailed:
        return Kind.UNREADABLE


def _judged(blob: _Stored, fault: Kind | None) -> Iterator[_Damage]:
    """Damage counts when the row still names the file and a second look finds the same; the row is told."""
    if fault is None:
        if not blob.is_ok:
            storage.note_health(blob.key, Health.OK)
        return
    row = sql.row(f"{_BLOB} WHERE b.id = %s", [blob.id])
    if row is None:  # collected meanwhile
        return
    now = _Stored.of(row)
    fault = _examine(now)
    if fault is None:
        return
    if (health := HEALTH.get(fault)) is not None:
        storage.note_health(now.key, health)
    yield _Damage(fault, now.digest, _REASONS[fault].format(key=now.key, size=now.size), now.id)


_REASONS = {
    Kind.MISSING: "there is no file {key}",
    Kind.TRUNCATED: "the file {key} does not have {size} bytes",
    Kind.CORRUPT: "the bytes of the file {key} have another digest",
    Kind.UNREADABLE: "the file {key} cannot be read",
}

_HOLDERS_OF_BLOB = "SELECT artifact_id FROM artifact_blob WHERE blob_id = %(id)s"


def _users(scope: _Scope, damage: _Damage) -> tuple[str, ...]:
    """Tags that lead to it, through indexes too."""
    first = _HOLDERS_OF_BLOB if damage.kind in _REASONS else "SELECT %(id)s::bigint"
    found = sql.rows(
        f"""
        WITH RECURSIVE up(id) AS ({first} UNION SELECT c.parent_id FROM up JOIN artifact_child c ON c.child_id = up.id)
        SELECT r.name || ':' || t.name FROM up JOIN tag t ON t.artifact_id = up.id
        JOIN repository r ON r.id = t.repository_id WHERE {scope.repositories} ORDER BY 1 LIMIT {SHOWN_USERS + 1}
        """,
        scope.params | {"id": damage.id},
    )
    names = [name for (name,) in found]
    return tuple(names[:SHOWN_USERS]) + (("more",) if len(names) > SHOWN_USERS else ())
