"""A browser in which somebody signs in, without the browser: its cookies, and where it is sent."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from random import randrange
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from access.principal import Origin
from accounts.models import User
from accounts.services import sessions
from accounts.services.sessions import Session
from audit.models import AuditEvent
from tests.oidc.provider import Provider

Configure = Callable[..., None]
SESSION = "wharf_session"


class Visitor:
    """`client` keeps the cookies."""

    def __init__(self, **headers: str) -> None:
        # From a place of its own: refusals beyond the tenth a minute of one are only counted.
        place = str(IPv4Address(0x0A000000 + randrange(1 << 24)))
        self.client = Client(headers={"host": "testserver", **headers}, REMOTE_ADDR=place)

    def begin(self, next_: str = "/", **more: str) -> str:
        """Where the provider's page is."""
        response = self.client.get(f"/c/oidc/login?{urlencode({'next': next_, **more})}")
        assert response.status_code == 302, response.content
        return str(response["Location"])

    def finish(self, answer: dict[str, str]) -> HttpResponse:
        return self._seen(self.client.get(f"/c/oidc/callback?{urlencode(answer)}"))

    def sign_in(self, provider: Provider, next_: str = "/", **more: str) -> HttpResponse:
        return self.finish(provider.authorize(self.begin(next_, **more)))

    def onboard(self, name: str) -> HttpResponse:
        """Sends the form of the page for a name."""
        page = self.client.get("/auth/onboard")
        assert page.status_code == 200, page.content
        form = {"id": page.context["id"], "principal": name}
        return self._seen(self.client.post("/auth/onboard", form))

    @staticmethod
    def _seen(response: object) -> HttpResponse:
        assert isinstance(response, HttpResponse)
        return response

    @property
    def session(self) -> Session | None:
        cookie = self.client.cookies.get(SESSION)
        return sessions.find(cookie.value, Origin()) if cookie is not None and cookie.value else None

    @property
    def user(self) -> User:
        """Who is signed in."""
        assert self.session is not None
        return User.objects.get(pk=self.session.principal.id)

    def pending_cookies(self) -> list[str]:
        """Attempts the browser still carries."""
        return [
            name
            for name, each in self.client.cookies.items()
            if name.startswith("wharf_oidc_") and each.value
        ]


def refusals() -> list[str]:
    """Why sign-ins were refused, as recorded, the latest first."""
    found = AuditEvent.objects.filter(operation="user.sign-in", result="denied").order_by("-id")
    return [each.detail["reason"] for each in found]
