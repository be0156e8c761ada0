"""URLs as they come from people and from other hosts, parsed strictly and once.

What browsers and libraries read differently is refused: numbers that stand for addresses, names outside ASCII, userinfo,
backslashes, control characters. The parsed URL is the very one that is requested, so nothing is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import httpx2

from core.errors import OutgoingRefused

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
MAX_URL: Final = 8192
MAX_HOST: Final = 253

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([/?#].*)?", re.ASCII)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)
# Host names as they are in use, underscores of container networks included; no empty label, so no final dot.
_LABELS = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*+[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?",
    re.ASCII,
)
_NUMBER = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked for. `host` is lower case, an IPv6 address without its brackets."""

    url: httpx2.URL
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    @property
    def where(self) -> str:
        """For messages: the host, and the port where it is not the scheme's own. Paths and queries may hold secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse(text: str, *, schemes: Collection[str], ports: Collection[int]) -> Target:
    """The target of an absolute URL. Raises OutgoingRefused, whose message never repeats the URL."""
    if not text.isascii() or not text.isprintable() or len(text) > MAX_URL or {" ", "\\"} & set(text):
        raise OutgoingRefused(
            "the URL holds characters that do not belong there, or is too long: percent-encode them, and write "
            "an international host name in its xn-- form"
        )
    matched = _URL.fullmatch(text)
    if matched is None:
        raise OutgoingRefused("the URL is not of the form https://host/path")
    scheme = matched[1].lower()
    if scheme not in schemes:
        raise OutgoingRefused(f"URLs must begin with {' or '.join(f'{each}://' for each in sorted(schemes))}")
    host, port = _authority(matched[2], DEFAULT_PORTS[scheme])
    if port not in ports:
        listed = ", ".join(str(each) for each in sorted(ports))
        raise OutgoingRefused(f"port {port} is not one of those allowed for outgoing requests ({listed})")
    return _target(text, scheme, host, port)


def join(base: Target, location: str) -> str:
    """`location` (RFC 9110 §10.2.2) as an absolute URL, unchecked. Raises OutgoingRefused if it cannot be read at all."""
    try:
        return str(base.url.join(location).copy_with(fragment=None))
    except httpx2.InvalidURL:
        raise OutgoingRefused(f"{base.where} redirects to something that is no URL") from None


def _authority(text: str, default_port: int) -> tuple[str, int]:
    if "@" in text:
        raise OutgoingRefused("the URL must not hold a user name or password")
    matched = _AUTHORITY.fullmatch(text)
    if matched is None:
        raise OutgoingRefused("the URL's host or port cannot be read")
    port = default_port if matched[2] is None else int(matched[2])
    return _host(matched[1].lower()), port


def _host(text: str) -> str:
    try:
        if text.startswith("["):
            return str(IPv6Address(text[1:-1]))
        if _NUMBER.fullmatch(text.rpartition(".")[2]):
            # 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 are addresses to some readers and names to others.
            return str(IPv4Address(text))
    except AddressValueError:
        raise OutgoingRefused("the URL's host is not an address in its usual form") from None
    if len(text) > MAX_HOST or not _LABELS.fullmatch(text):
        raise OutgoingRefused("the URL's host is not a host name")
    return text


def _target(text: str, scheme: str, host: str, port: int) -> Target:
    try:
        url = httpx2.URL(text).copy_with(fragment=None)
    except httpx2.InvalidURL:
        raise OutgoingRefused("the URL cannot be read") from None
    read = (url.scheme, url.host, url.port or DEFAULT_PORTS[scheme])
    # An IPv6 address may be written in many ways; connected to is the one judged, which is this one.
    url = url.copy_with(host=host) if read[1] != host else url
    if (read[0], read[2], bool(url.userinfo)) != (scheme, port, False):
        raise OutgoingRefused("the URL can be read in two ways")
    return Target(url, scheme, host, port)
