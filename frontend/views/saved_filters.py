"""The filters somebody keeps for one kind of list: to open, to keep the present one, to delete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.principal import ActorKind, Principal
from accounts import browser
from accounts.services import saved_filters
from core.errors import Conflict, InvalidInput, Unauthenticated
from frontend import destinations
from frontend.answers import is_fragment, see_other, sentence
from frontend.lists.shown import link
from frontend.methods import FORM
from frontend.places import address
from frontend.shell import Place, page

LISTS: Final[dict[str, str | Promise]] = {
    "projects": _("Projects"),
    "repositories": _("Repositories"),
    "tags": _("Tags"),
    "jobs": _("Jobs"),
}
Refusal = InvalidInput | Conflict | None


@dataclass(frozen=True, slots=True)
class Kept:
    """`step`: the same link for a list on the page, which alone is exchanged."""

    id: int
    name: str
    link: str
    step: SafeString


@dataclass(frozen=True, slots=True)
class FiltersPage:
    """`at`: the list one comes from, `query`: how it is filtered now, "" for not at all; `mistake`: why what was typed is no
    name."""

    list_name: str
    title: str | Promise
    at: str
    back: str
    query: str
    kept: tuple[Kept, ...]
    typed: str = ""
    mistake: str = ""


@FORM
def show(request: HttpRequest) -> HttpResponse:
    """All of that kind of list, for a script that has the list the menu of them; what is sent keeps the present one or
    deletes one."""
    actor = browser.actor_of(request)
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated("sign in to keep filters")
    sent = request.POST if request.method == "POST" else request.GET
    name, at, query = sent.get("list", ""), destinations.own(sent.get("at", "")), sent.get("query", "")
    if name not in LISTS:
        raise InvalidInput("this is no list whose filters can be kept")
    if request.method == "POST":
        return _changed(request, name, at, query)
    if is_fragment(request):
        told = {"kept": tuple(_kept(actor, name, at)), "query": query, "whole": request.get_full_path()}
        return render(request, "frontend/lists/saved_menu.html", told)
    return _shown(request, name, at, query)


def _shown(request: HttpRequest, name: str, at: str, query: str, *, refusal: Refusal = None) -> HttpResponse:
    kept = tuple(_kept(browser.actor_of(request), name, at))
    context = FiltersPage(name, LISTS[name], at, f"{at}?{query}" if query else at, query, kept)
    if refusal is None:
        return page(request, "frontend/lists/saved.html", context, at=Place())
    context = replace(context, typed=request.POST.get("name", ""), mistake=sentence(refusal.message))
    status = 409 if isinstance(refusal, Conflict) else 400
    return page(request, "frontend/lists/saved.html", context, at=Place(), status=status)


def _kept(actor: Principal, name: str, at: str) -> Iterator[Kept]:
    for each in saved_filters.of(actor, name):
        address_of = f"{at}?{each.query}"
        yield Kept(each.pk, each.name, address_of, link(address_of))


def _changed(request: HttpRequest, name: str, at: str, query: str) -> HttpResponse:
    actor, number = browser.actor_of(request), request.POST.get("forget", "")
    if number:
        saved_filters.forget(actor, int(number) if number.isdecimal() and len(number) < 19 else 0)
    else:
        try:
            saved_filters.keep(actor, name, request.POST.get("name", ""), query)
        except (InvalidInput, Conflict) as refusal:
            return _shown(request, name, at, query, refusal=refusal)
    back = {"list": name, "at": at, "query": query}
    return see_other(f"{address('saved_filters')}?{urlencode(back)}")
