"""Who calls the REST API: HTTP Basic, by the same check as the token service; else the session of a browser; else nobody.

The views are exempt from Django's own check against CSRF, so a session proves here that a page of ours sent the request.
A browser that was once asked for Basic credentials sends them along with whatever a foreign page makes it send, so requests
that change something are refused where they come from such a page (`refuse_foreign_pages`).
"""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.origin import external_origin, origin_of
from access.principal import Principal
from accounts import browser
from accounts.services.sessions import Session
from core.errors import Denied, Unauthenticated
from registry_api.rest.errors import CHALLENGE
from registry_api.v2.credentials import basic


class BasicAuthentication(BaseAuthentication):
    """RFC 7617, by the gate every face has (accounts.gate)."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        """The proven caller; None without credentials. Raises as accounts.gate.prove."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "basic":
            raise Unauthenticated("the REST API takes Basic credentials")
        return basic(value, origin_of(request._request)), None  # noqa: SLF001 - DRF's own name for it

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return CHALLENGE


class SessionAuthentication(BaseAuthentication):
    """The cookie of a browser session, with a token in a header for what changes something; never beside other credentials."""

    def authenticate(self, request: Request) -> tuple[Principal, Session] | None:
        """The session's user; None without one that lives. Raises Denied."""
        http = request._request  # noqa: SLF001 - DRF's own name for it
        if "HTTP_AUTHORIZATION" in http.META:
            return None
        session = browser.session_of(http)
        if session is None:
            return None
        if http.method not in SAFE and not browser.is_meant(http):
            raise Denied(
                f"a browser session changes something only with the header {browser.CSRF_HEADER}, "
                "whose value stands in the page and in the cookie beside the session's"
            )
        return session.principal, session

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return CHALLENGE


SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
AUTHENTICATION: tuple[type[BaseAuthentication], ...] = (BasicAuthentication, SessionAuthentication)
OURS = frozenset({"same-origin", "none"})


def refuse_foreign_pages(request: HttpRequest) -> None:
    """Raises Denied for a change that a page of another site sent. Programs say neither header, browsers always one.

    Source: OWASP, Cross-Site Request Forgery Prevention, "Fetch Metadata headers" and "Verifying origin".
    """
    if request.method in SAFE:
        return
    origin = request.META.get("HTTP_ORIGIN")
    is_foreign = request.META.get("HTTP_SEC_FETCH_SITE", "none") not in OURS
    if is_foreign or (origin is not None and origin != external_origin(request)):
        raise Denied("a page of another site may not change anything here")
