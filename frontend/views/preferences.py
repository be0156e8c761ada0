"""How pages look: the small forms of the top bar, and the page with every choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise

from accounts import browser
from accounts.preferences import CHOICES, NAMES, Preferences, time_zones
from accounts.services import own_account
from core import errors as e
from frontend import destinations, preferences
from frontend.answers import see_other
from frontend.done import done
from frontend.methods import FORM, READ, takes
from frontend.preference_words import Choice, choices_of
from frontend.shell import Place, page


@dataclass(frozen=True, slots=True)
class PreferencesPage:
    """`fields`: those with a few choices each. `next`: where to go afterwards."""

    fields: tuple[Choice, ...]
    chosen: Preferences
    zones: tuple[str, ...]
    next: str
    done: str | Promise = ""


@FORM
def show(request: HttpRequest) -> HttpResponse:
    """Every choice on one page, for who is signed in and for who is not."""
    if request.method == "POST":
        return _changed(request, NAMES)
    chosen = preferences.of(request)
    target = destinations.own(request.GET.get("next", f"{request.path}?done=saved"))
    fields = tuple(choices_of(name, chosen) for name in CHOICES)
    shown = PreferencesPage(fields, chosen, time_zones(), target, done(request))
    return page(request, "frontend/preferences.html", shown, at=Place("preferences"))


@READ
def menu(request: HttpRequest) -> HttpResponse:
    """The menu of languages, or that of themes (`of`), for who has opened one and is not signed in."""
    back = destinations.own(request.GET.get("next", ""))
    return render(request, "frontend/look/menu.html", {"back": back, "of": request.GET.get("of", "")})


@takes("POST")
def language(request: HttpRequest) -> HttpResponse:
    """Another language, and back to the page."""
    return _changed(request, ("language",))


@takes("POST")
def tool(request: HttpRequest) -> HttpResponse:
    """Commands for another tool first, and back to the page."""
    return _changed(request, ("tool",))


@takes("POST")
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or the system's, and back to the page."""
    return _changed(request, ("theme",))


@takes("POST")
def rows(request: HttpRequest) -> HttpResponse:
    """As many rows on every page of a list, and back to the first one."""
    return _changed(request, ("rows",))


def _changed(request: HttpRequest, names: tuple[str, ...]) -> HttpResponse:
    given = {name: request.POST[name] for name in names if name in request.POST}
    response = see_other(destinations.own(request.POST.get("next", "")))
    keep(request, response, given)
    return response


def keep(request: HttpRequest, response: HttpResponse, given: Mapping[str, str]) -> None:
    """With the account, and in the browser for the pages before somebody signs in. Raises InvalidInput."""
    if not given:
        raise e.InvalidInput("nothing was chosen: choose on the page, and send the form once more")
    kept = preferences.changed(request, dict(given))
    actor = browser.actor_of(request)
    if actor.id:
        kept = own_account.change_preferences(actor, actor.id, given)
    preferences.keep(request, response, kept)
