"""Tags: set, moved and deleted under lock, with the immutability decision inside the upsert and every change on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from access.principal import Principal
from access.table import P
from artifacts import immutability, places, read_only, repositories
from artifacts.repositories import CURRENT, Target
from audit.actions import action
from core.errors import ManifestUnknown, PreconditionFailed, RepositoryUnknown, TagImmutable
from core.oci.accessory import fallback_tag_subject
from core.oci.digest import Digest
from core.oci.reference import Tag
from core.oci.version_key import version_key
from database import sql
from database.arrays import array
from database.transactions import RaceLost, retried


@dataclass(frozen=True, slots=True)
class Pointee:
    """An artifact that is there, with the facts the tag row repeats for lists."""

    artifact_id: int
    digest: Digest
    size: int
    platforms: tuple[str, ...]
    built_at: object | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """HTTP preconditions on the tag (RFC 9110 §13.1): it must not exist, or must point at one of these digests."""

    must_be_absent: bool = False
    must_match: tuple[str, ...] = ()

    def check(self, old: Digest | None) -> None:
        """Raises PreconditionFailed."""
        if self.must_be_absent and old is not None:
            raise PreconditionFailed("the tag exists already")
        if self.must_match and (old is None or str(old) not in self.must_match):
            raise PreconditionFailed("the tag does not point at the expected digest")


NO_CONDITIONS = Conditions()


@dataclass(frozen=True, slots=True)
class TagChange:
    """One tag before and after; None stands for "no such tag"."""

    name: str
    old: Digest | None
    new: Digest | None

    @property
    def before(self) -> str | None:
        """The digest it pointed at, as an audit event tells it."""
        return str(self.old) if self.old else None

    @property
    def after(self) -> str | None:
        return str(self.new) if self.new else None


# Parts of a statement that has a part `recorded`, the id of the artifact, whose row is locked first. Then the tags that exist
# are locked, and what they point at is looked up, before they are set: the history needs the old digest. One created since the
# statement began was not there to be locked: `is_certain` is false. The rules of immutable tags are read here, under the lock
# of the project that an earlier statement took: one that is written meanwhile waits for this transaction, or this one for it.
POINTED = f"""
    protecting AS MATERIALIZED ({immutability.PROTECTING}), wanted AS MATERIALIZED (
        SELECT * FROM unnest(%(names)s::text[], %(keys)s::text[]) AS wanted (name, version_key) ORDER BY name
    ), held AS MATERIALIZED (
        SELECT name, artifact_id FROM tag WHERE repository_id = %(repository)s::bigint AND name = ANY(%(names)s::text[])
        AND EXISTS (SELECT FROM recorded) ORDER BY name FOR UPDATE
    ), before AS MATERIALIZED (
        SELECT wanted.name, wanted.version_key, wharf_artifact_digest(held.artifact_id) AS digest
        FROM wanted LEFT JOIN held USING (name)
    ), written AS (
        INSERT INTO tag AS old (repository_id, name, version_key, artifact_id, pushed_by, size, platforms, built_at)
        SELECT %(repository)s::bigint, before.name, before.version_key, recorded.id, %(actor_name)s, %(size)s::bigint,
               %(platforms)s::text[], %(built_at)s::timestamptz
        FROM before, recorded ORDER BY before.name
        ON CONFLICT (repository_id, name) DO UPDATE SET artifact_id = EXCLUDED.artifact_id, pushed_at = now(),
          pushed_by = EXCLUDED.pushed_by, size = EXCLUDED.size, platforms = EXCLUDED.platforms, built_at = EXCLUDED.built_at
        WHERE old.artifact_id = EXCLUDED.artifact_id OR old.name = ANY(%(exempt)s::text[]) OR NOT (old.immutable OR EXISTS (
          SELECT FROM protecting WHERE (old.name ~ protecting.tags_expression) <> protecting.tags_excluded))
        RETURNING name, xmax = 0 AS is_new
    ), noted AS (
        INSERT INTO tag_event (repository_id, name, kind, old_digest, new_digest, size, actor_kind, actor_id, actor_name)
        SELECT %(repository)s::bigint, name,
               CASE WHEN %(restores)s::boolean THEN 'restore' WHEN digest IS NULL THEN 'create' ELSE 'move' END, digest,
               %(digest)s::bytea, %(size)s::bigint, %(actor_kind)s, %(actor_id)s::bigint, %(actor_name)s
        FROM written JOIN before USING (name) WHERE digest IS DISTINCT FROM %(digest)s::bytea
    ), pointed AS (
        SELECT name, digest, written.name IS NOT NULL AS is_written, written.is_new = (digest IS NULL) AS is_certain
        FROM before LEFT JOIN written USING (name)
    )"""


# `recorded` is an artifact that the transaction has locked.
_POINT = f"""
    WITH recorded AS (SELECT %(artifact)s::bigint AS id), {POINTED} SELECT pointed.* FROM pointed ORDER BY name
