"""Who calls the REST API: HTTP Basic, by the same check as the token service; nobody at all is the anonymous.

A browser session will be one more class in AUTHENTICATION. It must prove every unsafe request with a CSRF token in its
`authenticate`, as rest_framework.authentication.SessionAuthentication does: the views are exempt from Django's own check,
because a request with Basic credentials carries nothing that a foreign page could make a browser send.
"""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.principal import Principal
from core.errors import Unauthenticated
from registry_api.origin import origin_of
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
