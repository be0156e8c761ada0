"""Pages for what no view answers: an unknown address, a request that is none, a form that was not meant."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.middleware import csrf

from access.origin import external_origin
from accounts import browser
from frontend.answers import plain, problem

TITLE: Final = "Please send that again"
NOT_MEANT: Final = (
    "The form was open for too long, was opened in another tab before you signed in there, or your browser keeps no cookies "
    "for this address. Nothing was changed. Open the page again and send the form once more."
)
NOT_SAID: Final = (
    "Your browser did not say which page sent the form: it sent neither an Origin nor a Referer. Nothing was changed. Allow "
    "one of them for this address (an extension or a proxy may take them away), and send the form once more."
)
FROM_ELSEWHERE: Final = (
    "The form was sent by a page of another address. Nothing was changed. Open the page here and send the form once more; if "
    "that does not help, a proxy in front changes the address: your administrator finds more in docs/tls.md."
)
REASONS: Final = {csrf.REASON_NO_REFERER: NOT_SAID}
# These begin so, and say what was sent.
ELSEWHERE: Final = tuple(
    text.partition("%s")[0]
    for text in (
        csrf.REASON_BAD_ORIGIN,
        csrf.REASON_BAD_REFERER,
        csrf.REASON_INSECURE_REFERER,
        csrf.REASON_MALFORMED_REFERER,
    )
)
OF_PROGRAMS: Final = "/c/log"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    text = "There is no page at this address. Check it, or go on from the front page."
    return problem(request, 404, "Not found", text)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    text = "The browser sent something that cannot be read as a request for a page. Nothing was changed."
    return problem(request, 400, "That did not work", text)


def not_meant(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token (settings.CSRF_FAILURE_VIEW). `reason` is Django's sentence."""
    if request.path.startswith(OF_PROGRAMS):
        return _to_program(request)
    text = REASONS.get(reason, FROM_ELSEWHERE if reason.startswith(ELSEWHERE) else NOT_MEANT)
    return problem(request, 403, TITLE, text, to=request.path, label="Open the page again")


def _to_program(request: HttpRequest) -> HttpResponse:
    is_secure = external_origin(request).startswith("https:")
    cookie = f"{browser.HOST_PREFIX if is_secure else ''}{browser.CSRF_COOKIE}"
    referer = f", and a Referer below {external_origin(request)}/" if is_secure else ""
    return plain(
        f"send {browser.CSRF_HEADER} with the value of the cookie {cookie}, which GET /auth/login gives{referer}",
        403,
    )
