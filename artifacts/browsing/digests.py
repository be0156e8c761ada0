"""Every artifact of a repository as a row, tagged or not: what it is, what keeps it, and since when no tag does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from artifacts.browsing.conditions import has_config, holds
from artifacts.models import Artifact
from artifacts.places import Located
from core.oci.artifact_type import artifact_type
from core.oci.digest import Digest
from core.oci.pasted import Digits
from database import sql
from database.arrays import array

SHOWN: Final = 5
"""So many tags and indexes of an artifact stand in its row."""
MOST_REFERRERS: Final = 1_000

_DIGEST: Final = re.compile(r"(?:(sha256|sha512):)?([0-9a-f]{1,128})", re.ASCII | re.IGNORECASE)
_SIZES: Final = {"sha256": 32, "sha512": 64}
# OFFSET 0: each artifact is asked by keys. As joins, all tags of all repositories might be read.
TAGGED: Final = "EXISTS (SELECT FROM tag WHERE tag.artifact_id = artifact.id OFFSET 0)"
PART: Final = """EXISTS (SELECT FROM artifact_child part
    WHERE part.repository_id = artifact.repository_id AND part.child_digest = artifact.digest OFFSET 0)"""
_SPEAKS: Final = "EXISTS (SELECT FROM artifact_accessory said WHERE said.artifact_id = artifact.id OFFSET 0)"
_SPEAKS_OF_SOMETHING: Final = """EXISTS (SELECT FROM artifact_accessory said JOIN artifact subject
    ON subject.repository_id = said.repository_id AND subject.digest = said.subject_digest
    WHERE said.artifact_id = artifact.id OFFSET 0)"""
_KEPT: Final = {
    "tagged": TAGGED,
    "untagged": f"NOT {TAGGED}",
    "part": PART,
    # What the collector may take once its time has come: as it asks itself.
    "nothing": f"(NOT {TAGGED} AND NOT {PART} AND NOT {_SPEAKS_OF_SOMETHING})",
}
_IMAGE, _CHART, _WASM = (has_config("artifact", word) for word in ("IMAGE", "CHART", "WASM"))
_TYPES: Final = {
    "IMAGE": f"(artifact.kind = 'image' AND {_IMAGE} AND NOT {_SPEAKS})",
    "INDEX": "(artifact.kind = 'index')",
    "CHART": f"({_CHART})",
    "WASM": f"({_WASM})",
    "REFERRER": _SPEAKS,
    "OTHER": f"(artifact.kind = 'image' AND NOT ({_IMAGE} OR {_CHART} OR {_WASM}) AND NOT {_SPEAKS})",
}
# When the last tag left it: what came after the event by which a name came to mean it. The newest hundred names are enough.
_LEFT: Final = """(
    SELECT max(gone.at) FROM (
      SELECT e.name, e.id FROM tag_event e WHERE e.repository_id = artifact.repository_id AND e.new_digest = artifact.digest
      ORDER BY e.id DESC LIMIT 100) came
    CROSS JOIN LATERAL (SELECT e.at FROM tag_event e WHERE e.repository_id = artifact.repository_id AND e.name = came.name
      AND e.id > came.id ORDER BY e.id LIMIT 1) gone)"""
_BESIDE: Final = f"""
    SELECT artifact.id, artifact.digest, artifact.kind, artifact.media_type, artifact.artifact_type, artifact.config_type,
      artifact.total_size, artifact.pushed_at, artifact.pushed_by, used.last_pull_at,
      CASE WHEN artifact.pinned_until > now() THEN artifact.pinned_until END,
      ARRAY(SELECT tag.name FROM tag WHERE tag.artifact_id = artifact.id ORDER BY tag.version_key DESC, tag.id
        LIMIT {SHOWN + 1}),
      CASE WHEN artifact.kind = 'index' THEN ARRAY(
        SELECT DISTINCT concat_ws('/', nullif(part.os, ''), nullif(part.architecture, ''), nullif(part.variant, ''))
        FROM artifact_child part WHERE part.parent_id = artifact.id AND part.os NOT IN ('', 'unknown') LIMIT 50)
      WHEN artifact.os <> '' THEN ARRAY[concat_ws('/', artifact.os, nullif(artifact.architecture, ''),
        nullif(artifact.variant, ''))] END,
      ARRAY(SELECT parent.digest FROM artifact_child part JOIN artifact parent ON parent.id = part.parent_id
        WHERE part.repository_id = artifact.repository_id AND part.child_digest = artifact.digest
        ORDER BY parent.pushed_at DESC, parent.id LIMIT {SHOWN + 1}),
      said.kind, said.subject_digest, coalesce(said.is_there, false),
      (SELECT count(*) FROM (SELECT FROM artifact_accessory about WHERE about.repository_id = artifact.repository_id
        AND about.subject_digest = artifact.digest LIMIT {MOST_REFERRERS + 1}) counted),
      CASE WHEN NOT {TAGGED} THEN {_LEFT} END
    FROM artifact LEFT JOIN artifact_usage used ON used.artifact_id = artifact.id
    LEFT JOIN LATERAL (SELECT about.kind, about.subject_digest, EXISTS (SELECT FROM artifact subject
        WHERE subject.repository_id = about.repository_id AND subject.digest = about.subject_digest) AS is_there
      FROM artifact_accessory about WHERE about.artifact_id = artifact.id ORDER BY 3 DESC, 2 LIMIT 1) said ON true
    WHERE artifact.id = ANY(%(ids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Row:
    """`type`: the word of core.oci.artifact_type; `calls_itself`: its media type, of what has no word; `size` in bytes.

    `tags` and `parents` (the indexes that list it): the first SHOWN and one more; `kind` and `subject`: what it says of what,
    "" and None for nothing; `has_subject`: that is there; `referrers`: up to MOST_REFERRERS and one more. `untagged_at`: when
    its last tag left it, None for one that has a tag or never had one; `kept_until`: before that nothing collects it, None
    once that has passed.
    """

    id: int
    digest: Digest
    type: str
    calls_itself: str
    is_index: bool
    size: int
    pushed_at: datetime
    pushed_by: str
    pulled_at: datetime | None
    kept_until: datetime | None
    tags: tuple[str, ...]
    platforms: tuple[str, ...]
    parents: tuple[Digest, ...]
    kind: str
    subject: Digest | None
    has_subject: bool
    referrers: int
    untagged_at: datetime | None

    @property
    def is_free(self) -> bool:
        """Nothing keeps it but its time."""
        return not (self.tags or self.parents or self.has_subject)


def rows(place: Located) -> QuerySet[Artifact]:
    """For who may list them. To be sorted by `pushed_at`, which has an index."""
    return Artifact.objects.filter(repository_id=place.repository_id).only("id", "pushed_at")


def described(_place: Located, page: Sequence[Any]) -> list[Row]:
    """The rows of a page with all they show (one query)."""
    if not page:
        return []
    found = {row[0]: _row(row) for row in sql.rows(_BESIDE, {"ids": array(each.pk for each in page)})}
    return [found[each.pk] for each in page if each.pk in found]


def beginning(artifacts: QuerySet[Artifact], text: str) -> QuerySet[Artifact]:
    """Those whose digest begins so, with "sha256:" before it or not."""
    found = _DIGEST.fullmatch(text.strip())
    if found is None:
        return artifacts.none()
    low, high = Digits(found[2].lower()).bounds
    left = artifacts.filter(digest__gte=low, digest__lte=high)
    size = _SIZES.get((found[1] or "").lower())
    return left.filter(holds(f"octet_length(artifact.digest) = {size}")) if size else left


def of_type(artifacts: QuerySet[Artifact], words: Sequence[str]) -> QuerySet[Artifact]:
    """Those that are any of these: keys of _TYPES."""
    return artifacts.filter(holds(f"({' OR '.join(_TYPES[word] for word in words)})"))


def kept_by(artifacts: QuerySet[Artifact], word: str) -> QuerySet[Artifact]:
    """ "tagged", "untagged", "part" of an index, or kept by "nothing"."""
    return artifacts.filter(holds(_KEPT[word]))


def _row(found: sql.Row) -> Row:
    (
        artifact_id,
        raw,
        kind,
        media_type,
        calls_itself,
        config_type,
        size,
        pushed_at,
        pushed_by,
        pulled_at,
        *rest,
    ) = found
    kept_until, tags, platforms, parents, said, subject, has_subject, referrers, untagged_at = rest
    return Row(
        id=artifact_id,
        digest=Digest.from_bytes(bytes(raw)),
        type=artifact_type(media_type, config_type),
        calls_itself=calls_itself or config_type or media_type,
        is_index=kind == Artifact.Kind.INDEX,
        size=size,
        pushed_at=pushed_at,
        pushed_by=pushed_by,
        pulled_at=pulled_at,
        kept_until=kept_until,
        tags=tuple(tags),
        platforms=tuple(platforms or ()),
        parents=tuple(Digest.from_bytes(bytes(each)) for each in parents),
        kind=said or "",
        subject=None if subject is None else Digest.from_bytes(bytes(subject)),
        has_subject=has_subject,
        referrers=referrers,
        untagged_at=untagged_at,
    )
