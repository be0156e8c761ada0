"""Lists of repositories with the figures beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from access.check import require, unknown
from access.principal import Principal, ProjectRef
from access.reach import CONDITION, reach
from access.table import P
from artifacts.browsing.listed import COUNT
from artifacts.listings import visible_repositories
from artifacts.models import Repository, RepositoryStats
from core.oci.names import ProjectName
from database import sql
from database.arrays import array
from projects.queries import find_ref


@dataclass(frozen=True, slots=True)
class Figures:
    """`artifacts`: those that stand in lists. `changed_at`: the last push, or when the repository appeared."""

    artifacts: int
    pulls: int
    changed_at: datetime


_PAGE: Final = 100
_FIGURES = f"""
    SELECT repository.id, {COUNT}, coalesce(stats.pulls_total, 0),
      coalesce(stats.last_push_at, repository.visible_at, repository.created_at)
    FROM repository LEFT JOIN LATERAL (
      SELECT * FROM repository_stats counted WHERE counted.repository_id = repository.id OFFSET 0) stats ON true
    WHERE repository.id = ANY(%s::bigint[])
"""
# Their number, and the ids of their projects where they are few: to take all of them and sort them is then less work than to
# walk along the order of the list, which passes over everything / seen rows for each that stands on the page.
# OFFSET 0: the condition is looked at once for a project.
_SEEN = f"""
    SELECT seen, CASE WHEN seen * seen <= {_PAGE} * everything THEN coalesce(ids, '{{}}') END FROM (
      SELECT coalesce(sum(many) FILTER (WHERE is_seen), 0)::bigint AS seen, coalesce(sum(many), 0)::bigint AS everything,
        array_agg(id) FILTER (WHERE is_seen AND many > 0) AS ids
      FROM (
        SELECT p.id, contents.repository_count AS many, {CONDITION} AS is_seen FROM project p
        JOIN project_contents contents ON contents.project_id = p.id WHERE p.deleted_at IS NULL OFFSET 0) held) counted
"""
_OF_PROJECTS = """
    SELECT each.id FROM unnest(%s::bigint[]) AS project(id) CROSS JOIN LATERAL (
      SELECT repository.id FROM repository WHERE repository.project_id = project.id AND repository.deleted_at IS NULL
        AND repository.visible_at IS NOT NULL OFFSET 0) each
"""


def everywhere(actor: Principal) -> tuple[QuerySet[Repository], int]:
    """Every repository the actor may see, and how many these are, by what is counted beforehand (one query)."""
    rows, where = _sortable(visible_repositories(actor)), reach(actor, P.REPOSITORY_LIST)
    if where.is_partial:  # a key for some repositories of a project: nobody counts those
        return rows, rows.count()
    count, few = sql.one(_SEEN, where.parameters)
    return rows if few is None else rows.filter(_lies_in(few)), count


def in_project(actor: Principal, name: str) -> tuple[ProjectRef, QuerySet[Repository]]:
    """The project of that name, and those of its repositories the actor may see. Raises NameInvalid, ProjectUnknown, Denied."""
    project = find_ref(str(ProjectName.parse(name)))
    if project is None:
        raise unknown(name)
    require(actor, P.REPOSITORY_LIST, project)
    return project, _sortable(visible_repositories(actor).filter(project_id=project.id))


def total(actor: Principal, project: ProjectRef) -> int:
    """How many repositories `in_project` has, by what is counted beforehand (one query)."""
    if reach(actor, P.REPOSITORY_LIST).is_partial:
        return visible_repositories(actor).filter(project_id=project.id).count()
    held = "SELECT repository_count FROM project_contents WHERE project_id = %s"
    return int(sql.value(held, [project.id]) or 0)


def figures(repository_ids: Iterable[int]) -> dict[int, Figures]:
    """What stands beside these repositories, by id; one query."""
    found = sql.rows(_FIGURES, [array(repository_ids)])
    return {repository_id: Figures(*figures_) for repository_id, *figures_ in found}


def _lies_in(project_ids: list[int]) -> Func:
    """As `id = ANY(ARRAY(...))`: each row is found by its key, whatever the planner believes of how many there are."""
    ids = RawSQL(_OF_PROJECTS, (array(project_ids),))  # noqa: S611 - a constant
    return Func(
        F("pk"), ids, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", output_field=BooleanField()
    )


def _sortable(rows: QuerySet[Repository]) -> QuerySet[Repository]:
    """With what is sorted and filtered by beside the columns; it costs nothing where it is not asked for."""
    stats = RepositoryStats.objects.filter(repository=OuterRef("pk"))
    return rows.alias(
        pulls=Coalesce(Subquery(stats.values("pulls_total")), 0, output_field=BigIntegerField()),
        changed_at=Coalesce(
            Subquery(stats.values("last_push_at")),
            F("visible_at"),
            F("created_at"),
            output_field=DateTimeField(),
        ),
    )
