"""The one WSGI callable: probes, the distribution API with an empty middleware chain, and the web side.

`WHARF_ROLE` picks what a process serves: registry (/v2, /v1, /service/token), web (the rest) or all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_resolver
from django.utils.http import parse_header_parameters

from access.origin import origin_from
from core import request_facts
from wharf import health, metrics
from wharf.environment import Role

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# Every other path belongs to the web side.
REGISTRY_PATHS = ("/v2", "/v1", "/service/token")
REGISTRY_PREFIXES = ("/v2/", "/v1/", "/service/token/")
PROBES: dict[str, Application] = {
    "/livez": health.livez,
    "/readyz": health.readyz,
    "/metrics": metrics.expose,
}


class WebRequest(WSGIRequest):
    """A request that is UTF-8 whatever charset its Content-Type names: one that is no encoding of text (rot13) would fail it
    before any view, any other would change how the query is read."""

    def _set_content_type_params(self, meta: Environ) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class WebHandler(WSGIHandler):
    """Django with settings.MIDDLEWARE; a broken route stops the start rather than the first request."""

    request_class = WebRequest

    def __init__(self) -> None:
        super().__init__()
        _load_routes(settings.ROOT_URLCONF)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response = super().get_response(request)
        if (match := request.resolver_match) is not None:
            request_facts.note_route(request.META, match.view_name or match.route)
        response["X-Request-Id"] = origin_from(request.META).request_id
        return response


class RegistryRequest(WSGIRequest):
    """A request whose Content-Type is never looked at by Django: its parameters are the client's to choose, and a charset
    among them would change how the query is read, or fail the request before any view."""

    def _set_content_type_params(self, meta: Environ) -> None:  # noqa: ARG002 - Django's signature
        self.content_type = ""
        self.content_params: dict[str, str] = {}


class RegistryHandler(WSGIHandler):
    """Django without middleware: no session, no CSRF, no locale; no redirect to add a slash (a redirected
    POST
    loses its body), no compression (it would break Content-Length and Range)."""

    request_class = RegistryRequest

    def __init__(self) -> None:
        super().__init__()
        _load_routes(settings.REGISTRY_URLCONF)

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = settings.REGISTRY_URLCONF
        return super().get_response(request)


def _load_routes(urlconf: str) -> None:
    """Import and compile all routes now. Raises what the import raises."""
    get_resolver(urlconf).url_patterns  # noqa: B018 - a cached property


def _nothing_here(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")])
    return [b""]


def build(role: Role, *, fast_lane: bool = True) -> Application:
    """The callable for `role`; a face that the role does not serve answers 404."""
    registry: Application = RegistryHandler() if role in (Role.REGISTRY, Role.ALL) else _nothing_here
    if fast_lane:
        from database import listener
        from registry_api.v2.fastlane import FastLane

        registry = FastLane(registry, is_current=listener.is_listening)
    web: Application = WebHandler() if role in (Role.WEB, Role.ALL) else _nothing_here

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(REGISTRY_PREFIXES) or path in REGISTRY_PATHS:
            return registry(environ, start_response)
        if (probe := PROBES.get(path)) is not None:
            return probe(environ, start_response)
        return web(environ, start_response)

    return application


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
django.setup()
application = build(settings.WHARF_ROLE, fast_lane=settings.WHARF_FAST_LANE)
