"""Pages for what no view answers: an unknown address, a request that is none, a form that was not meant."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware import csrf
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.origin import external_origin
from accounts import browser
from frontend import mistyped
from frontend.answers import is_fragment, plain, problem, see_other
from frontend.methods import READ
from frontend.nearby import around

TITLE: Final = _("Please send that again")
NOT_MEANT: Final = _(
    "The form was open for too long, was opened in another tab before you signed in there, or your browser keeps no cookies "
    "for this address. Nothing was changed. Open the page again and send the form once more."
)
NOT_SAID: Final = _(
    "Your browser did not say which page sent the form: it sent neither an Origin nor a Referer. Nothing was changed. Allow "
    "one of them for this address (an extension or a proxy may take them away), and send the form once more."
)
FROM_ELSEWHERE: Final = _(
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
    if meant := mistyped.meant(request):
        return see_other(meant)
    text = gettext("There is no page at this address. Check it, or go on from the front page.")
    return problem(request, 404, gettext("Not found"), text, around=around(request))


@READ
def nowhere(request: HttpRequest, repository: str, rest: str) -> HttpResponse:
    """Below a repository, where there is no page of that name: the repository's own name is not taken for the whole address."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    text = gettext(
        "The browser sent something that cannot be read as a request for a page. Nothing was changed."
    )
    return problem(request, 400, gettext("That did not work"), text)


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: nobody foresaw it, and the log has all of it under the request's id."""
    text = gettext("Something here went wrong that should not. The log of the server says what.")
    if is_fragment(request):
        return plain(text, 500)
    return problem(request, 500, gettext("That is our mistake"), text)


def not_meant(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token (settings.CSRF_FAILURE_VIEW). `reason` is Django's sentence."""
    if request.path.startswith(OF_PROGRAMS):
        return _to_program(request)
    text = REASONS.get(reason, FROM_ELSEWHERE if reason.startswith(ELSEWHERE) else NOT_MEANT)
    again = gettext("Open the page again")
    return problem(request, 403, str(TITLE), str(text), to=request.path, label=again)


def _to_program(request: HttpRequest) -> HttpResponse:
    is_secure = external_origin(request).startswith("https:")
    cookie = f"{browser.HOST_PREFIX if is_secure else ''}{browser.CSRF_COOKIE}"
    referer = f", and a Referer below {external_origin(request)}/" if is_secure else ""
    return plain(
        f"send {browser.CSRF_HEADER} with the value of the cookie {cookie}, which GET /auth/login gives{referer}",
        403,
    )
