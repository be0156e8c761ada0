"""Connections to a syslog server: frames out (RFC 5425 §4.3, RFC 6587 §3.4.1), and an end that proves that they were read.

Syslog has no acknowledgements. What a server proves is this: after our end of stream it ends its own side without a reset. A
kernel resets a connection whose program closed it, or died, with bytes unread; so all of them were read.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Final, Protocol

from audit.forward.target import Target, Transport
from core.errors import OutgoingFailed, Stage
from net import streams
from net.resolving import judged
from net.sockets import trust

CONNECT_SECONDS: Final = 5.0
SEND_SECONDS: Final = 30.0
END_SECONDS: Final = 10.0
PIECE: Final = 16 * 1024


class Unsaid(OSError):
    """The server's end was not signed by its TLS."""


class Wire(Protocol):
    """A way to a server. All but `is_open` and `cut` raise OSError or OutgoingFailed."""

    def send(self, messages: Sequence[bytes]) -> None:
        """Hand them to the network."""

    def is_open(self) -> bool:
        """Whether the server has not ended its side."""

    def end(self, *, insisting: bool = False) -> bool:
        """Returns when the server has read everything: whether it said so in TLS. `insisting`: nothing else will do."""

    def cut(self) -> None:
        """Let go of it, whatever becomes of what was sent."""


def opened(target: Target) -> Wire:
    """Raises OutgoingFailed, OutgoingTimeout, OutgoingRefused, ValueError for authorities that are none."""
    endpoint = target.endpoint
    if endpoint.transport is Transport.UDP:
        return Datagrams(target)
    plain = streams.connect(endpoint.host, endpoint.port, CONNECT_SECONDS, allowed=target.allowed)
    if endpoint.transport is Transport.TCP:
        return Stream(plain, endpoint.host)
    context = _context(target)
    return Stream(
        streams.secure(plain, target.server_name or endpoint.host, context, CONNECT_SECONDS), endpoint.host
    )


def _context(target: Target) -> ssl.SSLContext:
    """With authorities of its own, a server is trusted for nobody else's signature."""
    if not target.authorities:
        return trust()
    try:
        context = trust(target.authorities, alone=True)
    except ValueError:
        raise ValueError("there is no certificate in audit_log_forward_ca") from None
    # A private authority's certificates are often as plain as OpenSSL made them for twenty years.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class Stream:
    """TCP, with or without TLS."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._socket = connection
        self._host = host
        self._socket.settimeout(SEND_SECONDS)

    def send(self, messages: Sequence[bytes]) -> None:
        data = memoryview(b"".join(b"%d %b" % (len(message), message) for message in messages))
        while data:
            data = data[self._socket.send(data[:PIECE]) :]

    def is_open(self) -> bool:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(0):
            return True
        self._socket.settimeout(0)
        try:
            return bool(self._socket.recv(PIECE))
        except (BlockingIOError, ssl.SSLWantReadError):  # TLS has things of its own to say, tickets for one
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(SEND_SECONDS)

    def end(self, *, insisting: bool = False) -> bool:
        ends = time.monotonic() + END_SECONDS
        try:
            self._socket.settimeout(END_SECONDS)
            plain = _unwrapped(self._socket)
            if plain is None and insisting:
                raise Unsaid(
                    "the connection ended without the end of TLS, which this server has sent before: is somebody in between?"
                )
            if plain is not None:
                plain.shutdown(socket.SHUT_WR)
                _read_out(plain, ends)
            return plain is not None and isinstance(self._socket, ssl.SSLSocket)
        finally:
            self.cut()

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()


def _unwrapped(connection: socket.socket) -> socket.socket | None:
    """What is left without TLS, once both sides have said that they end; None when the server has ended all of it."""
    if not isinstance(connection, ssl.SSLSocket):
        return connection
    try:
        return connection.unwrap()
    except ssl.SSLEOFError:  # GnuTLS servers, rsyslog's among them, say nothing and close
        return None
    except ssl.SSLError as error:
        if error.reason == "UNEXPECTED_EOF_WHILE_READING":
            return None
        raise


def _read_out(connection: socket.socket, ends: float) -> None:
    """Until the other side's end. Raises OSError, TimeoutError; ConnectionResetError when it has not read everything."""
    while (left := ends - time.monotonic()) > 0:
        connection.settimeout(left)
        if not connection.recv(PIECE):
            return
    raise TimeoutError("the server does not end the connection")


class Datagrams:
    """UDP: whatever is sent counts as arrived."""

    def __init__(self, target: Target) -> None:
        endpoint = target.endpoint
        address = judged(endpoint.host, CONNECT_SECONDS, target.allowed)[0]
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(SEND_SECONDS)
        try:
            self._socket.connect((str(address), endpoint.port))
        except OSError as error:
            self.cut()
            raise OutgoingFailed(f"{endpoint} cannot be reached", stage=Stage.CONNECT) from error

    def send(self, messages: Sequence[bytes]) -> None:
        for message in messages:
            self._socket.send(message)

    def is_open(self) -> bool:
        return True

    def end(self, *, insisting: bool = False) -> bool:  # noqa: ARG002 - there is nothing to insist on
        self.cut()
        return False

    def cut(self) -> None:
        self._socket.close()
