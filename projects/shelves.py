"""Projects as rows of the lists that people browse: filtered and sorted by the database, each with what stands beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from access import held
from access.principal import ActorKind, Principal, ProjectRef
from access.table import Role
from database import sql
from database.arrays import array
from projects.browsing import roles_of
from projects.models import UNLIMITED, Project, ProjectPin
from projects.queries import visible_projects

_PINNED: Final = "SELECT project_id FROM project_pin WHERE user_id = %s AND project_id = ANY(%s::bigint[])"
FULL_PERCENT: Final = 80
"""A project that uses so much of its quota needs somebody's eye."""


@dataclass(frozen=True, slots=True)
class Row:
    """`roles`: what the reader is there, empty for none. `limit`: bytes, None for none. `pinned`: by the reader."""

    id: int
    name: str
    public: bool
    owner: str
    roles: tuple[Role, ...]
    repositories: int
    used: int
    limit: int | None
    pulls: int
    last_push_at: datetime | None
    created_at: datetime
    pinned: bool = False

    @property
    def ref(self) -> ProjectRef:
        return ProjectRef(self.id, self.name, self.public)


def rows(actor: Principal) -> QuerySet[Project]:
    """Every project the actor may read. To be sorted by `name`, `created_at`, `repositories`, `used`, `pulls` and `pushed`,
    which is the epoch where nothing was ever pushed: none of them is missing anywhere, and all have an index. `held`: the
    id of a project, of the table in which the figures stand.
    """
    never = RawSQL("'epoch'::timestamptz", (), output_field=DateTimeField())
    return (
        visible_projects(actor)
        .filter(projectcontents__isnull=False)
        .select_related("owner")
        .annotate(
            held=F("projectcontents__project_id"),
            repositories=F("projectcontents__repository_count"),
            used=F("projectcontents__used"),
            pulls=F("projectcontents__pulls_total"),
            last_push=F("projectcontents__last_push_at"),
            pushed=Coalesce("projectcontents__last_push_at", never),
            taken=Coalesce("quota__used", 0, output_field=BigIntegerField()),
            limit=F("quota__hard_limit"),
        )
    )


def described(actor: Principal, page: Sequence[Any]) -> list[Row]:
    """The rows of a page with the reader's roles and pins (two queries for a user)."""
    return with_pins(actor, page, pinned_by(actor, [each.pk for each in page]))


def with_pins(actor: Principal, page: Sequence[Any], pinned: Collection[int]) -> list[Row]:
    """The same where it is known which are pinned (one query for a user)."""
    roles = roles_of(actor, [each.pk for each in page])
    return [_row(each, roles.get(each.pk, frozenset()), pinned=each.pk in pinned) for each in page]


def pinned_by(actor: Principal, project_ids: Collection[int]) -> frozenset[int]:
    """Those of the projects that the actor has pinned (one query for a user)."""
    if actor.kind is not ActorKind.USER or not project_ids:
        return frozenset()
    return frozenset(found for (found,) in sql.rows(_PINNED, (actor.id, array(project_ids))))


def pinned(projects: QuerySet[Project], actor: Principal) -> QuerySet[Project]:
    """Those that the actor has pinned."""
    if actor.kind is not ActorKind.USER:
        return projects.none()
    return projects.filter(pk__in=ProjectPin.objects.filter(user_id=actor.id).values("project_id"))


def named(projects: QuerySet[Project], text: str) -> QuerySet[Project]:
    """Those with `text` in the name, whatever its case."""
    return projects.filter(name__contains=text.lower())


def with_roles(projects: QuerySet[Project], actor: Principal, roles: Iterable[Role]) -> QuerySet[Project]:
    """Those in which the actor himself has one of the roles, as a member or by a group."""
    if actor.kind is not ActorKind.USER:
        return projects.none()
    return projects.filter(pk__in=held.projects_with(actor.id, [int(role) for role in roles]))


def nearly_full(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Those that use FULL_PERCENT of their quota or more."""
    limited = Q(quota__hard_limit__gt=UNLIMITED)
    # Not in whole numbers: the largest quota times a percentage is more than a bigint holds.
    enough = ExpressionWrapper(F("quota__hard_limit") * Value(FULL_PERCENT / 100), FloatField())
    return projects.filter(limited, quota__used__gte=enough)


def _row(found: Any, role_ids: frozenset[int], *, pinned: bool) -> Row:
    return Row(
        id=found.pk,
        name=found.name,
        public=found.public,
        owner=found.owner.username if found.owner else "",
        roles=tuple(role for role in Role if role in role_ids),
        repositories=found.repositories,
        used=found.taken,
        limit=None if found.limit in (None, UNLIMITED) else found.limit,
        pulls=found.pulls,
        last_push_at=found.last_push,
        created_at=found.created_at,
        pinned=pinned,
    )
