"""The two paths of the registry's first API that clients still ask: `docker search` and `podman search` (protocol design).

Without credentials, and with the empty ones docker always sends, everybody's repositories are searched.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse

from access.principal import ActorKind
from artifacts import search
from artifacts.search import Found
from registry_api.v2.challenge import Challenge
from registry_api.v2.endpoint import Request
from registry_api.v2.errors import JSON
from registry_api.v2.listings import CATALOG_SCOPE

DEFAULT: Final = 25
MOST: Final = 100
LAST_PAGE: Final = 10_000


def ping(_request: Request) -> HttpResponse:
    """Any status would do for docker; the header says that this is no Docker Hub."""
    response = HttpResponse(orjson.dumps({"standalone": True}), content_type=JSON)
    response["X-Docker-Registry-Standalone"] = "true"
    return response


def results(request: Request) -> HttpResponse:
    """What the caller may pull and has the term in its name; numbers out of range are the nearest that are in it."""
    _refuse_narrow_tokens(request)
    size = _number(request.http, "n", default=DEFAULT, most=MOST)
    page = _number(request.http, "page", default=1, most=LAST_PAGE)
    term = request.http.GET.get("q", "")
    found, total = search.repositories(request.actor, term, limit=size, offset=(page - 1) * size)
    body = {
        "query": term.encode("utf-8", "replace").decode(),
        "num_results": max(total, len(found)),
        "num_pages": max(1, -(-total // size)),
        "page": page,
        "page_size": size,
        "results": [_result(each) for each in found],
    }
    return HttpResponse(orjson.dumps(body), content_type=JSON)


def _refuse_narrow_tokens(request: Request) -> None:
    """A registry token lists by its owner's roles only if it was issued for that. Raises Challenge."""
    claims = request.caller.claims
    is_anonymous = request.actor.kind is ActorKind.ANONYMOUS  # who finds the same without a token
    if claims is not None and not claims.may_list_catalog and not is_anonymous:
        raise Challenge("the token is not for searching", scopes=[CATALOG_SCOPE], error="insufficient_scope")


def _result(found: Found) -> dict[str, Any]:
    return {
        "name": found.name,
        "description": found.description,
        "star_count": found.stars,
        "pull_count": found.pulls,
        "is_official": found.is_official,
        "is_automated": False,
        "is_trusted": False,
    }


def _number(http: HttpRequest, name: str, *, default: int, most: int) -> int:
    given = http.GET.get(name, "")
    if not given.isascii() or not given.removeprefix("-").isdigit():
        return default
    return min(max(int(given[:9]), 1), most)