"""


def parameters(actor: Principal, names: Sequence[Tag], platforms: Sequence[str]) -> dict[str, object]:
    """Those of `POINTED` that are about tags.

    Tags of signatures are exempt from immutability: their clients rewrite them with each further signature.
    """
    wanted = sorted({tag.value for tag in names})
    return _author(actor) | {
        "names": array(wanted),
        "keys": array(version_key(name) for name in wanted),
        "exempt": array(name for name in wanted if fallback_tag_subject(name) is not None),
        "platforms": array(platforms),
    }


def pointed(rows: Sequence[sql.Row], new: Digest, conditions: Conditions) -> list[TagChange]:
    """What became of the tags, by the rows of `pointed`; also changes that change nothing.

    Immutability was decided on the row being overwritten, never from an earlier read. The caller's transaction rolls back:
    raises TagImmutable, PreconditionFailed, RaceLost.
    """
    refused = [name for name, _, is_written, _ in rows if not is_written]
    if refused:
        raise immutable(refused)
    if not all(is_certain for *_, is_certain in rows):
        raise RaceLost
    changes = [
        TagChange(name, None if digest is None else Digest.from_bytes(bytes(digest)), new)
        for name, digest, *_ in rows
    ]
    for change in changes:
        conditions.check(change.old)
    return changes


def _author(actor: Principal) -> dict[str, object]:
    return {"actor_kind": str(actor.kind), "actor_id": actor.id, "actor_name": actor.name}


def immutable(names: Sequence[str]) -> TagImmutable:
    """The refusal, naming the tags."""
    return TagImmutable(f"immutable tag, it cannot be moved or deleted: {', '.join(names)}", tags=list(names))


def record_deleted(actor: Principal, repository_id: int, changes: Sequence[TagChange]) -> None:
    """Append deletions to the tags' history, in the caller's transaction."""
    sql.execute(
        """
        INSERT INTO tag_event (repository_id, name, kind, old_digest, new_digest, actor_kind, actor_id, actor_name)
        SELECT %(repository)s::bigint, name, 'delete', old, NULL, %(actor_kind)s, %(actor_id)s::bigint, %(actor_name)s
        FROM unnest(%(names)s::text[], %(old)s::bytea[]) AS change (name, old)
        """,
        _author(actor)
        | {
            "repository": repository_id,
            "names": [change.name for change in changes],
            "old": [change.old.raw if change.old else None for change in changes],
        },
    )


@retried
def add(actor: Principal, target: Target, tag: Tag, *, reference: Tag | Digest) -> Digest:
    """Point `tag` at what `reference` names in the same repository; returns its digest.

    Raises ManifestUnknown, RepositoryUnknown, TagImmutable, Denied.
    """
    with action(actor, P.TAG_CREATE, target.project, name="tag.create", repository=str(target.name)) as draft:
        read_only.refuse()
        repository_id, pointee = pointee_of(target, reference)
        (change,) = point(actor, repository_id, [tag], pointee)
        draft.resource("tag", None, f"{target.name}:{tag.value}")
        draft.before({"digest": change.before})
        draft.after({"digest": change.after})
        if change.old == change.new:
            draft.discard()
    return pointee.digest


def point(
    actor: Principal, repository_id: int, names: Sequence[Tag], pointee: Pointee, *, restores: bool = False
) -> list[TagChange]:
    """Set the tags, in the caller's transaction, which holds the artifact locked. Raises TagImmutable, RaceLost."""
    params = parameters(actor, names, pointee.platforms) | {
        "repository": repository_id,
        "artifact": pointee.artifact_id,
        "digest": pointee.digest.raw,
        "size": pointee.size,
        "built_at": pointee.built_at,
        "restores": restores,
    }
    return pointed(sql.rows(_POINT, params), pointee.digest, NO_CONDITIONS)


