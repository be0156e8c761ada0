"""Which address a request came to: one of WHARF_EXTERNAL_URLS, or the request is refused without repeating
it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is name[:port] as clients type it after `docker login`."""

    scheme: str
    host: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def needs_insecure_setting(self) -> bool:
        """Docker speaks plain HTTP to loopback addresses alone unless it is told otherwise."""
        return self.scheme == "http" and not _loopback(urlsplit(self.url).hostname or "")


def address(request: HttpRequest) -> Address:
    """The listed address whose host the request names. Raises DisallowedHost, whose answer is 400 without
    echo."""
    wanted = request.META.get("HTTP_HOST", "").lower()
    for origin in settings.WHARF_EXTERNAL_URLS:
        parts = urlsplit(origin)
        # The scheme is the listed one: a proxy that ends TLS may not say so.
        if wanted in (parts.netloc, f"{parts.netloc}:{_default_port(parts.scheme)}"):
            return Address(parts.scheme, parts.netloc)
    raise DisallowedHost("the host is not listed in WHARF_EXTERNAL_URLS")


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
