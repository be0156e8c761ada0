"""A connection to one server of a directory: bounded in time, encrypted as the settings say, verified.

libldap is given a socket that is connected, and encrypted where it has to be. Left to itself it would look names up without a
limit in time, wait for a TLS handshake without one (built with GnuTLS, as Debian's is, at full load of a processor), and check
another name than the one in ldap_url if that is localhost.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import ldap

from accounts.ldap import starttls
from accounts.ldap.limits import Deadline
from accounts.ldap.settings import DirectorySettings
from core.errors import DirectoryUnavailable, OutgoingFailed, Stage, WharfError
from net import streams
from net.sockets import trust

LDAP_PORT: Final = 389
LDAPS_PORT: Final = 636
HINTS: Final = {
    Stage.RESOLVE: "check the host in ldap_url, and this machine's DNS",
    Stage.CONNECT: "check host and port in ldap_url, that the directory runs, and firewalls in between",
    Stage.TLS: "see whether the port speaks TLS (ldaps://) at all, in version 1.2 or newer",
}
# What OpenSSL says of a certificate, and what to do about it.
CERTIFICATES: Final = (
    (
        ("self-signed", "self signed", "unable to get", "signature failure"),
        "it is not signed by a known authority: set ldap_ca_certificates",
    ),
    (("expired",), "renew the directory's certificate"),
    (("not yet valid",), "check the clocks of both machines"),
    (("mismatch", "not valid for"), "name in ldap_url a host that the certificate is for"),
)


class Connection:
    """A connected socket and the library that speaks over it, which owns it. `ldap`: python-ldap's object, not bound."""

    def __init__(self, url: str, connected: socket.socket) -> None:
        # libldap closes the descriptor, when it is told to hang up or when the connection broke.
        connected.setblocking(True)
        descriptor = connected.detach()
        # The scheme tells the library what to do with the socket: nothing.
        self.ldap: Any = ldap.initialize(url.replace("ldaps:", "ldap:", 1), fileno=descriptor)
        self.ldap.protocol_version = ldap.VERSION3
        # A server that refers elsewhere would have the search account's password sent to whatever it names.
        self.ldap.set_option(ldap.OPT_REFERRALS, 0)

    def bound(self, seconds: float) -> None:
        """How long each answer may take from now on."""
        self.ldap.set_option(ldap.OPT_TIMEOUT, seconds)

    def close(self) -> None:
        with contextlib.suppress(ldap.LDAPError):
            self.ldap.unbind_ext_s()


def connect(url: str, settings: DirectorySettings, connecting: Deadline, until: Deadline) -> Connection:
    """A connection to the server at `url`, ready when `connecting` ends and gone when `until` does.

    Raises DirectoryUnavailable.
    """
    try:
        if not is_secure(url, settings):
            return Connection(url, streams.connect(*address(url), connecting.left()))
        secured = handshake(url, settings, connecting)
        return Connection(url, streams.relayed(secured, until.left()))
    except OutgoingFailed as error:
        raise unreached(error) from None


def handshake(url: str, settings: DirectorySettings, connecting: Deadline) -> ssl.SSLSocket:
    """The server's socket in TLS. Raises DirectoryUnavailable, OutgoingFailed."""
    host, port = address(url)
    connected = streams.connect(host, port, connecting.left())
    try:
        if settings.start_tls:
            starttls.begin(connected, url, connecting.left())
        return streams.secure(connected, host, context(settings), connecting.left())
    except WharfError:
        connected.close()
        raise


def address(url: str) -> tuple[str, int]:
    """Host and port."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (LDAPS_PORT if parts.scheme == "ldaps" else LDAP_PORT)


def is_secure(url: str, settings: DirectorySettings) -> bool:
    """Whether all but the request for it is encrypted."""
    return url.startswith("ldaps:") or settings.start_tls


def unreached(error: OutgoingFailed) -> DirectoryUnavailable:
    """A step of connecting that failed, with what to do about it."""
    found = (text for words, text in CERTIFICATES if any(word in error.message for word in words))
    usual = HINTS.get(error.stage, "")
    return DirectoryUnavailable(error.message, hint=next(found, usual) if error.stage is Stage.TLS else usual)


def context(settings: DirectorySettings) -> ssl.SSLContext:
    """How certificates are checked. Raises DirectoryUnavailable."""
    return _verified(settings.authorities) if settings.verify else _unverified()


@lru_cache(maxsize=4)
def _verified(authorities: str) -> ssl.SSLContext:
    try:
        made = trust(authorities)
    except ValueError:
        raise DirectoryUnavailable(
            "ldap_ca_certificates holds no certificate", hint="give the authority's certificate in PEM"
        ) from None
    # An authority that was given is trusted, whether or not another one signed it.
    made.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return made


@lru_cache(maxsize=1)
def _unverified() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made
