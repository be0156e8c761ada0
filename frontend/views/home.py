"""The front page: what this is, who is signed in, and the three lines that make a first push."""

from __future__ import annotations

import shlex

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import browser
from frontend import assets
from frontend.answers import plain, see_other
from frontend.hosts import address
from frontend.methods import READ

YEAR = 31_536_000


@READ
def show(request: HttpRequest) -> HttpResponse:
    """200 with the page for a listed host, else 400 as plain text without the host."""
    try:
        here = address(request)
    except DisallowedHost:
        return plain("400 Bad Request: this address is not one of WHARF_EXTERNAL_URLS.", 400)
    session = browser.session_of(request)
    name = "" if session is None else shlex.quote(session.principal.name)
    response = render(request, "frontend/home.html", {"here": here, "login_name": name})
    if session is None:
        response["Cache-Control"] = "no-cache"
    return response


@READ
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file under the name that carries its hash."""
    found = assets.by_name(name)
    if found is None:
        raise Http404
    response = HttpResponse(found.content, content_type=found.content_type)
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@READ
def icon(_request: HttpRequest) -> HttpResponse:
    """Where browsers look for a site's picture by themselves."""
    return see_other(f"/static/{assets.assets()['wharf.svg'].name}")
