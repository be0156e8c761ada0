"""Projects with the figures beside them: lists, one project's summary, and what there is in all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from access import held
from access.check import permissions_of, require, system_permissions_of, unknown
from access.models import Member
from access.principal import ActorKind, Principal
from access.table import P, Role
from core.errors import MemberUnknown
from database import sql
from projects.models import Project
from projects.queries import members_of, ref, visible_projects

_COUNTS = """
    SELECT coalesce(contents.repository_count, 0), quota.hard_limit, quota.used
    FROM project p LEFT JOIN project_contents contents ON contents.project_id = p.id
    LEFT JOIN quota ON quota.project_id = p.id WHERE p.id = %s
"""
_BY_ROLE = "SELECT role_id, count(*) FROM member WHERE project_id = %s GROUP BY role_id"
_ALL = """
    SELECT count(*), coalesce(sum(contents.repository_count), 0)::bigint, coalesce(sum(quota.used), 0)::bigint
    FROM project p LEFT JOIN project_contents contents ON contents.project_id = p.id
    LEFT JOIN quota ON quota.project_id = p.id WHERE p.deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Space:
    """In bytes; `hard` is -1 for no limit."""

    hard: int
    used: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`members`: how many rows of members have each role; None, as `space`, for who may not know."""

    repositories: int
    members: dict[Role, int] | None
    space: Space | None


@dataclass(frozen=True, slots=True)
class Seen:
    """Projects the caller may read, and their repositories."""

    public_projects: int
    private_projects: int
    public_repositories: int
    private_repositories: int


@dataclass(frozen=True, slots=True)
class Everything:
    """All there is. `used`: bytes, each blob once for each project it is in."""

    projects: int
    repositories: int
    used: int


def listed(actor: Principal) -> QuerySet[Project]:
    """Every project the actor may read, with its owner and `repositories`, the number of them."""
    return _with_figures(visible_projects(actor))


def with_figures(project: Project) -> Project:
    """The project as `listed` has it, for who may know of it already. Raises ProjectUnknown."""
    found = _with_figures(Project.objects.filter(pk=project.pk, deleted_at__isnull=True)).first()
    if found is None:
        raise unknown(project.name)
    return found


def roles_of(actor: Principal, project_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The roles the actor holds himself or by a group, by project; only where he holds one (one query for a user)."""
    return held.roles_in(project_ids, actor.id) if actor.kind is ActorKind.USER else {}


def summary(actor: Principal, project: Project) -> Summary:
    """Raises ProjectUnknown, Denied (three queries)."""
    place = ref(project)
    require(actor, P.PROJECT_READ, place)
    given = permissions_of(actor, place)
    row = sql.row(_COUNTS, (project.pk,))
    repositories, hard, used = row or (0, None, None)
    members = dict.fromkeys(Role, 0) if P.MEMBER_LIST in given else None
    if members is not None:
        members |= {Role(id_): count for id_, count in sql.rows(_BY_ROLE, (project.pk,)) if id_ in members}
    may_see_space = P.QUOTA_READ in given and hard is not None
    return Summary(repositories, members, Space(hard, used) if may_see_space else None)


def hindrance(actor: Principal, project: Project) -> str:
    """Why the project cannot be deleted, "" when it can. For who may delete it. Raises ProjectUnknown, Denied."""
    require(replace(actor, confirmed=True), P.PROJECT_DELETE, ref(project))  # to ask changes nothing
    row = sql.row(_COUNTS, (project.pk,))
    count = row[0] if row else 0
    if not count:
        return ""
    return f"the project holds {count} {'repository' if count == 1 else 'repositories'}: delete them first"


def member_of(actor: Principal, project: Project, member_id: int) -> Member:
    """A member of this project by the number of his membership. Raises MemberUnknown, ProjectUnknown, Denied."""
    require(actor, P.MEMBER_READ, ref(project))
    found = Member.objects.filter(project=project, pk=member_id).select_related("user", "group").first()
    if found is None:
        raise MemberUnknown(f"'{project.name}' has no member {member_id}", project=project.name)
    return found


def named_members(actor: Principal, project: Project) -> QuerySet[Member]:
    """As `members_of`, to be filtered by `entity_name`, that of the user or group, and `entity_type`, "u" or "g"."""
    return members_of(actor, project).alias(
        entity_name=Coalesce("user__username", "group__name"),
        entity_type=Case(When(user__isnull=False, then=Value("u")), default=Value("g")),
    )


def seen(actor: Principal) -> Seen:
    """What there is for this caller (one query)."""
    public, repositories = Q(public=True), "projectcontents__repository_count"
    found = (
        visible_projects(actor)
        .order_by()
        .aggregate(
            public_projects=Count("pk", filter=public),
            private_projects=Count("pk", filter=~public),
            public_repositories=Sum(repositories, filter=public, default=0),
            private_repositories=Sum(repositories, filter=~public, default=0),
        )
    )
    return Seen(**found)


def everything(actor: Principal) -> Everything | None:
    """What there is in all, for who may list all projects; None for others."""
    if P.PROJECT_LIST not in system_permissions_of(actor):
        return None
    return Everything(*sql.one(_ALL))


def _with_figures(rows: QuerySet[Project]) -> QuerySet[Project]:
    count = Coalesce(F("projectcontents__repository_count"), 0, output_field=IntegerField())
    return rows.select_related("owner").annotate(repositories=count)