def pointee_of(target: Target, reference: Tag | Digest) -> tuple[int, Pointee]:
    """(repository id, what the reference names), project and artifact locked before any tag is."""
    named = "SELECT t.artifact_id FROM tag t WHERE t.repository_id = r.id AND t.name = %(reference)s"
    which = f"a.id = ({named})" if isinstance(reference, Tag) else "a.digest = %(reference)s"
    found = sql.row(
        f"""
        SELECT r.id, a.id, a.digest, a.total_size, a.os, a.architecture, a.variant, a.built_at
        FROM repository r JOIN project p ON p.id = r.project_id JOIN artifact a ON a.repository_id = r.id
        WHERE {CURRENT} AND {which} FOR KEY SHARE OF p, a
        """,
        target.key | {"reference": reference.value if isinstance(reference, Tag) else reference.raw},
    )
    if found is None:
        raise missing(target, str(reference))
    repository_id, artifact_id, digest, size, *platform, built_at = found
    platforms = _platforms_of(artifact_id) or tuple(filter(None, ["/".join(filter(None, platform))]))
    return repository_id, Pointee(artifact_id, Digest.from_bytes(bytes(digest)), size, platforms, built_at)


def _platforms_of(index_id: int) -> tuple[str, ...]:
    children = sql.rows(
        "SELECT os, architecture, variant FROM artifact_child WHERE parent_id = %s AND os NOT IN ('', 'unknown')",
        [index_id],
    )
    return tuple(dict.fromkeys("/".join(filter(None, child)) for child in children))


_HELD = f"""
    SELECT a.digest, {immutability.IS_FIXED} FROM tag t JOIN artifact a ON a.id = t.artifact_id WHERE t.id = %(tag)s
"""


@retried
def delete(actor: Principal, target: Target, tag: Tag, *, of: Tag | Digest | None = None) -> None:
    """Remove the tag and nothing else; with `of` only where it points at what that names.

    Raises ManifestUnknown, RepositoryUnknown, TagImmutable, Denied.
    """
    with action(actor, P.TAG_DELETE, target.project, name="tag.delete", repository=str(target.name)) as draft:
        read_only.refuse()
        tag_id, repository_id, _ = _find(target, tag)
        digest, is_fixed = sql.one(_HELD, {"repository": repository_id, "tag": tag_id})
        if of is not None and bytes(digest) != places.digest_of(repository_id, of):
            raise ManifestUnknown(
                f"the tag {tag} does not point at {of} in {target.name}", reference=tag.value
            )
        if is_fixed and fallback_tag_subject(tag.value) is None:
            raise immutable([tag.value])
        sql.execute("DELETE FROM tag WHERE id = %s", [tag_id])
        change = TagChange(tag.value, Digest.from_bytes(bytes(digest)), None)
        record_deleted(actor, repository_id, [change])
        draft.resource("tag", tag_id, f"{target.name}:{tag.value}")
        draft.before({"digest": change.before})


@retried
def set_immutable(actor: Principal, target: Target, tag: Tag, *, immutable: bool) -> None:
    """Make a tag immutable or free it again. Raises ManifestUnknown, RepositoryUnknown, Denied."""
    with action(
        actor, P.IMMUTABLE_TAG_UPDATE, target.project, name="tag.update", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        tag_id, _repository_id, before = _find(target, tag)
        if before == immutable:
            draft.discard()
            return
        sql.execute("UPDATE tag SET immutable = %s WHERE id = %s", [immutable, tag_id])
        draft.resource("tag", tag_id, f"{target.name}:{tag.value}")
        draft.before({"immutable": before})
        draft.after({"immutable": immutable})


def _find(target: Target, tag: Tag) -> sql.Row:
    """(tag id, repository id, immutable) of a tag, locked with its project. Raises ManifestUnknown, RepositoryUnknown."""
    found = sql.row(
        f"""
        SELECT t.id, r.id, t.immutable FROM repository r JOIN project p ON p.id = r.project_id
        JOIN tag t ON t.repository_id = r.id WHERE {CURRENT} AND t.name = %(tag)s FOR KEY SHARE OF p FOR UPDATE OF t
        """,
        target.key | {"tag": tag.value},
    )
    if found is None:
        raise missing(target, tag.value)
    return found


def missing(target: Target, reference: str) -> ManifestUnknown | RepositoryUnknown:
    """Which of the two is unknown: the repository (it never had a manifest) or the reference in it."""
    visible = sql.value(
        f"SELECT true FROM repository r WHERE {CURRENT} AND r.visible_at IS NOT NULL", target.key
    )
    if not visible:
        return repositories.unknown(target)
    return ManifestUnknown(
        f"{reference} is unknown in {target.name}", name=str(target.name), reference=reference
    )
