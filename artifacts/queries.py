"""Reads of the distribution API: the hot lookups as hand-written SQL, one statement each on the way that succeeds."""

from __future__ import annotations

from dataclasses import dataclass

from access.principal import Principal
from access.reach import REPOSITORY_CONDITION, reach
from access.table import P
from artifacts import repositories, tags
from artifacts.repositories import CURRENT, Target
from core.errors import BlobUnknown, StorageFailed
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """The exact bytes of a manifest with what its response headers say."""

    repository_id: int
    digest: Digest
    media_type: str
    payload: bytes

    @classmethod
    def of(cls, found: sql.Row) -> StoredManifest:
        """Raises StorageFailed when the bytes are not those that were pushed: damage is never served."""
        repository_id, raw, media_type, payload = found
        digest = Digest.from_bytes(bytes(raw))
        manifest = cls(repository_id, digest, media_type, bytes(payload))
        if Digest.of(manifest.payload, digest.algorithm) != digest:
            raise StorageFailed(f"the stored manifest {digest} is damaged: push it again", digest=str(digest))
        return manifest


@dataclass(frozen=True, slots=True)
class LinkedBlob:
    """A blob visible in a repository. `size` in bytes; `is_safe` (told to pushers alone): it stays for a lease anyway."""

    repository_id: int
    blob_id: int
    digest: Digest
    size: int
    storage_key: str
    is_whole: bool
    is_safe: bool = False


@dataclass(frozen=True, slots=True)
class Referrer:
    """A row of the referrers list; `annotations` is ASCII-escaped JSON."""

    artifact_id: int
    digest: Digest
    media_type: str
    size: int
    artifact_type: str
    annotations: str


# Each row is looked up by its key, one after the other, whatever the planner believes: with stale statistics it would walk all
# tags of that name, or all repositories that share a blob. OFFSET 0 keeps it from joining in another order.
_BY_TAG = f"""
    SELECT r.id, a.digest, a.media_type, a.payload FROM repository r
    CROSS JOIN LATERAL (
      SELECT t.artifact_id FROM tag t WHERE t.repository_id = r.id AND t.name = %(reference)s OFFSET 0) named
    CROSS JOIN LATERAL (
      SELECT a.digest, a.media_type, a.payload FROM artifact a WHERE a.id = named.artifact_id OFFSET 0) a
    WHERE {CURRENT}
"""
_BY_DIGEST = f"""
    SELECT r.id, a.digest, a.media_type, a.payload FROM repository r
    CROSS JOIN LATERAL (
      SELECT a.digest, a.media_type, a.payload FROM artifact a
      WHERE a.repository_id = r.id AND a.digest = %(reference)s OFFSET 0) a
    WHERE {CURRENT}
"""


def manifest(target: Target, reference: Tag | Digest) -> StoredManifest:
    """One statement when it exists. Raises ManifestUnknown, RepositoryUnknown, StorageFailed."""
    if isinstance(reference, Tag):
        found = sql.row(_BY_TAG, target.key | {"reference": reference.value})
    else:
        found = sql.row(_BY_DIGEST, target.key | {"reference": reference.raw})
    if found is None:
        raise tags.missing(target, str(reference))
    return StoredManifest.of(found)


def child(target: Target, digest: Digest) -> StoredManifest | None:
    """A manifest by digest, or None: content negotiation falls back to the index."""
    found = sql.row(_BY_DIGEST, target.key | {"reference": digest.raw})
    return None if found is None else StoredManifest.of(found)


_SAFE = """link.pinned_until >= now() + wharf_lease() / 2 OR EXISTS (
    SELECT FROM artifact_blob used WHERE used.repository_id = link.repository_id AND used.blob_id = link.blob_id)"""
_BLOB = """
    SELECT r.id, b.id, b.size, b.storage_key, b.health = 'ok', {safe} FROM repository r
    JOIN blob b ON b.digest = %(digest)s
    CROSS JOIN LATERAL (
      SELECT link.repository_id, link.blob_id, link.pinned_until FROM repository_blob link
      WHERE link.repository_id = r.id AND link.blob_id = b.id OFFSET 0) link
    WHERE {current}
"""
_BLOB_TO_PULL = _BLOB.format(safe="false", current=CURRENT)
_BLOB_TO_PUSH = _BLOB.format(safe=_SAFE, current=CURRENT)


