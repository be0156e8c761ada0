"""What all pages keep to: a known host, forms of a sane size, headers, and refusals that can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.origin import HostUnknown, external_origin, origin_of
from accounts import browser
from accounts.gate import rates
from core import errors as e
from database.transactions import TRY_AGAIN
from frontend import hosts, mistyped, preferences
from frontend.answers import is_fragment, plain, problem, see_other, sentence
from frontend.methods import View, methods_of
from frontend.nearby import around
from frontend.timing import taken

# Of the pictures that Tabler's sheet holds within itself, `data:`.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MAX_FORM: Final = 256 * 1024
# The first class that matches decides.
STATUS: Final[tuple[tuple[type[e.WharfError], int, str | Promise], ...]] = (
    (e.NotFound, 404, _("Not found")),
    # What stands in a form is looked at before it is meant: this is the name in an address, and nothing is called so.
    (e.NameInvalid, 404, _("Not found")),
    (e.Denied, 403, _("Not allowed")),
    (e.TooManyRequests, 429, _("Too many requests")),
    (e.Unavailable, 503, _("Not now")),
    (e.ReadOnly, 409, _("Not now")),
    (e.PreconditionFailed, 409, _("Changed meanwhile")),
    (e.Conflict, 409, _("That did not work")),
    (e.WharfError, 400, _("That did not work")),
)

log = structlog.get_logger(__name__)


class Pages:
    """Around every view but those of the REST API, which has its own frame."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_of_api(request):
            return self._get_response(request)
        if request.path.startswith("/static/"):
            return _guarded(self._get_response(request))
        with taken() as counted:
            preferences.begin(request)
            try:
                response = self._over_limits(request) or _refused(request) or self._get_response(request)
            finally:
                preferences.end()
        response["Server-Timing"] = counted.header
        return _guarded(response)

    def process_view(
        self, request: HttpRequest, view: View, _args: tuple[Any, ...], _named: dict[str, Any]
    ) -> HttpResponseBase | None:
        """405 for a method that the page does not take, before anybody asks whether it was meant."""
        allowed = methods_of(view)
        if not allowed or request.method in allowed:
            return None
        text = gettext("This page cannot be asked for in that way. Nothing was changed.")
        response = problem(request, 405, gettext("Not possible here"), text)
        response["Allow"] = ", ".join(allowed)
        return response

    def _over_limits(self, request: HttpRequest) -> HttpResponseBase | None:
        """The page for who makes too many requests. The files of pages are not counted: they are kept for a year."""
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


def _guarded(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Cache-Control", "private, no-store")
    if not response["Cache-Control"].startswith("public"):
        patch_vary_headers(response, ("Cookie", "Accept-Language", "HX-Request"))
    return response


def _is_of_api(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    if request.path == "/":
        return None  # the front page says by which names this goes; nobody signs in there
    try:
        external_origin(request)
    except HostUnknown as error:
        text = f"{error.message}. {_hint(request)}".rstrip()
        return problem(request, 400, gettext("Unknown address"), text, to="")
    # Read before any view and by whoever asks: Django would put a large one on the disk.
    length = request.META.get("CONTENT_LENGTH", "")
    if length.isdecimal() and int(length) > MAX_FORM:
        text = gettext("A form has at most 256 KiB: shorten what you entered.")
        return problem(request, 413, gettext("Too long"), text)
    return None


def _hint(request: HttpRequest) -> str:
    """For the one mistake that is often made with a proxy."""
    try:
        here = hosts.address(request)
    except DisallowedHost:
        return ""
    text = gettext(
        "It is listed as %(url)s, and the request did not come that way: a proxy in front must send X-Forwarded-Proto, and its "
        "address must be in WHARF_TRUSTED_PROXIES."
    )
    return text % {"url": here.url}


def _instead(request: HttpRequest, error: e.WharfError) -> HttpResponseBase | None:
    """The page where somebody can do what was missing; he comes back to the page he was on."""
    way = _way(error)
    if not way:
        return None
    if not is_fragment(request):
        back = _back(request)
        return see_other(f"{way}?{urlencode({'next': back})}")
    response = HttpResponse()
    response["HX-Redirect"] = f"{way}?{urlencode({'next': _page_of(request)})}"
    return response


def _page_of(request: HttpRequest) -> str:
    """The page whose part was asked for, as a path; the front page where the request does not say."""
    try:
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return "/"
    return f"{shown.path or '/'}?{shown.query}".rstrip("?")


def _back(request: HttpRequest) -> str:
    """What he asked for; after a form that was sent, the page it stands on where that is the same, else the front page."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    match = request.resolver_match
    return request.get_full_path() if match is not None and "GET" in methods_of(match.func) else "/"


def _way(error: e.WharfError) -> str:
    if isinstance(error, e.ConfirmationNeeded):
        return "/auth/confirm"
    return "/auth/login" if isinstance(error, e.Unauthenticated) else ""


def _shown(request: HttpRequest, error: e.WharfError) -> HttpResponseBase:
    status, title = next((status, title) for kind, status, title in STATUS if isinstance(error, kind))
    if status == 404 and (meant := mistyped.meant(request)):
        response = see_other(meant)
    elif is_fragment(request):
        # wharf.js says it in a toast; what the page shows stays.
        response = plain(sentence(error.message), status)
    else:
        beside = around(request) if status in (403, 404) else None
        wait = error.retry_after if isinstance(error, e.Unavailable) else 0
        response = problem(request, status, str(title), sentence(error.message), around=beside, wait=wait)
    if isinstance(error, e.Unavailable):
        response["Retry-After"] = str(error.retry_after)
    return response
