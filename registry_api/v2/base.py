"""GET /v2/: the ping by which clients find the token service and `docker login` checks what it got."""

from __future__ import annotations

from django.http import HttpResponse

from access.principal import ActorKind
from registry_api.v2.challenge import Challenge
from registry_api.v2.endpoint import Request
from registry_api.v2.errors import JSON, NoSuchPath


def ping(request: Request) -> HttpResponse:
    """200 for any valid token or user. The anonymous gets a 401 even where he may pull: clients take 200 as "no token"."""
    if request.caller.claims is None and request.actor.kind is ActorKind.ANONYMOUS:
        raise Challenge("authentication required")
    return HttpResponse(b"{}", content_type=JSON)


def nothing(_request: Request) -> HttpResponse:
    """Every other path under /v2."""
    raise NoSuchPath("nothing lies at this path of the registry API")