def blob(target: Target, digest: Digest, *, to_push: bool = False) -> LinkedBlob:
    """The blob as this repository sees it; bytes linked elsewhere do not count. Raises BlobUnknown.

    `to_push`: the client will reference it next, so tell whether it is safe until then.
    """
    found = sql.row(_BLOB_TO_PUSH if to_push else _BLOB_TO_PULL, target.key | {"digest": digest.raw})
    if found is None:
        raise BlobUnknown(f"blob {digest} is unknown in {target.name}", digest=str(digest))
    repository_id, blob_id, size, key, is_whole, is_safe = found
    return LinkedBlob(repository_id, blob_id, digest, size, key, is_whole, is_safe)


def tags_page(target: Target, *, last: str, limit: int) -> list[str]:
    """Up to `limit` tag names after `last`, in byte order. Raises RepositoryUnknown."""
    found = sql.rows(
        f"""
        SELECT t.name FROM repository r JOIN tag t ON t.repository_id = r.id
        WHERE {CURRENT} AND t.name > %(last)s ORDER BY t.name LIMIT %(limit)s
        """,
        target.key | {"last": last, "limit": limit},
    )
    if not found:
        _require_visible(target)
    return [name for (name,) in found]


def _require_visible(target: Target) -> None:
    if not sql.value(
        f"SELECT true FROM repository r WHERE {CURRENT} AND r.visible_at IS NOT NULL", target.key
    ):
        raise repositories.unknown(target)


@dataclass(frozen=True, slots=True)
class Page:
    """How much of a list of referrers to read: up to `limit` entries and `size` bytes of JSON, after an artifact id."""

    after: int
    limit: int
    size: int


# An entry's JSON beside its annotations: keys, a sha512 digest, a size and two types, one of which may need escapes.
_REFERRER_BYTES = (
    "octet_length(a.annotations) + octet_length(a.media_type) + 2 * octet_length(a.artifact_type) + 240"
)


def referrers(
    target: Target, subject: Digest, *, artifact_type: str | None, page: Page
) -> tuple[list[Referrer], bool]:
    """A page of the referrers of a subject, present or not, in the order they were pushed, and whether more follow.

    At least one entry, however large it is. Annotations beyond the page are not read (their lengths are, which costs nothing).
    """
    found = sql.rows(
        f"""
        SELECT id, digest, media_type, size, artifact_type, annotations, upto <= %(bytes)s OR place = 1 FROM (
          SELECT a.id, a.digest, a.media_type, octet_length(a.payload) AS size, a.artifact_type, a.annotations,
            row_number() OVER listed AS place, sum({_REFERRER_BYTES}) OVER listed AS upto, {_REFERRER_BYTES} AS own
          FROM repository r JOIN artifact a ON a.repository_id = r.id
          WHERE {CURRENT} AND a.subject_digest = %(subject)s AND a.id > %(after)s
            AND (%(type)s::text IS NULL OR a.artifact_type = %(type)s::text)
          WINDOW listed AS (ORDER BY a.id ROWS UNBOUNDED PRECEDING) ORDER BY a.id LIMIT %(limit)s
        ) entry WHERE upto - own <= %(bytes)s OR place <= 2 ORDER BY id
        """,
        target.key
        | {
            "subject": subject.raw,
            "type": artifact_type,
            "after": page.after,
            "limit": page.limit + 1,
            "bytes": page.size,
        },
    )
    shown = [row for row in found[: page.limit] if row[-1]]
    entries = [Referrer(row[0], Digest.from_bytes(bytes(row[1])), *row[2:-1]) for row in shown]
    return entries, len(shown) < len(found)


def catalog_page(actor: Principal, *, last: str, limit: int) -> list[str]:
    """Up to `limit` names after `last` of the repositories the actor may pull by the roles of this moment, in byte order."""
    found = sql.rows(
        f"""
        SELECT r.name FROM repository r JOIN project p ON p.id = r.project_id
        WHERE r.deleted_at IS NULL AND r.visible_at IS NOT NULL AND p.deleted_at IS NULL AND r.name > %(last)s
          AND {REPOSITORY_CONDITION}
        ORDER BY r.name LIMIT %(limit)s
        """,
        reach(actor, P.REPOSITORY_PULL).parameters | {"last": last, "limit": limit},
    )
    return [name for (name,) in found]
