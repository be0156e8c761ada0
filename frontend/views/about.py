"""What a repository is, and what a project is for, in the words of who runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.check import permissions_of, require
from access.table import P
from accounts import browser
from artifacts import repositories as services
from artifacts.browsing import headers
from artifacts.browsing.headers import Header
from frontend.components.markdown import MOST, markdown
from frontend.components.navigation import Tab
from frontend.done import see_done
from frontend.forms.texts import Written
from frontend.methods import FORM, READ
from frontend.places import address, in_project
from frontend.repository_places import Crumbs, above, at, below
from frontend.repository_places import tabs as tabs_of
from frontend.shell import Place, page
from projects.models import MAX_DESCRIPTION
from projects.queries import project_by_name, ref
from projects.services.projects import Changes, change_project

EDIT: Final = "frontend/about/edit.html"


@dataclass(frozen=True, slots=True)
class AboutPage:
    """`edit`: where the text is written, "" for who may not."""

    header: Header
    above: Crumbs
    tabs: tuple[Tab, ...]
    written: SafeString
    edit: str


@dataclass(frozen=True, slots=True)
class EditPage:
    """`here`: the way to the form; `back`: to the page that shows the text; `shown`: the text as it would be, and `other`
    what somebody else has saved meanwhile, "" for none.
    """

    title: str | Promise
    label: str | Promise
    above: Crumbs
    here: str
    back: str
    form: Written
    shown: SafeString
    other: SafeString


@READ
def show(request: HttpRequest, repository: str) -> HttpResponse:
    """The README of a repository."""
    header = headers.header(browser.actor_of(request), repository)
    context = AboutPage(
        header,
        above(header),
        tabs_of(header, "repository_about"),
        markdown(header.description),
        address("repository_about_edit", repository=header.name)
        if P.REPOSITORY_UPDATE in header.given
        else "",
    )
    return page(request, "frontend/about/repository.html", context, at=at(header))


@FORM
def edit(request: HttpRequest, repository: str) -> HttpResponse:
    """Write the README, and look at it first."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.REPOSITORY_UPDATE)
    back = address("repository_about", repository=header.name)
    form = _form(request, header.description, MOST)
    if request.method == "POST" and form.may_be_saved:
        services.describe(actor, header.place.target, form.text)
        return see_done(back, "saved")
    way = (*below(header), (_("About"), back))
    words = (_("Edit the README"), "README")
    return _edited(request, form, now=header.description, words=words, way=way, place=at(header))


@FORM
def edit_project(request: HttpRequest, project: str) -> HttpResponse:
    """Write what a project is for, and look at it first."""
    actor = browser.actor_of(request)
    found = project_by_name(actor, project)
    here = ref(found)
    require(actor, P.PROJECT_UPDATE, here)
    back = address("project", project=here.name)
    form = _form(request, found.description, MAX_DESCRIPTION)
    if request.method == "POST" and form.may_be_saved:
        change_project(actor, found, Changes(description=form.text))
        return see_done(back, "saved")
    way = ((_("Projects"), address("projects")), (here.name, back))
    place = in_project("project", here, permissions_of(actor, here))
    words = (_("Edit the description"), gettext_lazy("Description"))
    return _edited(request, form, now=found.description, words=words, way=way, place=place)


def _form(request: HttpRequest, now: str, most: int) -> Written:
    return Written.of(request.POST, now, most) if request.method == "POST" else Written.begun(now)


def _edited(
    request: HttpRequest,
    form: Written,
    *,
    now: str,
    words: tuple[str | Promise, str | Promise],
    way: Crumbs,
    place: Place,
) -> HttpResponse:
    """The form; `words`: the title of the page, and the name of the text."""
    other = markdown(now) if form.clashes else SafeString("")
    shown = markdown(form.text) if request.method == "POST" else SafeString("")
    title, label = words
    context = EditPage(title, label, way, request.path, way[-1][1], form, shown, other)
    return page(request, EDIT, context, at=place, status=_status(form))


def _status(form: Written) -> int:
    if form.clashes:
        return 409
    return 422 if form.mistakes else 200
