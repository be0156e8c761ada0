"""What a browser sends by itself, and what proves that it meant to: the cookie of its session, and the token against CSRF.

Under https both cookies carry the prefix __Host-, and only those are looked at: neither another host of the domain nor
somebody on the way who answers for http can plant one. Sources: RFC 6265bis §4.1.3; OWASP, Cross-Site Request Forgery
Prevention.
"""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import (  # type: ignore[attr-defined]  # the stubs leave one out
    CsrfViewMiddleware,
    _does_token_match,
    rotate_token,
)
from django.utils.cache import patch_vary_headers

from access.origin import HostUnknown, external_origin, origin_of
from access.principal import Principal
from accounts.services import sessions
from accounts.services.sessions import Session
from core import request_facts

SESSION_COOKIE: Final = "wharf_session"
CSRF_COOKIE: Final = "wharf_csrf"
CSRF_HEADER: Final = "X-CSRFToken"
HOST_PREFIX: Final = "__Host-"

_FOUND: Final = "wharf.session"
_SECRET = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)
# As pages hold it: the secret behind a mask that is new on every page.
_TOKEN = re.compile(r"(?:[A-Za-z0-9]{32}){1,2}", re.ASCII)


def session_of(request: HttpRequest) -> Session | None:
    """The living session whose cookie came with the request. One query a request, none without a cookie."""
    if _FOUND not in request.META:
        key = _cookie(request, SESSION_COOKIE)
        found = sessions.find(key, origin_of(request)) if key else None
        if found is not None:
            request_facts.note_actor(request.META, found.principal.name)
        request.META[_FOUND] = found
    known: Session | None = request.META[_FOUND]
    return known


def actor_of(request: HttpRequest) -> Principal:
    """Whoever is signed in in that browser, or the anonymous."""
    session = session_of(request)
    return Principal.anonymous(origin_of(request)) if session is None else session.principal


def give(request: HttpRequest, response: HttpResponseBase, key: str) -> None:
    """Hand the browser the key of its session, and a new token against CSRF. Raises HostUnknown."""
    secure = _is_secure(request)
    response.set_cookie(
        _named(SESSION_COOKIE, secure=secure), key, path="/", secure=secure, httponly=True, samesite="Lax"
    )
    rotate_token(request)
    request.META.pop(_FOUND, None)


def take(request: HttpRequest, response: HttpResponseBase) -> None:
    """Take the key from the browser, and let its next page have a new token. Raises HostUnknown."""
    secure = _is_secure(request)
    # delete_cookie() sets Secure for names with a prefix alone, and no HttpOnly.
    response.set_cookie(
        _named(SESSION_COOKIE, secure=secure),
        "",
        max_age=0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    rotate_token(request)
    request.META[_FOUND] = None


def is_meant(request: HttpRequest) -> bool:
    """Whether the header X-CSRFToken belongs to the request's CSRF cookie: a page of another site can make neither."""
    secret = _secret(request)
    token = request.META.get(settings.CSRF_HEADER_NAME, "")
    if secret is None or not _TOKEN.fullmatch(token):
        return False
    return bool(_does_token_match(token, secret))


class Csrf(CsrfViewMiddleware):
    """Django's, with a cookie whose name tells the scheme, and origins as WHARF_EXTERNAL_URLS has them."""

    def _get_secret(self, request: HttpRequest) -> str | None:
        return _secret(request)

    def _set_csrf_cookie(self, request: HttpRequest, response: HttpResponseBase) -> None:
        secure = _is_secure(request)
        response.set_cookie(
            _named(CSRF_COOKIE, secure=secure),
            request.META["CSRF_COOKIE"],
            max_age=settings.CSRF_COOKIE_AGE,
            path="/",
            secure=secure,
            samesite="Lax",
        )
        patch_vary_headers(response, ("Cookie",))

    def _origin_verified(self, request: HttpRequest) -> bool:
        try:
            return bool(request.META["HTTP_ORIGIN"] == external_origin(request))
        except HostUnknown:
            return False


def _secret(request: HttpRequest) -> str | None:
    found = _cookie(request, CSRF_COOKIE)
    return found if _SECRET.fullmatch(found) else None


def _cookie(request: HttpRequest, name: str) -> str:
    """The cookie's value, "" for none; a request that names no host of ours has none of our cookies."""
    try:
        return request.COOKIES.get(_named(name, secure=_is_secure(request)), "")
    except HostUnknown:
        return ""


def _named(name: str, *, secure: bool) -> str:
    return f"{HOST_PREFIX}{name}" if secure else name


def _is_secure(request: HttpRequest) -> bool:
    return external_origin(request).startswith("https:")
