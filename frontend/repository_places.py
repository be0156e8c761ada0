"""The pages of a repository: their tabs, and the way to them."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.table import P, Permission
from artifacts.browsing.headers import Header
from frontend.components.navigation import Tab
from frontend.places import address, in_project
from frontend.shell import Place

Crumbs = tuple[tuple[str, str], ...]
# The name of a route that takes `repository` -> what its tab says, and what opens it. One that does not exist is left out.
TABS: Final[tuple[tuple[str, Promise, Permission], ...]] = (
    ("repository", gettext_lazy("Tags"), P.TAG_LIST),
    ("repository_artifacts", gettext_lazy("Artifacts"), P.ARTIFACT_LIST),
    ("repository_timeline", gettext_lazy("Timeline"), P.TAG_LIST),
    ("repository_usage", gettext_lazy("Usage"), P.REPOSITORY_READ),
    ("repository_about", gettext_lazy("About"), P.TAG_LIST),
)


def tabs(header: Header, current: str) -> tuple[Tab, ...]:
    """Those its reader may open; `current`: the name of the route."""
    counts = {"repository": header.tags}
    return tuple(
        Tab(str(label), path, name == current, counts.get(name))
        for name, label, needed in TABS
        if needed in header.given and (path := address(name, repository=header.name))
    )


def above(header: Header) -> Crumbs:
    """The way to the repository."""
    project = header.project.name
    return ((_("Projects"), address("projects")), (project, address("project", project=project)))


def below(header: Header) -> Crumbs:
    """The way to a page under the repository."""
    return (*above(header), (header.path, address("repository", repository=header.name)))


def at(header: Header) -> Place:
    """Where every page of a repository is."""
    return in_project("project_repos", header.project, header.given)
