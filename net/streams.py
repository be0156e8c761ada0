"""Connections for protocols other than HTTP: directories, whose library is given a socket, and servers of logs.

They go to hosts that an administrator named for this very purpose, so that no address is refused unless the caller says which.
Every step is bounded as a whole, not byte by byte.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Final

from net.addresses import Network
from net.resolving import MAX_ADDRESSES, judged, lookup
from net.sockets import connect as connect_to
from net.sockets import no_connection, tls_failure

PIECE: Final = 16 * 1024
MAX_WAITING: Final = 256 * 1024


def connect(
    host: str, port: int, seconds: float, *, allowed: Iterable[Network] | None = None
) -> socket.socket:
    """A TCP connection to the first address of `host` that takes one, all within `seconds`, which stay its time-out.

    `allowed`: the networks that are not public and may be connected to nevertheless; None for any address.
    Raises OutgoingFailed, OutgoingTimeout; their `stage` tells which step failed. Raises OutgoingRefused for `allowed`.
    """
    ends = time.monotonic() + seconds
    addresses = (lookup(host, seconds) if allowed is None else judged(host, seconds, allowed))[:MAX_ADDRESSES]
    problem = OSError()
    for tried, address in enumerate(addresses):
        try:
            # One that does not answer leaves the others their share.
            share = max(ends - time.monotonic(), 0.001) / (len(addresses) - tried)
            return connect_to(address, port, share)
        except OSError as error:
            problem = error
    raise no_connection(host, port, problem)


def secure(connection: socket.socket, host: str, context: ssl.SSLContext, seconds: float) -> ssl.SSLSocket:
    """The connection in TLS, its certificate checked as `context` says. Not blocking. Raises OutgoingFailed, OutgoingTimeout.

    On failure the connection is closed.
    """
    ends = time.monotonic() + seconds
    connection.setblocking(False)
    try:
        secured = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:
        connection.close()
        raise tls_failure(host, error) from None
    try:
        while not _shaken(secured):
            _wait(secured, ends - time.monotonic())
    except (OSError, ValueError) as error:
        secured.close()
        raise tls_failure(host, error) from None
    return secured


def _shaken(secured: ssl.SSLSocket) -> bool:
    try:
        secured.do_handshake()
    except ssl.SSLWantReadError:
        return False
    # SSLWantWriteError: a handshake fits into an empty socket's buffer, so it never comes first; waiting reads is right.
    except ssl.SSLWantWriteError:
        return False
    return True


def _wait(secured: ssl.SSLSocket, seconds: float) -> None:
    poll = select.poll()
    poll.register(secured, select.POLLIN)
    if seconds <= 0 or not poll.poll(seconds * 1000):
        raise TimeoutError


def relayed(secured: ssl.SSLSocket, seconds: float) -> socket.socket:
    """A socket for a library that speaks in the clear: what it writes goes out over `secured`, and the other way round.

    A thread carries the bytes until either side hangs up, `seconds` at most; then both are closed.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    relay = _Relay(theirs, secured, time.monotonic() + seconds)
    threading.Thread(target=relay.run, name="tls relay", daemon=True).start()
    return ours


class _Relay:
    """Bytes on their way: `outgoing` to the server, `incoming` from it."""

    def __init__(self, plain: socket.socket, secured: ssl.SSLSocket, ends: float) -> None:
        self._plain = plain
        self._secured = secured
        self._ends = ends
        self._outgoing = bytearray()
        self._incoming = bytearray()

    def run(self) -> None:
        try:
            while self._waited():
                more = self._read_secured()
                self._write(self._plain, self._incoming)
                more = self._read_plain() and more
                self._write(self._secured, self._outgoing)
                if not more and not self._incoming:
                    return
        except (
            OSError
        ):  # ssl.SSLError is one: the connection broke, which the library learns from its own end
            return
        finally:
            self._plain.close()
            self._secured.close()

    def _waited(self) -> bool:
        """Whether there is something to do before the time is over."""
        poll = select.poll()
        poll.register(self._secured, _events(self._incoming, self._outgoing))
        poll.register(self._plain, _events(self._outgoing, self._incoming))
        left = self._ends - time.monotonic()
        # What OpenSSL has decrypted already, no poll tells of.
        if self._secured.pending() and len(self._incoming) < MAX_WAITING:
            return left > 0
        return left > 0 and bool(poll.poll(left * 1000))

    def _read_secured(self) -> bool:
        """Whether more may come."""
        if len(self._incoming) >= MAX_WAITING:
            return True
        try:
            piece = self._secured.recv(PIECE)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        self._incoming += piece
        return bool(piece)

    def _read_plain(self) -> bool:
        if len(self._outgoing) >= MAX_WAITING:
            return True
        try:
            piece = self._plain.recv(PIECE)
        except BlockingIOError:
            return True
        self._outgoing += piece
        return bool(piece)

    @staticmethod
    def _write(to: socket.socket, waiting: bytearray) -> None:
        if not waiting:
            return
        try:
            del waiting[: to.send(waiting[:PIECE])]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return


def _events(arriving: bytearray, leaving: bytearray) -> int:
    reads = select.POLLIN if len(arriving) < MAX_WAITING else 0
    return reads | (select.POLLOUT if leaving else 0)
