"""Manifests: pushed with everything they reference locked, deleted with their tags (distribution specification §"Pushing
manifests"; order of locks: reliability design)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import facts, immutability, read_only, recording, references, repositories, tags
from artifacts.facts import Facts
from artifacts.repositories import CURRENT, Target
from artifacts.tags import NO_CONDITIONS, Conditions, TagChange
from audit.actions import action
from core.errors import ChildOfIndex, DigestMismatch, PreconditionFailed
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
    read_only.refuse()
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
        draft.detail.update(_facts(push.manifest))
        # Lists, not names as keys: a tag "token-2" is no secret.
        draft.before({"tags": [{"tag": change.name, "digest": change.before} for change in made.changes]})
        draft.after({"digest": str(push.digest), "tags": [change.name for change in made.changes]})
        fp(MANIFEST_BEFORE_COMMIT)


def _facts(manifest: Manifest) -> dict[str, object]:
    """What an event tells of the manifest, whatever tags it has."""
    return {
        "media_type": manifest.media_type,
        "size": len(manifest.payload),
        "subject": str(manifest.subject.digest) if manifest.subject else None,
    }


def _note_fallback_subjects(artifact_id: int, repository_id: int, names: Sequence[Tag]) -> None:
    """Clients that know no `subject` say it in the tag: sha256-<hex>.sig and its kin."""
    for tag in names:
        if (said := fallback_tag_subject(tag.value)) is not None:
            subject, kind = said
            facts.note_accessory(artifact_id, repository_id, subject, kind=kind)


@retried
def delete(
    actor: Principal, target: Target, reference: Tag | Digest, *, seen: datetime | None = None
) -> None:
    """Remove the manifest a digest or tag names and all its tags at once; its referrers stay listed.

    `seen`: when somebody looked at its tags: nobody deletes one that was set since. Raises ManifestUnknown, RepositoryUnknown,
    ChildOfIndex (names the index), TagImmutable, PreconditionFailed, Denied.
    """
    with action(
        actor, P.ARTIFACT_DELETE, target.project, name="artifact.delete", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        artifact_id, repository_id, digest = _lock(target, reference)
        _refuse_child(repository_id, digest)
        changes = _lock_tags(repository_id, artifact_id, digest)
        if seen is not None and sql.value(_SET_SINCE, (artifact_id, seen)):
            raise PreconditionFailed("a tag was set to it meanwhile: look again at what would go")
        remove([artifact_id])
        if changes:
            tags.record_deleted(actor, repository_id, changes)
        draft.resource("artifact", artifact_id, f"{target.name}@{digest}")
        draft.before({"digest": str(digest), "tags": [change.name for change in changes]})


def _lock(target: Target, reference: Tag | Digest) -> tuple[int, int, Digest]:
    named = "SELECT t.artifact_id FROM tag t WHERE t.repository_id = r.id AND t.name = %(reference)s"
    which = f"a.id = ({named})" if isinstance(reference, Tag) else "a.digest = %(reference)s"
    found = sql.row(
        f"""
        SELECT a.id, r.id, a.digest FROM repository r JOIN project p ON p.id = r.project_id
        JOIN artifact a ON a.repository_id = r.id
        WHERE {CURRENT} AND {which} FOR KEY SHARE OF p FOR UPDATE OF a
        """,
        target.key | {"reference": reference.value if isinstance(reference, Tag) else reference.raw},
    )
    if found is None:
        raise tags.missing(target, str(reference))
    return found[0], found[1], Digest.from_bytes(bytes(found[2]))


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


_TAGS = f"""
    WITH held AS MATERIALIZED (
        SELECT t.name, t.immutable FROM tag t WHERE t.artifact_id = %(artifact)s ORDER BY t.name FOR UPDATE OF t
    ), {immutability.FIXED_OF_HELD}
"""


_SET_SINCE: Final = "SELECT true FROM tag WHERE artifact_id = %s AND pushed_at > %s LIMIT 1"


def _lock_tags(repository_id: int, artifact_id: int, digest: Digest) -> list[TagChange]:
    found = sql.rows(_TAGS, {"artifact": artifact_id, "repository": repository_id})
    refused = [name for name, is_fixed in found if is_fixed and fallback_tag_subject(name) is None]
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
