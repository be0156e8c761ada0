"""Where a request came from and by which of our names it came: forwarded headers count only from trusted proxies."""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from access.principal import Origin
from core.addresses import Address, plain_address
from core.errors import InvalidInput

MAX_AGENT = 512
ORIGIN = "wharf.origin"
# Some gateways name a hop with its port: 192.0.2.7:40000, [2001:db8::7]:40000.
_HOP = re.compile(r"\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}", re.ASCII)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)


class HostUnknown(InvalidInput):
    """The request names a host this registry does not go by; it is not echoed."""


def origin_of(request: HttpRequest) -> Origin:
    """As `origin_from`, of Django's request."""
    return origin_from(request.META)


def origin_from(environ: dict[str, Any]) -> Origin:
    """Client address, user agent and request id of a request; a proxy's or client's request id is kept if it is plain.

    Found once per request and kept in its environ: the answer's header, the audit trail and the log name the same id.
    """
    found: Origin | None = environ.get(ORIGIN)
    if found is None:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        found = Origin(client_ip(environ), environ.get("HTTP_USER_AGENT", "")[:MAX_AGENT], request_id)
        environ[ORIGIN] = found
    return found


def client_ip(environ: dict[str, Any]) -> str | None:
    """The address of the nearest hop that is no trusted proxy, or None on a Unix socket without one."""
    hops = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    peer = _address(environ.get("REMOTE_ADDR", ""))
    while hops and _is_trusted(peer):
        peer = _hop(hops.pop())
        if peer is None:
            return None
    return None if peer is None else str(peer)


def external_origin(request: HttpRequest) -> str:
    """`scheme://host[:port]` the client used, if it is one of ours. Raises HostUnknown."""
    secure = request.META.get("wsgi.url_scheme") == "https"
    if _is_trusted(_address(request.META.get("REMOTE_ADDR", ""))):
        secure = request.META.get("HTTP_X_FORWARDED_PROTO", "https" if secure else "http") == "https"
    host = request.META.get("HTTP_HOST", "").lower()
    origin = f"{'https' if secure else 'http'}://{host}"
    if origin not in _known():
        raise HostUnknown("this registry does not go by that host name: add its URL to WHARF_EXTERNAL_URLS")
    return origin


def is_behind_proxy(request: HttpRequest) -> bool:
    """Whether a trusted proxy, which may be told where a file lies, handed us the request."""
    return _is_trusted(_address(request.META.get("REMOTE_ADDR", "")))


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(settings.WHARF_EXTERNAL_URLS)


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    return plain_address(text)


def _hop(text: str) -> Address | None:
    """What a proxy says who it was asked by."""
    found = _HOP.fullmatch(text)
    return _address(text if found is None else found[1] or found[2] or "")


def _is_trusted(peer: Address | None) -> bool:
    """No address at all means a Unix socket: whoever may open it is our proxy."""
    return peer is None or any(peer in network for network in settings.WHARF_TRUSTED_PROXIES)
