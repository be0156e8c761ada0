"""The OpenAPI document at /api/openapi.yaml and a page to read and try it at /api/docs, all from this server.

The page holds no inline script or style, so that its policy allows none. Assets carry the hash of their content in their name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from access.origin import external_origin, origin_of
from accounts.gate import rates
from core.errors import WharfError
from registry_api.rest import answers, errors
from registry_api.rest.errors import MethodNotAllowed, NoSuchPath

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE / "openapi.yaml"
# The explorer draws its icons from data: addresses.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
YEAR = 31_536_000
SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page under a name that changes with its content."""

    name: str
    content_type: str
    content: bytes


@cache
def assets() -> dict[str, Asset]:
    """By the name without hash. Raises ModuleNotFoundError where drf-spectacular's sidecar is not installed."""
    sidecar = files("drf_spectacular_sidecar") / "static" / "drf_spectacular_sidecar" / "swagger-ui-dist"
    sources = {
        "swagger-ui.css": (sidecar, "text/css"),
        "swagger-ui-bundle.js": (sidecar, "text/javascript"),
        "explorer.css": (HERE / "static", "text/css"),
        "explorer.js": (HERE / "static", "text/javascript"),
    }
    found = {}
    for name, (folder, content_type) in sources.items():
        content = (folder / name).read_bytes()
        stem, _, ending = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        found[name] = Asset(hashed, f"{content_type}; charset=utf-8", content)
    return found


@csrf_exempt
def page(http: HttpRequest) -> HttpResponseBase:
    """The explorer."""
    return _checked(http) or _guarded(http, HttpResponse(_html()), "no-cache")


@csrf_exempt
def asset(http: HttpRequest, name: str) -> HttpResponseBase:
    """A file of the explorer, to be kept for a year: so it is not counted."""
    if (refusal := _checked(http, is_counted=False)) is not None:
        return refusal
    found = next((each for each in assets().values() if each.name == name), None)
    if found is None:
        return _refused(http, NoSuchPath("the explorer has no such file"))
    response = HttpResponse(found.content, content_type=found.content_type)
    return _guarded(http, response, f"public, max-age={YEAR}, immutable")


@csrf_exempt
def document(http: HttpRequest) -> HttpResponseBase:
    """The committed OpenAPI document."""
    if (refusal := _checked(http)) is not None:
        return refusal
    return _guarded(http, HttpResponse(_document(), content_type="application/yaml"), "no-cache")


@cache
def _document() -> bytes:
    return DOCUMENT.read_bytes()


@cache
def _html() -> str:
    names = {name: f"/api/docs/{found.name}" for name, found in assets().items()}
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Wharf API</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="{names["swagger-ui.css"]}">\n'
        f'<link rel="stylesheet" href="{names["explorer.css"]}">\n</head>\n<body>\n<div id="explorer"></div>\n'
        f'<script src="{names["swagger-ui-bundle.js"]}"></script>\n'
        f'<script src="{names["explorer.js"]}"></script>\n</body>\n</html>\n'
    )


def _checked(http: HttpRequest, *, is_counted: bool = True) -> HttpResponseBase | None:
    """The refusal of a request too many, under a foreign name, or by a method that does not read; None for all others."""
    try:
        external_origin(http)
        if is_counted:
            rates.check_address(origin_of(http))
    except WharfError as error:
        return _refused(http, error)
    return None if http.method in SAFE else _refused(http, MethodNotAllowed(", ".join(SAFE)))


def _refused(http: HttpRequest, error: WharfError) -> HttpResponseBase:
    return answers.finished(http, origin_of(http), errors.render(error))


def _guarded(http: HttpRequest, response: HttpResponse, caching: str) -> HttpResponseBase:
    answers.finished(http, origin_of(http), response)
    response["Cache-Control"] = caching
    response["Content-Security-Policy"] = POLICY
    return response
