"""Deleting several repositories of a project: first what would go, then the deed."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.check import permissions_of, require
from access.principal import Principal, ProjectRef
from access.table import P
from accounts import browser
from artifacts import repositories as services
from artifacts.browsing import repository_removals
from artifacts.browsing.repository_removals import Leaving
from core.errors import RepositoryUnknown, TagImmutable
from frontend.done import see_done
from frontend.methods import FORM
from frontend.places import address, in_project
from frontend.shell import page
from projects.queries import project_by_name, ref

Crumbs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """`going`: what would be deleted; `staying`: what holds immutable tags. `mistake`: of what was typed, "" for none."""

    project: ProjectRef
    above: Crumbs
    going: tuple[Leaving, ...]
    staying: tuple[Leaving, ...]
    question: str
    effect: str
    staying_text: str
    size: int
    button: str
    back: str
    mistake: str


@FORM
def show(request: HttpRequest, project: str) -> HttpResponse:
    """What would go; with the project's name typed below it, it goes."""
    actor = browser.actor_of(request)
    here = ref(project_by_name(actor, project))
    require(actor, P.REPOSITORY_DELETE, here)
    sent = request.POST if request.method == "POST" else request.GET
    confirmed = request.POST.getlist("confirmed")
    found = repository_removals.removal(actor, here, confirmed or sent.getlist("selected"))
    if not confirmed:
        return _page(request, actor, here, found)
    if request.POST.get("typed", "").strip() != here.name:
        mistake = _("That is not the name of the project: nothing was deleted.")
        return _page(request, actor, here, found, mistake=mistake, status=422)
    gone = [_delete(actor, each) for each in found]
    return see_done(address("project_repos", project=here.name), "deleted" if all(gone) else "some-deleted")


def _delete(actor: Principal, leaving: Leaving) -> bool:
    """Whether it is gone. What has gone meanwhile, or has got a tag that must stay, is left as it is."""
    try:
        services.delete(actor, leaving.target)
    except (RepositoryUnknown, TagImmutable):
        return False
    return True


def _page(
    request: HttpRequest,
    actor: Principal,
    project: ProjectRef,
    found: tuple[Leaving, ...],
    *,
    mistake: str = "",
    status: int = 200,
) -> HttpResponse:
    going = tuple(each for each in found if not each.fixed)
    staying = tuple(each for each in found if each.fixed)
    back = address("project_repos", project=project.name)
    number = {"count": f"{len(going):,}"}
    context = RemovalPage(
        project=project,
        above=(
            (_("Projects"), address("projects")),
            (project.name, address("project", project=project.name)),
            (_("Repositories"), back),
        ),
        going=going,
        staying=staying,
        question=ngettext("Delete %(count)s repository?", "Delete %(count)s repositories?", len(going))
        % number,
        effect=_effect(going),
        staying_text=ngettext("%(count)s repository stays", "%(count)s repositories stay", len(staying))
        % {"count": len(staying)},
        size=sum(each.size for each in going),
        button=ngettext("Delete %(count)s repository", "Delete %(count)s repositories", len(going)) % number,
        back=back,
        mistake=mistake,
    )
    at = in_project("project_repos", project, permissions_of(actor, project))
    return page(request, "frontend/projects/remove_repositories.html", context, at=at, status=status)


def _effect(going: tuple[Leaving, ...]) -> str:
    tags, artifacts = sum(each.tags for each in going), sum(each.artifacts for each in going)
    tags_text = ngettext("%(count)s tag", "%(count)s tags", tags) % {"count": f"{tags:,}"}
    held = ngettext("%(count)s artifact", "%(count)s artifacts", artifacts) % {"count": f"{artifacts:,}"}
    return _("With them go %(tags)s and %(artifacts)s, at once and for good.") % {
        "tags": tags_text,
        "artifacts": held,
    }
