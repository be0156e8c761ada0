"""The front page: what this is, who is signed in, and the three lines that make a first push."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import browser
from frontend import assets
from frontend.hosts import address

YEAR = 31_536_000


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """200 with the page for a listed host, else 400 as plain text without the host."""
    try:
        here = address(request)
    except DisallowedHost:
        text = "400 Bad Request: this address is not one of WHARF_EXTERNAL_URLS.\n"
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    response = render(request, "frontend/home.html", {"here": here})
    if browser.session_of(request) is None:
        response["Cache-Control"] = "no-cache"
    return response


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file under the name that carries its hash."""
    found = assets.by_name(name)
    if found is None:
        raise Http404
    response = HttpResponse(found.content, content_type=found.content_type)
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
