"""One artifact as its page shows it: what a tag or a digest names, its parts by platform, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from artifacts import immutability, tags
from artifacts.models import Artifact
from artifacts.places import Located
from core.oci.artifact_type import artifact_type
from core.oci.digest import Digest
from core.oci.reference import Reference, Tag
from database import sql
from database.arrays import array

SHOWN_ALIASES: Final = 8
MOST_PARTS: Final = 200

_BY_TAG: Final = """a.id = (SELECT named.artifact_id FROM tag named
    WHERE named.repository_id = %(repository)s::bigint AND named.name = %(tag)s::text)"""
_BY_DIGEST: Final = "a.digest = %(digest)s::bytea"
_REFERRERS: Final = """(SELECT count(*) FROM (SELECT FROM artifact_accessory said
        WHERE said.repository_id = {0}.repository_id AND said.subject_digest = {0}.digest LIMIT 1001) counted)"""
_LAYERS: Final = "(SELECT count(*) FROM artifact_layer l WHERE l.artifact_id = {}.id AND NOT l.is_empty)"
_WORN: Final = """ARRAY(SELECT label.{} FROM artifact_label worn JOIN label ON label.id = worn.label_id
        WHERE worn.artifact_id = a.id ORDER BY label.name, label.id)"""
_SHEET: Final = f"""
    SELECT a.id, a.digest, a.media_type, a.kind, a.artifact_type, a.config_type, a.pushed_at, a.pushed_by, a.total_size,
      a.os, a.architecture, a.variant, a.built_at, a.subject_digest,
      used.last_pull_at, t.pushed_at, t.pushed_by, t.immutable, coalesce({immutability.IS_FIXED}, false),
      ARRAY(SELECT other.name FROM tag other WHERE other.artifact_id = a.id AND other.id IS DISTINCT FROM t.id
        ORDER BY other.version_key DESC, other.id LIMIT {SHOWN_ALIASES}),
      {_WORN.format("id")}, {_WORN.format("name")}, {_WORN.format("color")}, {_LAYERS.format("a")},
      {_REFERRERS.format("a")},
      EXISTS (SELECT FROM artifact_accessory said WHERE said.repository_id = a.repository_id
        AND said.subject_digest = a.digest AND said.kind IN ('signature.cosign', 'signature.notation')),
      ARRAY(SELECT parent.digest FROM artifact_child part JOIN artifact parent ON parent.id = part.parent_id
        WHERE part.child_id = a.id ORDER BY parent.pushed_at DESC, parent.id LIMIT 3)
    FROM artifact a LEFT JOIN artifact_usage used ON used.artifact_id = a.id
    LEFT JOIN tag t ON t.repository_id = a.repository_id AND t.name = %(tag)s::text
    WHERE a.repository_id = %(repository)s::bigint AND {{which}}
"""
_PARTS: Final = f"""
    SELECT part.child_digest, part.os, part.architecture, part.variant, child.id, child.total_size, child.built_at,
      coalesce(child.media_type, ''), coalesce(child.config_type, ''), {_LAYERS.format("child")},
      {_REFERRERS.format("child")}
    FROM artifact_child part LEFT JOIN artifact child ON child.id = part.child_id
    WHERE part.parent_id = %s ORDER BY part.os, part.architecture, part.variant, part.child_digest LIMIT {MOST_PARTS}
"""
# Blobs that nothing else in the project needs: no other artifact of the repository, no other repository.
_UNIQUE: Final = """
    WITH mine AS MATERIALIZED (
      SELECT DISTINCT used.blob_id FROM artifact_blob used WHERE used.artifact_id = ANY(%(ids)s::bigint[]))
    SELECT coalesce(sum(b.size), 0)::bigint FROM mine JOIN blob b ON b.id = mine.blob_id
    WHERE NOT EXISTS (SELECT FROM artifact_blob kept WHERE kept.repository_id = %(repository)s::bigint
        AND kept.blob_id = b.id AND kept.artifact_id <> ALL(%(ids)s::bigint[]))
      AND NOT EXISTS (SELECT FROM project_blob held WHERE held.project_id = %(project)s::bigint AND held.blob_id = b.id
        AND held.n_links > 1)
