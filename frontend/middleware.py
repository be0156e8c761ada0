"""What all pages keep to: a known host, forms of a sane size, headers, and refusals that can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from access.origin import HostUnknown, external_origin, origin_of
from accounts import browser
from accounts.gate import rates
from core import errors as e
from database.transactions import TRY_AGAIN
from frontend import hosts
from frontend.answers import problem, see_other, sentence
from frontend.methods import View, methods_of

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MAX_FORM: Final = 64 * 1024
# The first class that matches decides.
STATUS: Final[tuple[tuple[type[e.WharfError], int, str], ...]] = (
    (e.NotFound, 404, "Not found"),
    (e.Denied, 403, "Not allowed"),
    (e.TooManyRequests, 429, "Too many requests"),
    (e.Unavailable, 503, "Not now"),
    (e.WharfError, 400, "That did not work"),
)

log = structlog.get_logger(__name__)


class Pages:
    """Around every view but those of the REST API, which has its own frame."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_of_api(request):
            return self._get_response(request)
        response = self._over_limits(request) or _refused(request) or self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if not response["Cache-Control"].startswith("public"):
            patch_vary_headers(response, ("Cookie",))
        return response

    def process_view(
        self, request: HttpRequest, view: View, _args: tuple[Any, ...], _named: dict[str, Any]
    ) -> HttpResponseBase | None:
        """405 for a method that the page does not take, before anybody asks whether it was meant."""
        allowed = methods_of(view)
        if not allowed or request.method in allowed:
            return None
        text = "This page cannot be asked for in that way. Nothing was changed."
        response = problem(request, 405, "Not possible here", text)
        response["Allow"] = ", ".join(allowed)
        return response

    def _over_limits(self, request: HttpRequest) -> HttpResponseBase | None:
        """The page for who makes too many requests. The files of pages are not counted: they are kept for a year."""
        if request.path.startswith("/static/"):
            return None
        try:
            rates.check_address(origin_of(request))
            if rates.limits().of_principal:
                rates.check_principal(browser.actor_of(request))
        except (e.TooManyRequests, *TRY_AGAIN) as error:
            return self.process_exception(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """A page for what a view raised and somebody foresaw."""
        if _is_of_api(request):
            return None
        if isinstance(error, TRY_AGAIN):
            log.warning("database unavailable", request_id=origin_of(request).request_id, error=str(error))
            error = e.Unavailable("the database is not available: try again in a moment")
        if not isinstance(error, e.WharfError):
            return None
        return _instead(request, error) or _shown(request, error)


def _is_of_api(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    if request.path == "/" or request.path.startswith("/static/"):
        return None  # the front page says by which names this goes; nobody signs in there
    try:
        external_origin(request)
    except HostUnknown as error:
        return problem(request, 400, "Unknown address", f"{error.message}. {_hint(request)}".rstrip(), to="")
    # Read before any view and by whoever asks: Django would put a large one on the disk.
    length = request.META.get("CONTENT_LENGTH", "")
    if length.isdecimal() and int(length) > MAX_FORM:
        return problem(request, 413, "Too long", "A form has at most 64 KiB: shorten what you entered.")
    return None


def _hint(request: HttpRequest) -> str:
    """For the one mistake that is often made with a proxy."""
    try:
        here = hosts.address(request)
    except DisallowedHost:
        return ""
    return (
        f"It is listed as {here.url}, and the request did not come that way: a proxy in front must send X-Forwarded-Proto, "
        "and its address must be in WHARF_TRUSTED_PROXIES."
    )


def _instead(request: HttpRequest, error: e.WharfError) -> HttpResponseBase | None:
    """The page where somebody can do what was missing; he comes back to the page he was on."""
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    if isinstance(error, e.ConfirmationNeeded):
        return see_other(f"/auth/confirm?{urlencode({'next': back})}")
    if isinstance(error, e.Unauthenticated):
        return see_other(f"/auth/login?{urlencode({'next': back})}")
    return None


def _shown(request: HttpRequest, error: e.WharfError) -> HttpResponseBase:
    status, title = next((status, title) for kind, status, title in STATUS if isinstance(error, kind))
    response = problem(request, status, title, sentence(error.message))
    if isinstance(error, e.Unavailable):
        response["Retry-After"] = str(error.retry_after)
    return response
