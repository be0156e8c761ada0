"""One request and its answer as the server saw them, after the last byte: what the metrics and the request log report."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from core import request_facts
from registry_api.v2 import route_names

WEB_PREFIXES = ("/v2", "/v1", "/service/token")


@dataclass(slots=True)
class Exchange:
    """Sizes are bytes of bodies; `seconds` run from the parsed head to the last byte sent; `aborted`: not to the end."""

    environ: dict[str, Any]
    path: str
    route: str
    method: str
    status: int
    seconds: float
    received: int
    sent: int
    aborted: bool


def of(environ: dict[str, Any], response: Any, *, started: float) -> Exchange:
    """From gunicorn's hook after a request. `response` is gunicorn's; `started` a perf_counter."""
    path = environ.get("PATH_INFO", "")
    aborted = sys.exc_info()[0] is not None
    return Exchange(
        environ,
        path,
        route_of(environ, path),
        environ.get("REQUEST_METHOD", ""),
        getattr(response, "status_code", None) or 500,
        perf_counter() - started,
        environ.get(request_facts.RECEIVED, 0),
        _sent(response, aborted=aborted),
        aborted,
    )


def route_of(environ: dict[str, Any], path: str) -> str:
    """The route's name: the registry's by its path, the web's as Django resolved it; "web" where it resolved to nothing."""
    if path.startswith(WEB_PREFIXES):
        return route_names.name_of(path)
    route: str | None = environ.get(request_facts.ROUTE)
    return route or PROBES.get(path, "web")


PROBES = {"/livez": "livez", "/readyz": "readyz", "/metrics": "metrics"}


def _sent(response: Any, *, aborted: bool) -> int:
    """gunicorn counts what it writes itself; a file goes by sendfile(2), whole or (aborted) nobody knows how far."""
    written: int = response.sent
    if written or aborted or response._omits_body:  # noqa: SLF001 - HEAD, 204, 304: told by gunicorn alone
        return written
    return response.response_length or 0
