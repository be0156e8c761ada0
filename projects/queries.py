"""Reading projects: every list and every lookup is limited to what the actor may see."""

from __future__ import annotations

import difflib
from functools import reduce
from operator import or_

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from access.check import require, unknown, visible
from access.models import Member
from access.principal import Principal, ProjectRef
from access.table import P
from core.errors import ProjectUnknown
from core.oci.names import ProjectName
from database import sql
from projects.models import Project

SUGGESTED_FROM = 5000


def ref(project: Project) -> ProjectRef:
    """What decisions about rights need of the row."""
    return ProjectRef(project.pk, project.name, project.public)


def find_ref(name: str) -> ProjectRef | None:
    """The living project of that name, whoever asks (one query). For the token service and /v2, and paths of the REST API."""
    found = sql.row("SELECT id, name, public FROM project WHERE name = %s AND deleted_at IS NULL", (name,))
    return None if found is None else ProjectRef(*found)


def find_ref_by_id(project_id: int) -> ProjectRef | None:
    """As `find_ref`, by id: for paths of the REST API, which tell nobody the name."""
    found = sql.row(
        "SELECT id, name, public FROM project WHERE id = %s AND deleted_at IS NULL", (project_id,)
    )
    return None if found is None else ProjectRef(*found)


def visible_projects(actor: Principal, permission: P = P.PROJECT_READ) -> QuerySet[Project]:
    """The living projects in which the actor holds `permission`, by name; without their descriptions, which are long."""
    living = Project.objects.defer("description")
    return living.filter(visible(actor, permission), deleted_at__isnull=True).order_by("name")


def project_by_name(actor: Principal, name: str) -> Project:
    """Raises NameInvalid; ProjectUnknown alike for a project that does not exist and a hidden one."""
    parsed = str(ProjectName.parse(name))
    found = visible_projects(actor).filter(name=parsed).select_related("quota", "owner").first()
    if found is None:
        raise unknown(parsed)
    return found


def project_as_typed(actor: Principal, name: str) -> Project:
    """As `project_by_name`, for a name that somebody has typed: the error names the nearest project the actor may see."""
    try:
        return project_by_name(actor, name)
    except ProjectUnknown as error:
        names = visible_projects(actor).values_list("name", flat=True)[:SUGGESTED_FROM]
        if not (close := difflib.get_close_matches(name, list(names), n=1)):
            raise
        raise ProjectUnknown(f"{error.message}. Did you mean '{close[0]}'?", **error.detail) from None


def project_by_id(actor: Principal, project_id: int, *permissions: P) -> Project:
    """The project, for who may read it or holds one of `permissions` in it. Raises ProjectUnknown, which tells no name."""
    seen = _read_or(actor, *permissions)
    found = Project.objects.filter(seen, pk=project_id, deleted_at__isnull=True).first()
    if found is None:
        raise unknown(str(project_id))
    return found


def project_with(actor: Principal, name: str, *permissions: P) -> Project:
    """As `project_by_name`, also for a key that holds one of `permissions` in the project and may not read it."""
    parsed = str(ProjectName.parse(name))
    seen = _read_or(actor, *permissions)
    found = Project.objects.filter(seen, name=parsed, deleted_at__isnull=True).first()
    if found is None:
        raise unknown(parsed)
    return found


def members_of(actor: Principal, project: Project) -> QuerySet[Member]:
    """The project's members with their users and groups: users first, each kind by name. Raises Denied, ProjectUnknown."""
    require(actor, P.MEMBER_LIST, ref(project))
    rows = Member.objects.filter(project=project).select_related("user", "group")
    return rows.order_by(F("user__username").asc(nulls_last=True), Lower("group__name"))


def _read_or(actor: Principal, *permissions: P) -> Q:
    """The projects the actor may read, or holds one of `permissions` in. An empty filter takes all, and is lost in an `|`."""
    found = [visible(actor, each) for each in (P.PROJECT_READ, *permissions)]
    return reduce(or_, found) if all(found) else Q()
