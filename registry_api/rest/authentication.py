"""Who calls the REST API: HTTP Basic, by the same check as the token service; nobody at all is the anonymous.

A browser session will be one more class in AUTHENTICATION. It must prove every unsafe request with a CSRF token in its
`authenticate`, as rest_framework.authentication.SessionAuthentication does: the views are exempt from Django's own check.
A browser that was once asked for Basic credentials sends them along with whatever a foreign page makes it send, so requests
that change something are refused where they come from such a page (`refuse_foreign_pages`).
"""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.origin import external_origin, origin_of
from access.principal import Principal
from core.errors import Denied, Unauthenticated
from registry_api.rest.errors import CHALLENGE
from registry_api.v2.credentials import basic


class BasicAuthentication(BaseAuthentication):
    """RFC 7617. Unknown names cost one hash, right passwords are remembered for a minute (accounts.credentials)."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        """The proven caller; None without credentials. Raises Unauthenticated for credentials that prove nothing."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "basic":
            raise Unauthenticated("the REST API takes Basic credentials")
        return basic(value, origin_of(request._request)), None  # noqa: SLF001 - DRF's own name for it

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return CHALLENGE


AUTHENTICATION: tuple[type[BaseAuthentication], ...] = (BasicAuthentication,)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
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
