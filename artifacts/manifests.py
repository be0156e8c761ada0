"""Manifests: pushed with everything they reference locked, deleted with their tags (distribution specification §"Pushing
manifests"; order of locks: reliability design)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import facts, recording, references, repositories, tags
from artifacts.facts import Facts
from artifacts.repositories import CURRENT, Target
from artifacts.tags import NO_CONDITIONS, Conditions, TagChange
from audit.actions import action
from core.errors import ChildOfIndex, DigestMismatch
from core.failpoints import MANIFEST_AFTER_COMMIT, MANIFEST_BEFORE_COMMIT, fp
from core.oci.accessory import fallback_tag_subject
from core.oci.digest import Digest
from core.oci.manifest import Manifest
from core.oci.reference import Tag
from database import sql
from database.transactions import retried


@dataclass(frozen=True, slots=True)
class Push:
    """A manifest on its way in: `digest` is the one it is stored under, `tags` are set in the same transaction."""

    manifest: Manifest
    digest: Digest
    tags: Sequence[Tag] = field(default=())
    conditions: Conditions = NO_CONDITIONS

    @classmethod
    def of(
        cls, manifest: Manifest, reference: Tag | Digest, tags: Sequence[Tag], conditions: Conditions
    ) -> Push:
        """A push to a tag is stored under its sha256; one by digest must have exactly that digest (else DigestMismatch)."""
        if isinstance(reference, Tag):
            return cls(manifest, Digest.of(manifest.payload), (reference, *tags), conditions)
        actual = Digest.of(manifest.payload, reference.algorithm)
        if actual != reference:
            raise DigestMismatch(
                f"the manifest's digest is {actual}, not {reference}",
                expected=str(reference),
                actual=str(actual),
            )
        return cls(manifest, reference, tuple(tags), conditions)


def put(actor: Principal, target: Target, push: Push) -> None:
    """Store the manifest and set its tags, all or nothing; repeating it succeeds and changes nothing.

    Raises Denied, ProjectUnknown, ManifestBlobUnknown (one entry per missing digest), ManifestInvalid (a descriptor's size
    contradicts the blob), TagImmutable, PreconditionFailed.
    """
    require(actor, P.REPOSITORY_PUSH, target.project, repository=str(target.name))
    # Reading the config is blob I/O: it happens before the transaction, which then checks that the blob is really linked.
    found, known = facts.of(target, push.manifest)
    repository_id = repositories.ensure(target) if found is None else found
    _put(actor, target, push, repository_id=repository_id, known=known)
    fp(MANIFEST_AFTER_COMMIT)


@retried
def _put(actor: Principal, target: Target, push: Push, *, repository_id: int, known: Facts) -> None:
    with action(
        actor, P.REPOSITORY_PUSH, target.project, name="artifact.push", repository=str(target.name)
    ) as draft:
        held = references.lock(repository_id, target, push.manifest)
        made = recording.record(
            actor,
            repository_id,
            push.manifest,
            digest=push.digest,
            known=known,
            held=held,
            names=push.tags,
            conditions=push.conditions,
        )
        _note_fallback_subjects(made.artifact_id, repository_id, push.tags)
        if not made.is_new and all(change.old == change.new for change in made.changes):
            draft.discard()
        draft.resource("artifact", made.artifact_id, f"{target.name}@{push.digest}")
        draft.detail.update(_detail(push, made.changes))
        fp(MANIFEST_BEFORE_COMMIT)


def _detail(push: Push, changes: Sequence[TagChange]) -> dict[str, object]:
    manifest = push.manifest
    return {
        "digest": str(push.digest),
        "media_type": manifest.media_type,
        "size": len(manifest.payload),
        "subject": str(manifest.subject.digest) if manifest.subject else None,
        "tags": [change.as_detail() for change in changes],
    }


def _note_fallback_subjects(artifact_id: int, repository_id: int, names: Sequence[Tag]) -> None:
    """Clients that know no `subject` say it in the tag: sha256-<hex>.sig and its kin."""
    for tag in names:
        if (said := fallback_tag_subject(tag.value)) is not None:
            subject, kind = said
            facts.note_accessory(artifact_id, repository_id, subject, kind=kind)


@retried
def delete(actor: Principal, target: Target, digest: Digest) -> None:
    """Remove the manifest and all its tags at once; its referrers stay listed.

    Raises ManifestUnknown, RepositoryUnknown, ChildOfIndex (names the index), TagImmutable, Denied.
    """
    with action(
        actor, P.ARTIFACT_DELETE, target.project, name="artifact.delete", repository=str(target.name)
    ) as draft:
        artifact_id, repository_id = _lock(target, digest)
        _refuse_child(repository_id, digest)
        changes = _lock_tags(artifact_id, digest)
        remove([artifact_id])
        if changes:
            tags.record_deleted(actor, repository_id, changes)
        draft.resource("artifact", artifact_id, f"{target.name}@{digest}")
        draft.detail.update(digest=str(digest), tags=[change.name for change in changes])


def _lock(target: Target, digest: Digest) -> tuple[int, int]:
    found = sql.row(
        f"""
        SELECT a.id, r.id FROM repository r JOIN artifact a ON a.repository_id = r.id
        WHERE {CURRENT} AND a.digest = %(digest)s FOR UPDATE OF a
        """,
        target.key | {"digest": digest.raw},
    )
    if found is None:
        raise tags.missing(target, str(digest))
    return found[0], found[1]


def _refuse_child(repository_id: int, digest: Digest) -> None:
    parent = sql.value(
        """
        SELECT p.digest FROM artifact_child c JOIN artifact p ON p.id = c.parent_id
        WHERE c.repository_id = %s AND c.child_digest = %s LIMIT 1
        """,
        [repository_id, digest.raw],
    )
    if parent is not None:
        index = Digest.from_bytes(bytes(parent))
        raise ChildOfIndex(
            f"the manifest is part of the index {index}: delete the index first", index=str(index)
        )


def _lock_tags(artifact_id: int, digest: Digest) -> list[TagChange]:
    found = sql.rows(
        "SELECT name, immutable FROM tag WHERE artifact_id = %s ORDER BY name FOR UPDATE", [artifact_id]
    )
    refused = [name for name, immutable in found if immutable and fallback_tag_subject(name) is None]
    if refused:
        raise tags.immutable(refused)
    return [TagChange(name, digest, None) for name, _ in found]


def remove(artifact_ids: Sequence[int]) -> None:
    """Delete locked artifacts with their tags and references, set-based; triggers queue what that leaves unreferenced."""
    ids = [list(artifact_ids)]
    sql.execute("DELETE FROM tag WHERE artifact_id = ANY(%s::bigint[])", ids)
    sql.execute("DELETE FROM artifact_child WHERE parent_id = ANY(%s::bigint[])", ids)
    sql.execute("DELETE FROM artifact_blob WHERE artifact_id = ANY(%s::bigint[])", ids)
    sql.execute("DELETE FROM artifact WHERE id = ANY(%s::bigint[])", ids)
