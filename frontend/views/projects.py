"""All projects somebody may see, and a new one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from access.check import require, system_permissions_of
from access.principal import ActorKind, Principal
from access.table import P
from accounts import browser
from core.errors import AlreadyExists, ProjectUnknown, Unauthenticated
from frontend import destinations
from frontend.answers import is_fragment, see_other
from frontend.components.pins import pin_button
from frontend.done import see_done
from frontend.forms.projects import UNITS, NewProject
from frontend.lists import exports
from frontend.lists import projects as lists
from frontend.lists.answers import answer
from frontend.lists.shown import Shown, shown
from frontend.methods import FORM, READ, takes
from frontend.places import address
from frontend.shell import Place, page
from projects import shelves
from projects.queries import project_by_name, ref
from projects.services import pins
from projects.services.projects import create_project

HERE = Place("projects")
TAKEN: Final = gettext_noop("There is a project of that name already.")


@dataclass(frozen=True, slots=True)
class Projects:
    list: Shown
    new: str


@dataclass(frozen=True, slots=True)
class New:
    """`sets_quota`: for who may give one of his own choosing."""

    form: NewProject
    sets_quota: bool
    above: tuple[tuple[str, str], ...]
    units: tuple[str, ...] = tuple(UNITS)


@READ
def show(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    actor = browser.actor_of(request)
    may_create = P.PROJECT_CREATE in system_permissions_of(actor)
    spec = lists.spec(actor, may_create=may_create)
    rows, described = shelves.rows(actor), partial(shelves.described, actor)
    if exports.is_asked(request):
        return exports.answer(request, spec, rows, described=described)
    list_ = shown(request, spec, rows, described=described)
    context = Projects(list_, address("project_new") if may_create else "")
    return answer(request, "frontend/projects/projects.html", context, list_, at=HERE)


@takes("POST")
def pin(request: HttpRequest) -> HttpResponse:
    """Keep a project at hand, or no longer; then back to the page, or for a script the button as it is now."""
    actor, name = browser.actor_of(request), request.POST.get("pin", "")
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated("sign in to pin projects")
    here = ref(project_by_name(actor, name or request.POST.get("unpin", "")))
    act = pins.pin if name else pins.unpin
    act(actor, here)
    if is_fragment(request):
        return HttpResponse(pin_button(here.name, is_pinned=bool(name)))
    return see_other(destinations.own(request.POST.get("next", "")))


@FORM
def new(request: HttpRequest) -> HttpResponse:
    """The form, and what comes of it: the new project, or the form with what was wrong."""
    actor = browser.actor_of(request)
    require(actor, P.PROJECT_CREATE, None)
    if request.method != "POST":
        return _form(request, actor, NewProject())
    form = NewProject.of(request.POST)
    if not form.mistakes:
        try:
            project = create_project(actor, form.name, public=form.public, quota=form.quota)
        except AlreadyExists:
            form.mistakes["name"] = _(TAKEN)
        else:
            return see_done(address("project", project=project.name), "project")
    return _form(request, actor, form, status=422)


@READ
def name(request: HttpRequest) -> HttpResponse:
    """What is wrong with the name as far as it is typed. Of a project that is hidden only who sends the form learns."""
    actor, form = browser.actor_of(request), NewProject.of(request.GET)
    require(actor, P.PROJECT_CREATE, None)
    mistake = form.mistakes.get("name", "") if form.name else ""
    if form.name and not mistake and _is_seen(actor, form.name):
        mistake = _(TAKEN)
    return render(request, "frontend/projects/name.html", {"mistake": mistake})


def _is_seen(actor: Principal, project: str) -> bool:
    try:
        project_by_name(actor, project)
    except ProjectUnknown:
        return False
    return True


def _form(request: HttpRequest, actor: Principal, form: NewProject, status: int = 200) -> HttpResponse:
    sets_quota = P.QUOTA_UPDATE in system_permissions_of(actor)
    context = New(form, sets_quota, ((_("Projects"), address("projects")),))
    return page(request, "frontend/projects/new.html", context, at=HERE, status=status)
