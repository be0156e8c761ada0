"""One project: what it holds, and its repositories."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.check import permissions_of, unknown
from access.principal import Principal, ProjectRef
from access.table import P, Permissions
from accounts import browser
from artifacts.browsing import overview as figures
from artifacts.browsing import repositories, shelves
from artifacts.browsing.overview import Overview
from audit.reading import scope, search
from audit.reading.filter import Filter
from audit.streams import Stream
from core.oci.names import ProjectName
from frontend import overviews
from frontend.components.markdown import markdown
from frontend.hosts import address as host_of
from frontend.lists import exports
from frontend.lists import repositories as lists
from frontend.lists.answers import answer
from frontend.lists.counts import known
from frontend.lists.projects import role_names
from frontend.lists.shown import Shown, shown
from frontend.methods import READ
from frontend.overviews import Bar, Happened
from frontend.places import address, in_project
from frontend.shell import page
from projects.browsing import roles_of
from projects.queries import find_ref
from projects.tag_rules import rules_in_force

# Acts that are shown, and read: the parts of an image, each an act, are left out.
ACTIVITY, READ_FOR_IT = 8, 32


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """`activity`: None for who may not read the project's log. `rules`: what makes tags immutable. `written`: what the project
    is for; `edit`: where that is written, `repositories`: where they are, "" for who may not.
    `role`: the visitor's, in words, "" for none.
    """

    project: ProjectRef
    figures: Overview
    role: str
    above: tuple[tuple[str, str], ...]
    written: SafeString
    edit: str
    largest: tuple[Bar, ...]
    activity: tuple[Happened, ...] | None
    rules: tuple[SafeString, ...]
    push: str
    first_push: str
    repositories: str
    last_push_link: str
    pulls_lately: int
    pulls_text: str
    artifacts_text: str


@dataclass(frozen=True, slots=True)
class RepositoriesPage:
    project: ProjectRef
    list: Shown
    push: str
    above: tuple[tuple[str, str], ...]


@READ
def overview(request: HttpRequest, project: str) -> HttpResponse:
    """The figures, what takes the most room, and what happened last."""
    actor = browser.actor_of(request)
    here = _project(project)
    found = figures.overview(actor, here)
    push = _push(request, here.name, found.given)
    context = OverviewPage(
        project=here,
        figures=found,
        role=role_names(roles_of(actor, [here.id]).get(here.id, frozenset())),
        above=((_("Projects"), address("projects")),),
        written=markdown(found.description),
        edit=address("project_about_edit", project=here.name) if P.PROJECT_UPDATE in found.given else "",
        largest=overviews.bars([(each.name, each.path, each.size) for each in found.largest]),
        activity=_activity(actor, here, found.given),
        rules=overviews.sentences(rules_in_force(here.id)),
        push=push,
        first_push=_first_push(request, here.name) if push else "",
        repositories=address("project_repos", project=here.name) if P.REPOSITORY_LIST in found.given else "",
        last_push_link=address("repository", repository=found.last_push.name) if found.last_push else "",
        pulls_lately=sum(found.pulls_lately),
        pulls_text=overviews.pulls_text(found.pulls),
        artifacts_text=overviews.artifacts_text(found.artifacts),
    )
    at = in_project("project", here, found.given, found.repositories)
    return page(request, "frontend/projects/overview.html", context, at=at)


@READ
def repos(request: HttpRequest, project: str) -> HttpResponseBase:
    """The list of its repositories."""
    actor = browser.actor_of(request)
    here = _project(project)
    rows = shelves.rows(actor, here)
    given = permissions_of(actor, here)
    push = _push(request, here.name, given)
    spec = lists.spec(here, given, _first_push(request, here.name) if push else "")
    if exports.is_asked(request):
        return exports.answer(request, spec, rows, described=shelves.described)
    count = repositories.total(actor, here)
    list_ = shown(request, spec, rows, described=shelves.described, total=lambda: known(count))
    above = ((_("Projects"), address("projects")), (here.name, address("project", project=here.name)))
    context = RepositoriesPage(here, list_, push, above)
    return answer(
        request,
        "frontend/projects/repositories.html",
        context,
        list_,
        at=in_project("project_repos", here, given, count),
    )


def _project(name: str) -> ProjectRef:
    """Whoever asks: the reads that follow decide. Raises NameInvalid, ProjectUnknown."""
    parsed = str(ProjectName.parse(name))
    found = find_ref(parsed)
    if found is None:
        raise unknown(parsed)
    return found


def _push(request: HttpRequest, project: str, given: Permissions) -> str:
    """The command that puts something here, "" for who may not."""
    if P.REPOSITORY_PUSH not in given:
        return ""
    return f"docker push {host_of(request).host}/{project}/REPOSITORY:TAG"


def _first_push(request: HttpRequest, project: str) -> str:
    host = host_of(request).host
    return (
        f"docker login {host}\ndocker tag alpine {host}/{project}/alpine\ndocker push {host}/{project}/alpine"
    )


def _activity(actor: Principal, project: ProjectRef, given: Permissions) -> tuple[Happened, ...] | None:
    if P.LOG_LIST not in given:
        return None
    events = Filter(streams=frozenset({Stream.EVENTS}))
    found = search.search(scope.scope_of(actor, project), events, size=READ_FOR_IT)
    acts = overviews.happened(found.entries, project.name, ACTIVITY)
    return acts if P.REPOSITORY_LIST in given else tuple(replace(each, link="") for each in acts)
