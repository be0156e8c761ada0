"""The front page: what this is and the three lines that make a first push."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.hosts import address

STATIC = Path(__file__).resolve().parent.parent / "static" / "frontend"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
YEAR = 31_536_000


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """200 with the page for a listed host, else 400 as plain text without the host."""
    try:
        here = address(request)
    except DisallowedHost:
        text = "400 Bad Request: this address is not one of WHARF_EXTERNAL_URLS.\n"
        return _guarded(HttpResponse(text, status=400, content_type="text/plain; charset=utf-8"))
    response = render(request, "frontend/home.html", {"here": here, "stylesheet": stylesheet_name()})
    response["Cache-Control"] = "no-cache"
    return _guarded(response)


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """The stylesheet under the name that carries its hash, so that it may be kept for a year."""
    if name != stylesheet_name():
        raise Http404
    response = HttpResponse(_stylesheet(), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return _guarded(response)


@cache
def _stylesheet() -> bytes:
    return (STATIC / "wharf.css").read_bytes()


@cache
def stylesheet_name() -> str:
    return f"wharf.{hashlib.sha256(_stylesheet()).hexdigest()[:12]}.css"


def _guarded(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    return response
