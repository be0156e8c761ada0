"""The page that an address means which leads nowhere: with a slash too many or too few at its end, or cut short."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.encoding import escape_uri_path

from frontend.methods import methods_of
from frontend.places import address

CUT: Final = {"p": "projects", "r": "projects", "me": "me_profile"}


def meant(request: HttpRequest) -> str:
    """A path of ours with the query that was sent, "" for none. Says nothing of what is there: that page decides."""
    if request.method not in ("GET", "HEAD") or request.path.startswith("//"):
        return ""
    path = _shortened(request.path) or _with_or_without_slash(request)
    query = request.META.get("QUERY_STRING", "")
    return path and f"{path}{'?' if query else ''}{query}"


def _shortened(path: str) -> str:
    """/r/team is a project rather than a repository, /p none at all."""
    first, _slash, rest = path.strip("/").partition("/")
    if not rest:
        return address(CUT[first]) if first in CUT else ""
    return address("project", project=rest) if first == "r" and "/" not in rest else ""


def _with_or_without_slash(request: HttpRequest) -> str:
    if request.path.endswith("/"):
        cut = request.path.rstrip("/")
        return "" if cut.endswith("/-") else _page(cut)
    # What some route has taken, and nothing was found there, is not found with a slash either.
    return "" if request.resolver_match else _page(f"{request.path}/")


def _page(path: str) -> str:
    try:
        found = resolve(path)
    except Resolver404:
        return ""
    return escape_uri_path(path) if "GET" in methods_of(found.func) else ""
