"""The front page: what somebody works with, or for who is not signed in what everybody may pull."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise

from access.check import system_permissions_of
from access.principal import Principal
from access.table import P, Role
from accounts import browser
from core.errors import Unauthenticated
from frontend import panels
from frontend.answers import is_fragment, plain
from frontend.hosts import Address, address
from frontend.lists.projects import role_names
from frontend.methods import READ
from frontend.panels import Panel
from frontend.places import address as path_of
from frontend.shell import Place, page
from projects import mine
from projects.shelves import Row

PROJECTS: Final = 8
OFFICIAL: Final = "library"
PUSHERS: Final = {Role.PROJECT_ADMIN, Role.MAINTAINER, Role.DEVELOPER}


@dataclass(frozen=True, slots=True)
class Mine:
    """A project on the front page. `role`: in words, "" for none."""

    row: Row
    link: str
    role: str


@dataclass(frozen=True, slots=True)
class FrontPage:
    """`address`: as clients type it. `push` ("" for who may push nowhere), `pull`, `insecure`: what to copy. `projects`: the
    visitor's, or (`are_others`) any he may see where he has none. `strip`, `panels`, `beside`: where the rest comes from.
    """

    address: Address
    push: str
    pull: str
    insecure: str
    projects: tuple[Mine, ...]
    are_others: bool
    is_auditor: bool
    new_project: str
    strip: tuple[Panel, ...]
    panels: tuple[Panel, ...]
    beside: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class PanelPage:
    title: str | Promise
    panel: Panel
    rows: Sequence[Any]


@READ
def show(request: HttpRequest) -> HttpResponse:
    """200 with the page for a listed host, else 400 as plain text without the host."""
    try:
        here = address(request)
    except DisallowedHost:
        return plain("400 Bad Request: this address is not one of WHARF_EXTERNAL_URLS.", 400)
    session = browser.session_of(request)
    response = page(request, "frontend/home/home.html", _page(request, here), at=Place("home"))
    if session is None:
        response["Cache-Control"] = "no-cache"
    return response


@READ
def panel(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the front page, or a page with it alone."""
    if browser.session_of(request) is None:
        raise Unauthenticated("sign in to see this")
    actor = browser.actor_of(request)
    found = panels.by_name(name, actor)
    if found is None:
        raise Http404
    context = PanelPage(found.title, found, found.read(actor))
    if is_fragment(request):
        return render(request, "frontend/home/panel.html", {"panel": found, "rows": context.rows})
    return page(request, "frontend/home/alone.html", context, at=Place("home"))


def _page(request: HttpRequest, here: Address) -> FrontPage:
    actor = browser.actor_of(request)
    session = browser.session_of(request)
    shown_projects, are_others = _projects(actor, is_signed_in=session is not None)
    name = "" if session is None else f" -u {shlex.quote(session.principal.name)}"
    may_create = P.PROJECT_CREATE in system_permissions_of(actor)
    is_all = session is not None and (are_others or len(shown_projects) < PROJECTS)
    place = _pushed_to(shown_projects) or ("" if is_all and not may_create else OFFICIAL)
    image = f"{here.host}/{place or OFFICIAL}/alpine"
    shown = {each.name: each for each in panels.PANELS if session is not None and each.allowed(actor)}
    return FrontPage(
        address=here,
        push=place and f"docker login {here.host}{name}\ndocker tag alpine {image}\ndocker push {image}",
        pull=f"docker pull {image}",
        insecure=f'{{ "insecure-registries": ["{here.host}"] }}',
        projects=shown_projects,
        are_others=are_others,
        is_auditor=actor.is_auditor and not path_of("audit"),
        new_project=path_of("project_new") if may_create else "",
        strip=tuple(shown[each] for each in ("health",) if each in shown),
        panels=tuple(shown[each] for each in ("pushed",) if each in shown),
        beside=tuple(shown[each] for each in ("full", "failed") if each in shown),
    )


def _pushed_to(projects: Sequence[Mine]) -> str:
    """A project that he may push to, as far as its roles tell; "" for none."""
    return next((each.row.name for each in projects if PUSHERS & set(each.row.roles)), "")


def _projects(actor: Principal, *, is_signed_in: bool) -> tuple[tuple[Mine, ...], bool]:
    """Those in which he has a role, the last that was pushed to first; of who has none anywhere, the most pulled he may see."""
    own = mine.own(actor, most=PROJECTS) if is_signed_in else []
    return (_mine(own), False) if own else (_mine(mine.most_pulled(actor, most=PROJECTS)), True)


def _mine(rows: Sequence[Row]) -> tuple[Mine, ...]:
    return tuple(Mine(each, path_of("project", project=each.name), role_names(each.roles)) for each in rows)
