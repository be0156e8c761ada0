"""Two artifacts of a repository beside each other, for one platform: layers, configurations, sizes. No blob is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from artifacts.browsing import differences
from artifacts.browsing.differences import Difference, Setting, Step
from artifacts.models import Artifact
from artifacts.places import Located
from core.oci.digest import Digest
from core.oci.reference import Reference, Tag
from database import sql
from database.arrays import array

MOST_PARTS: Final = 200
MOST_STEPS: Final = 2_000
USUAL: Final = "linux/amd64"
_NAMED: Final = f"""
    SELECT wanted.side, a.id, a.digest, a.kind, a.os, a.architecture, a.variant, a.pushed_at, a.pushed_by, (
      SELECT json_agg(json_build_array(part.os, part.architecture, part.variant, part.child_id)) FROM (
        SELECT * FROM artifact_child part WHERE part.parent_id = a.id AND part.os NOT IN ('', 'unknown')
        ORDER BY part.os, part.architecture, part.variant, part.child_digest LIMIT {MOST_PARTS}) part)
    FROM unnest(%(sides)s::text[], %(tags)s::text[], %(digests)s::bytea[]) AS wanted (side, tag, digest)
    CROSS JOIN LATERAL (SELECT CASE WHEN wanted.tag <> ''
      THEN (SELECT t.artifact_id FROM tag t WHERE t.repository_id = %(repository)s::bigint AND t.name = wanted.tag)
      ELSE (SELECT a.id FROM artifact a WHERE a.repository_id = %(repository)s::bigint AND a.digest = wanted.digest) END AS id
      OFFSET 0) named
    JOIN artifact a ON a.id = named.id
"""
_CONTENTS: Final = (
    "SELECT id, digest, total_size, built_at, config FROM artifact WHERE id = ANY(%s::bigint[])"
)
_STEPS: Final = f"""
    SELECT step.artifact_id, step.position + 1, step.digest, step.size, step.command
    FROM unnest(%s::bigint[]) AS wanted (id) CROSS JOIN LATERAL (
      SELECT * FROM artifact_layer l WHERE l.artifact_id = wanted.id ORDER BY l.position LIMIT {MOST_STEPS}) step
    ORDER BY step.artifact_id, step.position
"""
_NEWEST: Final = "SELECT name FROM tag WHERE repository_id = %s ORDER BY pushed_at DESC, id LIMIT 50"


@dataclass(frozen=True, slots=True)
class Side:
    """What a tag or digest names. `parts`: by platform the id of what is for it, None while it is not there."""

    digest: Digest
    pushed_at: datetime
    pushed_by: str
    parts: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Content:
    """The artifact of a side that is compared. `size` in bytes."""

    digest: Digest
    size: int
    built_at: datetime | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`old` and `new` are None where the repository has no such thing, `was` and `now` where there is nothing for `platform`.

    `platforms`: those of either, `common`: those of both.
    """

    old: Side | None
    new: Side | None
    platform: str
    platforms: tuple[str, ...]
    common: tuple[str, ...]
    was: Content | None = None
    now: Content | None = None
    layers: tuple[Difference, ...] = ()
    settings: tuple[Setting, ...] = ()


def compare(place: Located, old: Reference, new: Reference, platform: str = "") -> Comparison:
    """For who may look at the repository (three queries). `platform`: "linux/arm64", "" for the one that most people run."""
    sides = _sides(place, {"old": old, "new": new})
    before, after = sides.get("old"), sides.get("new")
    ours, theirs = (tuple(side.parts) if side else () for side in (before, after))
    common = tuple(each for each in ours if each in theirs)
    every = tuple(dict.fromkeys((*ours, *theirs)))
    chosen = platform if platform in every else _usual(common or every)
    asked = Comparison(before, after, chosen, tuple(each for each in every if each), common)
    if before is None or after is None:
        return asked
    return _compared(asked, _part(before, chosen), _part(after, chosen))


def newest_tags(place: Located) -> list[str]:
    """Names to choose from (one query)."""
    return [name for (name,) in sql.rows(_NEWEST, [place.repository_id])]


def _sides(place: Located, wanted: Mapping[str, Reference]) -> dict[str, Side]:
    values = {
        "repository": place.repository_id,
        "sides": array(wanted),
        "tags": array(str(each) if isinstance(each, Tag) else "" for each in wanted.values()),
        "digests": array(b"" if isinstance(each, Tag) else each.raw for each in wanted.values()),
    }
    return {row[0]: _side(row[1:]) for row in sql.rows(_NAMED, values)}


def _side(row: sql.Row) -> Side:
    id_, raw, kind, *platform, at, by, parts = row
    listed: dict[str, int | None] = {}
    for *words, child in parts or ():
        listed.setdefault("/".join(filter(None, words)), child)
    if kind != Artifact.Kind.INDEX:
        listed = {"/".join(filter(None, platform)): id_}
    return Side(Digest.from_bytes(bytes(raw)), at, by, listed)


def _usual(platforms: Sequence[str]) -> str:
    return USUAL if USUAL in platforms else next(iter(platforms), "")


def _part(side: Side, platform: str) -> int | None:
    """What is for that platform; the only thing there is where nothing says what it is for."""
    if platform in side.parts:
        return side.parts[platform]
    return side.parts.get("") if len(side.parts) == 1 else None


def _compared(asked: Comparison, was: int | None, now: int | None) -> Comparison:
    ids = array(dict.fromkeys(each for each in (was, now) if each is not None))
    found = {row[0]: row[1:] for row in sql.rows(_CONTENTS, [ids])}
    steps: dict[int, list[Step]] = {}
    for id_, number, raw, size, command in sql.rows(_STEPS, [ids]):
        steps.setdefault(id_, []).append(
            Step(number, None if raw is None else Digest.from_bytes(bytes(raw)), size, command)
        )
    if was not in found or now not in found or was is None or now is None:
        return asked
    return Comparison(
        old=asked.old,
        new=asked.new,
        platform=asked.platform,
        platforms=asked.platforms,
        common=asked.common,
        was=_content(found[was]),
        now=_content(found[now]),
        layers=tuple(differences.layers(steps.get(was, ()), steps.get(now, ()))),
        settings=tuple(differences.settings(_document(found[was]), _document(found[now]))),
    )


def _content(row: sql.Row) -> Content:
    raw, size, built_at, _config = row
    return Content(Digest.from_bytes(bytes(raw)), size, built_at)


def _document(row: sql.Row) -> Mapping[str, Any]:
    """The configuration, nothing where it is no JSON object: artifacts have configurations of any form."""
    try:
        found = orjson.loads(bytes(row[-1] or b""))
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