"""


@dataclass(frozen=True, slots=True)
class Named:
    """The tag that was asked for. `immutable`: made so by hand; `fixed`: by hand or by a rule."""

    name: str
    pushed_at: datetime
    pushed_by: str
    immutable: bool
    fixed: bool


@dataclass(frozen=True, slots=True)
class Content:
    """An image or another artifact with layers: a part of an index, or the artifact itself.

    `platform`: "linux/arm64", "" where it has none; `artifact_id`: None while the part is not there, and then `size` (bytes)
    is not known either; `layers`: how many that are not empty; `type`: the word of core.oci.artifact_type;
    `referrers`: of the part alone.
    """

    artifact_id: int | None
    digest: Digest
    platform: str
    size: int | None
    built_at: datetime | None
    type: str
    layers: int
    referrers: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """An artifact for who may look at its repository. Sizes in bytes: `unique`, what nothing else in the project needs.

    `tag`: None where it was asked for by digest; `aliases`: its other tags, newest version first, the first SHOWN_ALIASES;
    `labels`: id, name and colour; `referrers`: up to 1,000 and one more; `parents`: indexes it is a part of;
    `contents`: of an index its parts, else the artifact itself alone.
    """

    id: int
    digest: Digest
    media_type: str
    artifact_type: str
    is_index: bool
    type: str
    pushed_at: datetime
    pushed_by: str
    size: int
    unique: int
    subject: Digest | None
    pulled_at: datetime | None
    tag: Named | None
    aliases: tuple[str, ...]
    labels: tuple[tuple[int, str, str], ...]
    referrers: int
    signed: bool
    parents: tuple[Digest, ...]
    contents: tuple[Content, ...]

    @property
    def label_marks(self) -> tuple[tuple[str, str], ...]:
        """Name and colour of each label."""
        return tuple((name, color) for _id, name, color in self.labels)

    @property
    def platforms(self) -> tuple[str, ...]:
        """Those somebody can choose between, each once: an attestation in an index is for none."""
        return tuple(dict.fromkeys(each.platform for each in self.contents if each.platform))

    def content(self, platform: str = "") -> Content | None:
        """What is for that platform; without one or for an unknown one, what most people run. None for an index of nothing."""
        found = [each for each in self.contents if each.platform] or list(self.contents)
        for wanted in (platform, "linux/amd64"):
            for each in found:
                if wanted and each.platform == wanted:
                    return each
        here = [each for each in found if each.artifact_id is not None]
        return next(iter(here or found), None)


def sheet(place: Located, reference: Reference) -> Sheet:
    """What a tag or digest names, for who may look at the repository (two queries, three for an index).

    Raises ManifestUnknown.
    """
    is_tag = isinstance(reference, Tag)
    values = {
        "repository": place.repository_id,
        "tag": str(reference) if is_tag else None,
        "digest": None if isinstance(reference, Tag) else reference.raw,
    }
    found = sql.row(_SHEET.format(which=_BY_TAG if is_tag else _BY_DIGEST), values)
    if found is None:
        raise tags.missing(place.target, str(reference))
    contents = _contents(found)
    ids = array(each for each in (found[0], *(part.artifact_id for part in contents)) if each is not None)
    unique = sql.value(
        _UNIQUE, {"repository": place.repository_id, "project": place.target.project.id, "ids": ids}
    )
    return _sheet(found, str(reference) if is_tag else "", contents, int(unique))


def _contents(found: sql.Row) -> tuple[Content, ...]:
    if found[3] == Artifact.Kind.INDEX:
        return tuple(_part(row) for row in sql.rows(_PARTS, [found[0]]))
    artifact_id, raw, media_type, _kind, _type, config_type = found[:6]
    size, platform, built_at, layers = found[8], found[9:12], found[12], found[23]
    digest, type_ = Digest.from_bytes(bytes(raw)), artifact_type(media_type, config_type)
    return (Content(artifact_id, digest, _platform(platform), size, built_at, type_, layers),)


def _part(row: sql.Row) -> Content:
    raw, *platform, artifact_id, size, built_at, media_type, config_type, layers, referrers = row
    type_ = artifact_type(media_type, config_type)
    return Content(
        artifact_id,
        Digest.from_bytes(bytes(raw)),
        _platform(platform),
        size,
        built_at,
        type_,
        layers,
        referrers,
    )


def _platform(words: Iterable[str]) -> str:
    named = "/".join(filter(None, words))
    return "" if named.startswith("unknown") else named


def _sheet(found: sql.Row, tag: str, contents: tuple[Content, ...], unique: int) -> Sheet:
    artifact_id, raw, media_type, kind, type_, config_type, pushed_at, pushed_by, size = found[:9]
    subject, pulled_at, *named = found[13:19]
    aliases, label_ids, label_names, colors, _layers, referrers, signed, parents = found[19:]
    return Sheet(
        id=artifact_id,
        digest=Digest.from_bytes(bytes(raw)),
        media_type=media_type,
        artifact_type=type_,
        is_index=kind == Artifact.Kind.INDEX,
        type=artifact_type(media_type, config_type),
        pushed_at=pushed_at,
        pushed_by=pushed_by,
        size=size,
        unique=unique,
        subject=None if subject is None else Digest.from_bytes(bytes(subject)),
        pulled_at=pulled_at,
        tag=Named(tag, *named) if tag and named[0] is not None else None,
        aliases=tuple(aliases),
        labels=tuple(zip(label_ids, label_names, colors, strict=True)),
        referrers=referrers,
        signed=signed,
        parents=tuple(Digest.from_bytes(bytes(each)) for each in parents),
        contents=contents,
    )
