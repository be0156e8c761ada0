"""Copies of artifacts between repositories: manifests and links, not a byte of a blob. One transaction, so that nothing of it
is seen before all of it is there, and the collector takes nothing away meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import copied_rows, links, places, read_only, repositories, tags
from artifacts.copied_rows import Copied
from artifacts.places import Located
from artifacts.repositories import Target
from artifacts.tags import TagChange
from audit.actions import action
from core.errors import InvalidInput
from core.oci.digest import Digest
from core.oci.reference import Reference, Tag
from database import sql
from database.arrays import array
from database.transactions import RaceLost, retried

# Of one copy: parts of an index and accessories of each, and tags.
MOST = 1000

_ROOT_BY_TAG = "SELECT artifact_id FROM tag WHERE repository_id = %s AND name = %s"
_ROOT_BY_DIGEST = "SELECT id FROM artifact WHERE repository_id = %s AND digest = %s"
# Parts of an index, and what says something of any of them, and of that.
_TREE = f"""
    WITH RECURSIVE tree AS (
      SELECT id, digest FROM artifact WHERE id = %(root)s::bigint
      UNION
      SELECT a.id, a.digest FROM tree CROSS JOIN LATERAL (
        SELECT part.child_id AS id FROM artifact_child part WHERE part.parent_id = tree.id
        UNION ALL
        SELECT said.artifact_id FROM artifact_accessory said
        WHERE said.repository_id = %(repository)s::bigint AND said.subject_digest = tree.digest
      ) below JOIN artifact a ON a.id = below.id
    )
    SELECT id FROM tree LIMIT {MOST + 1}
"""
# Of accessories those tags that clients find them by.
_TAGS = rf"""
    SELECT artifact_id, name FROM tag WHERE artifact_id = ANY(%(artifacts)s::bigint[]) AND (
      name ~ '^sha256-[a-f0-9]{{64}}(\.sig|\.att|\.sbom|)$'
      OR (artifact_id = %(root)s::bigint AND (%(name)s::text IS NULL OR name = %(name)s::text)))
    ORDER BY artifact_id, name LIMIT {MOST + 1}
"""


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied: the artifact's id, and what it was called."""

    place: Located
    reference: Reference
    root: int


def copy(actor: Principal, target: Target, *, source: str, reference: Reference) -> Digest:
    """Copy what `reference` names in the repository `source` (a full name), with its parts and accessories; returns its digest.

    A tag comes along as that tag, a digest with all the tags it has there; tags of signatures come in any case. What the
    target has already is left as it is. The actor needs the right to make artifacts in the target and to pull the source.

    Raises Denied, ProjectUnknown, RepositoryUnknown, ManifestUnknown, QuotaExceeded, TagImmutable, ManifestBlobUnknown
    (a blob is damaged, or the target's project wants indexes whole), InvalidInput (too much for one copy), NameInvalid.
    """
    require(actor, P.ARTIFACT_CREATE, target.project, repository=str(target.name))
    read_only.refuse()
    place = places.located(actor, source, P.REPOSITORY_PULL)
    _root(place, reference)
    return _copy(actor, target, place, reference, repository_id=repositories.ensure(target))


def _root(place: Located, reference: Reference) -> Source:
    if isinstance(reference, Tag):
        found = sql.value(_ROOT_BY_TAG, [place.repository_id, reference.value])
    else:
        found = sql.value(_ROOT_BY_DIGEST, [place.repository_id, reference.raw])
    if found is None:
        raise tags.missing(place.target, str(reference))
    return Source(place, reference, found)


@retried
def _copy(
    actor: Principal, target: Target, place: Located, reference: Reference, *, repository_id: int
) -> Digest:
    with action(
        actor, P.ARTIFACT_CREATE, target.project, name="artifact.copy", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        repositories.lock(repository_id, target)
        repositories.make_visible(repository_id)  # before its manifests, as a push does
        source = _root(place, reference)
        tree = _tree(source)
        linked = copied_rows.link(actor, repository_id, tree)
        copied = copied_rows.write(actor, repository_id, tree)
        changes = _point_all(actor, target, source, copied)
        links.count_all(target.project.id, linked)
        root = next(each for each in copied if each.source_id == source.root)
        draft.resource("artifact", root.id, f"{target.name}@{root.digest}")
        draft.before({"tags": [{"tag": change.name, "digest": change.before} for change in changes]})
        draft.after(_after(source, root, copied, changes))
        if not any(each.is_new for each in copied) and all(change.old == change.new for change in changes):
            draft.discard()
    return root.digest


def _tree(source: Source) -> list[int]:
    """Ids of the artifact, its parts and their accessories. Raises RaceLost when it was deleted since it was looked up."""
    found = sql.rows(_TREE, {"root": source.root, "repository": source.place.repository_id})
    if not found:
        raise RaceLost
    if len(found) > MOST:
        raise InvalidInput(
            f"the artifact has more than {MOST} parts and accessories: copy its parts one by one"
        )
    return sorted(artifact_id for (artifact_id,) in found)


def _point_all(actor: Principal, target: Target, source: Source, copied: Sequence[Copied]) -> list[TagChange]:
    """Set the tags that come along, each artifact's at once."""
    by_source = {each.source_id: each for each in copied}
    changes = []
    for source_id, names in _names(source, by_source).items():
        repository_id, pointee = tags.pointee_of(target, by_source[source_id].digest)
        changes += tags.point(actor, repository_id, names, pointee)
    return changes


def _names(source: Source, copied: Collection[int]) -> dict[int, list[Tag]]:
    """By the source's artifacts: the tags that come along."""
    asked = source.reference.value if isinstance(source.reference, Tag) else None
    found: dict[int, list[Tag]] = {}
    rows = sql.rows(_TAGS, {"artifacts": array(copied), "root": source.root, "name": asked})
    if len(rows) > MOST:
        raise InvalidInput(f"the artifact has more than {MOST} tags: name it by the one to copy")
    for artifact_id, name in rows:
        found.setdefault(artifact_id, []).append(Tag.parse(name))
    return found


def _after(
    source: Source, root: Copied, copied: Sequence[Copied], changes: Sequence[TagChange]
) -> dict[str, object]:
    return {
        # Readers of this project's log may not know the source: its ids tell them nothing.
        "source_project": source.place.target.project.id,
        "source_repository": source.place.repository_id,
        "digest": str(root.digest),
        "artifacts": sum(each.is_new for each in copied),
        "tags": [change.name for change in changes],
    }
