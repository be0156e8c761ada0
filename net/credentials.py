"""Credentials that know where they belong, so that no caller has to remember it.

They travel to hosts of the same registrable domain (registry.example.co.uk and auth.example.co.uk, not
other.co.uk), and never from https down to http. Source of the domains: the public suffix list.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList
from pydantic import SecretStr

from core.errors import OutgoingRefused
from net.targets import Target


@dataclass(frozen=True, slots=True)
class Credentials:
    """A value of the Authorization header for the host `home`. `secure`: they are for https alone."""

    home: str
    secure: bool
    value: SecretStr

    @classmethod
    def basic(cls, home: Target, user: str, password: str) -> Credentials:
        """RFC 7617, UTF-8. Raises OutgoingRefused for a user name with a colon, which ends it."""
        if ":" in user:
            raise OutgoingRefused("a user name for Basic authentication must not hold a colon")
        pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        return cls(home.host, home.scheme == "https", SecretStr(f"Basic {pair}"))

    @classmethod
    def bearer(cls, home: Target, token: str) -> Credentials:
        """RFC 6750."""
        return cls(home.host, home.scheme == "https", SecretStr(f"Bearer {token}"))

    def may_go_to(self, target: Target) -> bool:
        return same_site(self.home, target.host) and (target.scheme == "https" or not self.secure)


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong together: equal, or names below one registrable domain. Addresses only equal themselves."""
    if one == other:
        return True
    if _is_address(one) or _is_address(other):
        return False
    domain = _suffixes().privatesuffix(one)
    return domain is not None and domain == _suffixes().privatesuffix(other)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
