"""Where a page of a project or a repository is, for the sidebar: the sections its visitor may open."""

from __future__ import annotations

from typing import Final

from django.urls import NoReverseMatch, reverse

from access.principal import ProjectRef
from access.table import P, Permission, Permissions
from frontend.shell import Place, ProjectPlace

# The name of a section -> what opens it.
SECTIONS: Final[dict[str, Permission]] = {
    "project": P.PROJECT_READ,
    "project_repos": P.REPOSITORY_LIST,
}


def in_project(entry: str, project: ProjectRef, given: Permissions, repositories: int | None = None) -> Place:
    """`entry`: the section the page is in; `given`: what its visitor may do in the project; `repositories`: how many it has."""
    sections = frozenset(name for name, needed in SECTIONS.items() if needed in given)
    counts = {} if repositories is None else {"project_repos": repositories}
    return Place(entry, ProjectPlace(project.name, sections, counts))


def address(name: str, **values: str) -> str:
    """The path of a route, "" while there is none of that name."""
    try:
        return reverse(name, kwargs=values)
    except NoReverseMatch:
        return ""
