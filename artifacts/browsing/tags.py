"""Tags of a repository as rows of the list that people browse: filtered and sorted by the database, each with what it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import DateTimeField, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from artifacts import immutability
from artifacts.browsing.conditions import has_config, holds
from artifacts.browsing.shelves import BARS, NEVER
from artifacts.models import Artifact, Tag
from artifacts.places import Located
from core.oci.artifact_type import artifact_type
from core.oci.digest import Digest
from database import sql
from database.arrays import array

SHOWN_ALIASES: Final = 5
MOST_NAMED: Final = 100
"""So many tags at once are asked for by their names."""
# OFFSET 0: asked for each tag by keys. As a join, all accessories of all repositories might be read.
SIGNED: Final = """EXISTS (
    SELECT FROM artifact_accessory said
    JOIN artifact a ON a.repository_id = said.repository_id AND a.digest = said.subject_digest
    WHERE a.id = tag.artifact_id AND said.kind IN ('signature.cosign', 'signature.notation') OFFSET 0)"""
# The names of an artifact are sorted once, however many of them are on the page.
_BESIDE: Final = f"""
    WITH named AS MATERIALIZED (
      SELECT held.artifact_id AS id, ARRAY(SELECT other.name FROM tag other WHERE other.artifact_id = held.artifact_id
        ORDER BY other.version_key DESC, other.id LIMIT {SHOWN_ALIASES + 1}) AS names
      FROM (SELECT DISTINCT t.artifact_id FROM tag t WHERE t.id = ANY(%(tags)s::bigint[])) held)
    SELECT t.id, a.digest, a.kind, a.media_type, a.config_type, {immutability.IS_FIXED},
      coalesce(t.built_at, (SELECT max(built.built_at) FROM artifact_child part JOIN artifact built ON built.id = part.child_id
        WHERE part.parent_id = a.id)),
      EXISTS (SELECT FROM artifact_accessory said WHERE said.repository_id = a.repository_id
        AND said.subject_digest = a.digest AND said.kind IN ('signature.cosign', 'signature.notation')),
      (SELECT named.names FROM named WHERE named.id = a.id),
      ARRAY(SELECT label.name FROM artifact_label worn JOIN label ON label.id = worn.label_id
        WHERE worn.artifact_id = a.id ORDER BY label.name, label.id),
      ARRAY(SELECT label.color FROM artifact_label worn JOIN label ON label.id = worn.label_id
        WHERE worn.artifact_id = a.id ORDER BY label.name, label.id),
      CASE WHEN t.pulls_30d > 0 THEN ARRAY(
        SELECT coalesce(sum(used.pulls), 0)::bigint FROM generate_series(0, {BARS - 1}) bar LEFT JOIN audit_usage used
          ON used.repository_id = t.repository_id AND used.tag = t.name
          AND used.day > (now() AT TIME ZONE 'UTC')::date - 30
          AND ({BARS - 1} - ((now() AT TIME ZONE 'UTC')::date - used.day) / 3) = bar
        GROUP BY bar ORDER BY bar) END
    FROM tag t JOIN artifact a ON a.id = t.artifact_id WHERE t.id = ANY(%(tags)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Row:
    """`fixed`: immutable, by hand (`by_hand`) or by a rule; `aliases`: other names of the same artifact, newest version first,
    the first SHOWN_ALIASES; `built_at`: of an index, when its last part was; `labels`: name and colour; `size` in bytes;
    `pulls_lately`: of 30 days in BARS sums, the oldest first.
    """

    id: int
    name: str
    digest: Digest
    type: str
    is_index: bool
    fixed: bool
    by_hand: bool
    signed: bool
    aliases: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    platforms: tuple[str, ...]
    size: int
    built_at: datetime | None
    pushed_at: datetime
    pushed_by: str
    last_pull_at: datetime | None
    pulls: int
    pulls_lately: tuple[int, ...]


def rows(place: Located) -> QuerySet[Any]:
    """The repository's tags, for who may list them. To be sorted by `version_key`, `name`, `pushed_at`, `size` and `pulled`,
    which is the epoch for never: all have an index.
    """
    never = RawSQL(NEVER, (), output_field=DateTimeField())  # noqa: S611 - a constant
    found = Tag.objects.filter(repository_id=place.repository_id)
    return found.annotate(pulled=Coalesce("last_pull_at", never))


def described(place: Located, page: Sequence[Any]) -> list[Row]:
    """The rows of a page with all they show (one query)."""
    if not page:
        return []
    values = {"tags": array(each.pk for each in page), "repository": place.repository_id}
    beside = {found[0]: found for found in sql.rows(_BESIDE, values)}
    # A tag that was deleted between the two statements is not shown.
    return [_row(each, beside[each.pk]) for each in page if each.pk in beside]


def named(tags: QuerySet[Any], names: Sequence[str]) -> QuerySet[Any]:
    """Those of the first MOST_NAMED names that are there."""
    # What cannot be a name at all, PostgreSQL would not even read.
    return tags.filter(name__in=[name for name in names[:MOST_NAMED] if "\0" not in name])


def matching(tags: QuerySet[Any], pattern: str) -> QuerySet[Any]:
    """Those whose name begins with `pattern`; with a `*` in it, which stands for anything, those whose whole name is so."""
    beginning, star, rest = pattern.partition("*")
    if beginning:
        # A range rather than LIKE: a statement that is planned once for all values can use an index for it.
        tags = tags.filter(name__gte=beginning, name__lt=f"{beginning}\U0010ffff")
    if star and rest.strip("*"):
        tags = tags.filter(name__regex=_expression(pattern))
    return tags


def on_platforms(tags: QuerySet[Any], platforms: Sequence[str]) -> QuerySet[Any]:
    """Those for any of the platforms, "linux/arm64" with its variants."""
    condition = "EXISTS (SELECT FROM unnest(tag.platforms) AS each(name) WHERE each.name = ANY(%s::text[])"
    variants = " OR EXISTS (SELECT FROM unnest(%s::text[]) AS wanted(name) WHERE starts_with(each.name, wanted.name || '/')))"
    values = (array(platforms), array(platforms))
    return tags.filter(holds(condition + variants, *values))


def labelled(tags: QuerySet[Any], label_ids: Sequence[int]) -> QuerySet[Any]:
    """Those whose artifact wears any of the labels."""
    condition = (
        "EXISTS (SELECT FROM artifact_label worn WHERE worn.artifact_id = tag.artifact_id "
        "AND worn.label_id = ANY(%s::bigint[]) OFFSET 0)"
    )
    return tags.filter(holds(condition, array(label_ids)))


def signed(tags: QuerySet[Any], wanted: bool) -> QuerySet[Any]:
    return tags.filter(holds(SIGNED if wanted else f"NOT {SIGNED}"))


def immutable(tags: QuerySet[Any], place: Located, wanted: bool) -> QuerySet[Any]:
    """Those that are immutable by hand or by a rule, or those that are not."""
    fixed = immutability.IS_FIXED.replace("t.", "tag.").replace("%(repository)s", "%s")
    values = (place.repository_id,) * fixed.count("%s")
    return tags.filter(holds(fixed if wanted else f"NOT {fixed}", *values))


def of_type(tags: QuerySet[Any], word: str) -> QuerySet[Any]:
    """Those whose artifact is called that: "IMAGE", "CHART", "WASM"; "OTHER" for all the rest."""
    return tags.filter(holds(_TYPES[word]))


def pushed_within(tags: QuerySet[Any], days: int) -> QuerySet[Any]:
    return tags.filter(pushed_at__gte=_days_ago(days))


def not_pulled_for(tags: QuerySet[Any], days: int) -> QuerySet[Any]:
    """Those that nobody has pulled for so long, or ever."""
    return tags.filter(pulled__lt=_days_ago(days))


def _typed(*words: str) -> str:
    return f"EXISTS (SELECT FROM artifact a WHERE a.id = tag.artifact_id AND ({' OR '.join(words)}) OFFSET 0)"


_IMAGE = f"a.kind = 'index' OR {has_config('a', 'IMAGE')}"
_CHART, _WASM = has_config("a", "CHART"), has_config("a", "WASM")
_TYPES: Final = {
    "IMAGE": _typed(_IMAGE),
    "CHART": _typed(_CHART),
    "WASM": _typed(_WASM),
    "OTHER": f"NOT {_typed(_IMAGE, _CHART, _WASM)}",
}


def _days_ago(days: int) -> RawSQL:
    return RawSQL("now() - %s * interval '1 day'", (days,), output_field=DateTimeField())


def _expression(pattern: str) -> str:
    """The pattern as a regular expression of the whole name: of a tag's letters only "." means anything there."""
    return f"^{'.*'.join(re.escape(part) for part in pattern.split('*'))}$"


def _row(tag: Any, beside: sql.Row) -> Row:
    _, raw, kind, media_type, config_type, fixed, built_at, is_signed, names, labels, colors, lately = beside
    return Row(
        id=tag.pk,
        name=tag.name,
        digest=Digest.from_bytes(bytes(raw)),
        type=artifact_type(media_type, config_type),
        is_index=kind == Artifact.Kind.INDEX,
        fixed=fixed,
        by_hand=tag.immutable,
        signed=is_signed,
        aliases=tuple(name for name in names if name != tag.name)[:SHOWN_ALIASES],
        labels=tuple(zip(labels, colors, strict=True)),
        platforms=tuple(tag.platforms),
        size=tag.size,
        built_at=built_at,
        pushed_at=tag.pushed_at,
        pushed_by=tag.pushed_by,
        last_pull_at=tag.last_pull_at,
        pulls=tag.pulls_30d,
        pulls_lately=tuple(lately or ()),
    )
