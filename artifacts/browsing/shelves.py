"""Repositories of a project as rows of the list that people browse: filtered and sorted by the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import BooleanField, DateTimeField, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now

from access.check import require
from access.principal import Principal, ProjectRef
from access.reach import reach
from access.table import P
from artifacts.models import RepositoryStats
from artifacts.search import GRAM, grams
from database import sql
from database.arrays import array

NEVER: Final = "'epoch'::timestamptz"
"""As the indexes have it: what never happened sorts before all that did."""


@dataclass(frozen=True, slots=True)
class Row:
    """`path`: the name below the project's. `size` in bytes, each blob once, and `unique` that of blobs that no other one of
    the project has, as counted at night, None for what is newer; `pulls_lately`: of 30 days in BARS sums, the oldest first.
    """

    id: int
    name: str
    path: str
    description: str
    tags: int
    artifacts: int
    size: int
    unique: int | None
    pulls: int
    pulls_lately: tuple[int, ...]
    last_push_at: datetime | None
    last_push_by: str
    last_pull_at: datetime | None


# Ten bars of three days each.
BARS: Final = 10
_LATELY = f"""
    SELECT page.id, ARRAY(
      SELECT coalesce(used.pulls, 0)::bigint FROM generate_series(0, {BARS - 1}) each(bar)
      LEFT JOIN days used ON used.repository_id = page.id AND used.bar = each.bar ORDER BY each.bar)
    FROM unnest(%(ids)s::bigint[]) AS page(id)
"""
_DAYS = f"""
    WITH days AS MATERIALIZED (
      SELECT used.repository_id, {BARS - 1} - ((now() AT TIME ZONE 'UTC')::date - used.day) / 3 AS bar, sum(used.pulls) AS pulls
      FROM audit_usage used
      WHERE used.repository_id = ANY(%(ids)s::bigint[]) AND used.day > (now() AT TIME ZONE 'UTC')::date - 30 GROUP BY 1, 2)
    {_LATELY}
"""


def rows(actor: Principal, project: ProjectRef) -> QuerySet[Any]:
    """The project's repositories the actor may see. To be sorted by `name`, `tag_count`, `compressed_bytes`, `pulls_total`,
    `pushed` and `pulled`, these two the epoch for never: all have an index. Raises ProjectUnknown, Denied.
    """
    require(actor, P.REPOSITORY_LIST, project)
    never = RawSQL(NEVER, (), output_field=DateTimeField())  # noqa: S611 - a constant
    current = Q(
        project_id=project.id,
        repository__project_id=project.id,
        repository__deleted_at__isnull=True,
        repository__visible_at__isnull=False,
    )
    where = reach(actor, P.REPOSITORY_LIST)
    if where.is_partial:
        current &= Q(repository_id__in=where.repositories())
    return (
        RepositoryStats.objects.filter(current)
        .select_related("repository")
        .annotate(
            name=F("repository__name"),
            pushed=Coalesce("last_push_at", never),
            pulled=Coalesce("last_pull_at", never),
        )
    )


def described(page: Sequence[Any]) -> list[Row]:
    """The rows of a page with their pulls of 30 days (one query)."""
    lately: dict[int, tuple[int, ...]] = (
        dict(sql.rows(_DAYS, {"ids": array(each.pk for each in page)})) if page else {}
    )
    return [_row(each, lately.get(each.pk, ())) for each in page]


def named(repositories: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Those with `text` in the name; of fewer than three letters, those in whose name a component begins with it."""
    wanted = text.lower()
    looked_up = wanted if len(wanted) >= GRAM else f"/{wanted}"
    condition = "wharf_grams(repository.name) @> %s::text[] AND strpos('/' || repository.name, %s) > 0"
    found = RawSQL(condition, (array(grams(looked_up)), looked_up), output_field=BooleanField())  # noqa: S611 - a constant
    return repositories.filter(found)


def without_tags(repositories: QuerySet[Any]) -> QuerySet[Any]:
    return repositories.filter(tag_count=0)


def not_pulled_for(repositories: QuerySet[Any], days: int) -> QuerySet[Any]:
    """Those that nobody has pulled from for so long, or ever."""
    moment = RawSQL("now() - %s * interval '1 day'", (days,), output_field=DateTimeField())
    return repositories.filter(pulled__lt=moment)


def pushed_within(repositories: QuerySet[Any], days: int) -> QuerySet[Any]:
    moment = RawSQL("now() - %s * interval '1 day'", (days,), output_field=DateTimeField())
    return repositories.filter(pushed__gte=moment, pushed__lte=Now())


def _row(found: Any, lately: Sequence[int]) -> Row:
    name = found.repository.name
    return Row(
        id=found.pk,
        name=name,
        path=name.partition("/")[2],
        description=found.repository.description,
        tags=found.tag_count,
        artifacts=found.artifact_count,
        size=found.compressed_bytes,
        unique=found.unique_bytes,
        pulls=found.pulls_total,
        pulls_lately=tuple(lately),
        last_push_at=found.last_push_at,
        last_push_by=found.last_push_by,
        last_pull_at=found.last_pull_at,
    )
