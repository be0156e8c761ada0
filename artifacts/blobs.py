"""Blobs of a repository beside their upload: mounted from elsewhere, kept alive by a client that relies on them, deleted."""

from __future__ import annotations

from access.check import require
from access.principal import Principal
from access.reach import CONDITION, reach
from access.table import P
from artifacts import links, read_only, repositories
from artifacts.queries import LinkedBlob
from artifacts.repositories import CURRENT, Target
from audit.actions import action
from core.errors import BlobReferenced, BlobUnknown, Denied, NotFound
from core.oci.digest import Digest
from database import sql
from database.transactions import retried

# Projects looked into for a blob whose source the client does not name.
MAX_HOMES = 10


def pin(blob: LinkedBlob) -> None:
    """A client was told that the blob is here and will reference it next: keep the link for a lease.

    No write when a manifest references the link or most of the lease is left. Raises BlobUnknown when the collector was faster.
    """
    if blob.is_safe:
        return
    written = sql.execute(
        """
        UPDATE repository_blob link SET pinned_until = now() + wharf_lease()
        WHERE repository_id = %(repository)s AND blob_id = %(blob)s AND pinned_until < now() + wharf_lease() / 2
          AND NOT EXISTS (SELECT FROM artifact_blob used
                          WHERE used.repository_id = link.repository_id AND used.blob_id = link.blob_id)
        """,
        {"repository": blob.repository_id, "blob": blob.blob_id},
    )
    still = "SELECT true FROM repository_blob WHERE repository_id = %s AND blob_id = %s"
    if not written and not sql.value(still, [blob.repository_id, blob.blob_id]):
        raise BlobUnknown(f"blob {blob.digest} is unknown", digest=str(blob.digest))


def mount(actor: Principal, target: Target, digest: Digest, *, source: Target | None) -> bool:
    """Link a blob that the actor may pull elsewhere; False when there is nothing to mount (the client then uploads).

    Without `source`, repositories of the same project and public ones are looked at. An unknown digest, a foreign or missing
    source and a source without right all look alike. Raises Denied (no push right on the target), QuotaExceeded.
    """
    require(actor, P.REPOSITORY_PUSH, target.project, repository=str(target.name))
    read_only.refuse()
    found = _anywhere(actor, target, digest) if source is None else _in(actor, source, digest)
    return found is not None and _mount(actor, target, digest, found=found)


def _in(actor: Principal, source: Target, digest: Digest) -> sql.Row | None:
    try:
        require(actor, P.REPOSITORY_PULL, source.project, repository=str(source.name))
    except (Denied, NotFound):
        return None
    return sql.row(
        f"""
        SELECT link.repository_id, b.id, b.size, r.project_id FROM repository r
        JOIN blob b ON b.digest = %(digest)s AND b.health = 'ok'
        JOIN repository_blob link ON link.repository_id = r.id AND link.blob_id = b.id
        WHERE {CURRENT}
        """,
        source.key | {"digest": digest.raw},
    )


def _anywhere(actor: Principal, target: Target, digest: Digest) -> sql.Row | None:
    """By live roles, because no token names these repositories.

    Links are looked at only in projects known to have some: the time of a refusal must not tell how often a blob is linked
    where the actor may not look.
    """
    homes = sql.rows(
        f"""
        SELECT b.id, p.id FROM blob b JOIN project_blob counted ON counted.blob_id = b.id
        JOIN project p ON p.id = counted.project_id
        WHERE b.digest = %(digest)s AND b.health = 'ok' AND p.deleted_at IS NULL
          AND (p.id = %(project)s OR p.public) AND {CONDITION}
        ORDER BY p.id <> %(project)s LIMIT {MAX_HOMES}
        """,
        reach(actor, P.REPOSITORY_PULL).parameters | {"digest": digest.raw, "project": target.project.id},
    )
    if not homes:
        return None
    return sql.row(
        """
        SELECT link.repository_id, b.id, b.size, r.project_id FROM repository r
        JOIN repository_blob link ON link.repository_id = r.id JOIN blob b ON b.id = link.blob_id
        WHERE r.project_id = ANY(%s::bigint[]) AND r.deleted_at IS NULL AND b.id = %s LIMIT 1
        """,
        [[project_id for _, project_id in homes], homes[0][0]],
    )


@retried
def _mount(actor: Principal, target: Target, digest: Digest, *, found: sql.Row) -> bool:
    source_id, blob_id, size, source_project = found
    repository_id = repositories.ensure(target)
    with action(
        actor, P.REPOSITORY_PUSH, target.project, name="blob.mount", repository=str(target.name)
    ) as draft:
        repositories.lock(repository_id, target)
        draft.resource("repository", repository_id, str(target.name))
        # Readers of this project's log may not know that other one: its ids tell them nothing.
        source = {"source_project": source_project, "source_repository": source_id}
        draft.after({"digest": str(digest), "size": size} | source)
        locked = "SELECT true FROM repository_blob WHERE repository_id = %s AND blob_id = %s FOR KEY SHARE"
        is_here = bool(sql.value(locked, [source_id, blob_id]))
        if is_here:
            links.link(actor, repository_id, target, blob_id=blob_id, size=size)
        if not is_here or source_project == target.project.id:
            draft.discard()  # inside one project a mount changes nobody's sight of anything
    return is_here


@retried
def delete(actor: Principal, target: Target, digest: Digest) -> None:
    """Unlink a blob from the repository. Raises BlobUnknown, BlobReferenced (by a manifest of the repository), Denied."""
    with action(
        actor, P.ARTIFACT_DELETE, target.project, name="blob.delete", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        found = sql.row(
            f"""
            SELECT r.id, link.blob_id FROM repository r JOIN blob b ON b.digest = %(digest)s
            JOIN repository_blob link ON link.repository_id = r.id AND link.blob_id = b.id
            WHERE {CURRENT} FOR UPDATE OF link
            """,
            target.key | {"digest": digest.raw},
        )
        if found is None:
            raise BlobUnknown(f"blob {digest} is unknown in {target.name}", digest=str(digest))
        repository_id, blob_id = found
        if sql.value(
            "SELECT true FROM artifact_blob WHERE repository_id = %s AND blob_id = %s LIMIT 1", found
        ):
            raise BlobReferenced(
                f"blob {digest} is referenced by a manifest of {target.name}: delete that first"
            )
        links.unlink([repository_id], [blob_id], target.project.id)
        draft.resource("repository", repository_id, str(target.name))
        draft.before({"digest": str(digest)})
