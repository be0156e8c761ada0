"""Which preferences hold for a request: those of the account, else of the cookie, and for the language what the browser asks.

They are in force from the first line of a view to the last byte of its page, as a language is in Django: a size or a time is
written by whoever asks `active()`, without being handed them.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from access.origin import HostUnknown, external_origin
from accounts import browser
from accounts.preferences import USUAL, Preferences, stored, wanted
from database.transactions import TRY_AGAIN

COOKIE: Final = "wharf_look"
YEAR: Final = 31_536_000
MAX_COOKIE: Final = 512
ENGLISH: Final = "en"

_ACTIVE: ContextVar[Preferences] = ContextVar("wharf_preferences", default=USUAL)


def active() -> Preferences:
    """Those in force, the usual outside a request."""
    return _ACTIVE.get()


def use(preferences: Preferences) -> None:
    """Put them in force here, without their language."""
    _ACTIVE.set(preferences)


def begin(request: HttpRequest) -> None:
    """Put those of the request in force. Reads the session where its cookie came along; asks nothing more."""
    found = of(request)
    use(found)
    translation.activate(found.language or _asked_for(request))


def end() -> None:
    """Nobody's are in force."""
    use(USUAL)
    translation.deactivate()


def of(request: HttpRequest) -> Preferences:
    """The account's, else the cookie's."""
    try:
        session = browser.session_of(request)
    except TRY_AGAIN:
        session = None  # the page that says so has to look like something
    kept = of_cookie(request)
    if session is None:
        return kept
    own = stored(session.preferences)
    return own if own.language else replace(own, language=kept.language)


def of_cookie(request: HttpRequest) -> Preferences:
    text = request.COOKIES.get(COOKIE, "")
    return stored(dict(parse_qsl(text))) if len(text) <= MAX_COOKIE else USUAL


def changed(request: HttpRequest, given: dict[str, str]) -> Preferences:
    """The cookie's with what was chosen. Raises InvalidInput."""
    return replace(of_cookie(request), **wanted(given))


def keep(request: HttpRequest, response: HttpResponse, preferences: Preferences) -> None:
    """Give the browser those, of who has no account."""
    response.set_cookie(
        COOKIE,
        urlencode(preferences.as_dict()),
        max_age=YEAR,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="Lax",
    )


def _is_secure(request: HttpRequest) -> bool:
    try:
        return external_origin(request).startswith("https:")
    except HostUnknown:
        return False


def _asked_for(request: HttpRequest) -> str:
    """The best of ours for Accept-Language."""
    try:
        return translation.get_language_from_request(request)
    except LookupError:
        return ENGLISH
