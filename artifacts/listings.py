"""What people browse: repositories and tags, limited to what the actor may see."""

from __future__ import annotations

import difflib

from django.db.models import BooleanField, OuterRef, Q, QuerySet, Subquery

from access.check import in_repositories, require
from access.principal import Principal
from access.reach import reach
from access.table import P
from artifacts.models import Repository, Tag
from artifacts.repositories import Target
from core.errors import RepositoryUnknown
from core.oci.names import RepositoryName
from projects.queries import project_as_typed, ref, visible_projects

SUGGESTED_FROM = 5000


def visible_repositories(actor: Principal, permission: P = P.REPOSITORY_LIST) -> QuerySet[Repository]:
    """The repositories in which the actor holds `permission`, by name; those without a first manifest do not exist yet."""
    return Repository.objects.filter(
        _is_seen(actor, permission), deleted_at__isnull=True, visible_at__isnull=False
    ).order_by("name")


def target_by_name(actor: Principal, name: str) -> Target:
    """The repository as services take it. Raises NameInvalid, ProjectUnknown, RepositoryUnknown (naming the nearest)."""
    parsed = RepositoryName.parse(name)
    project = project_as_typed(actor, parsed.project)
    here = visible_repositories(actor).filter(project=project)
    if not here.filter(name=str(parsed)).exists():
        close = difflib.get_close_matches(
            str(parsed), list(here.values_list("name", flat=True)[:SUGGESTED_FROM]), n=1
        )
        hint = f". Did you mean '{close[0]}'?" if close else ""
        raise RepositoryUnknown(f"no repository '{parsed}'{hint}", repository=str(parsed))
    return Target(parsed, ref(project))


def tags_of(actor: Principal, target: Target) -> QuerySet[Tag]:
    """The repository's tags, newest version first. Raises Denied, ProjectUnknown."""
    require(actor, P.TAG_LIST, target.project, repository=str(target.name))
    current = Tag.objects.filter(repository__name=str(target.name), repository__deleted_at__isnull=True)
    return current.select_related("artifact").order_by("-version_key", "id")


def _is_seen(actor: Principal, permission: P) -> Q | Subquery:
    if reach(actor, permission).is_partial:
        return in_repositories(actor, permission) & Q(project__deleted_at__isnull=True)
    projects = visible_projects(actor, permission).filter(pk=OuterRef("project_id")).order_by().values("pk")
    # IS TRUE: rows are walked in the order of the list, and each is asked for its project. As a join, all repositories would be
    # read and sorted for one page. The planner looks projects up by their key for few rows, and keeps a set of them for many.
    return Subquery(projects, output_field=BooleanField(), template="EXISTS (%(subquery)s) IS TRUE")
