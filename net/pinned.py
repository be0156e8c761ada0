"""Connections that go where they were judged to go: resolved once, checked, and opened to exactly that address.

TLS asks for and checks the certificate of the URL's host, whatever address it was found at, so a resolver that lies gains
nothing over https. Every wait is bounded by the deadline of the call it serves (net/deadlines.py).
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore2
import httpx2

from core.errors import OutgoingFailed, OutgoingTimeout, Stage
from net.addresses import Network
from net.deadlines import running
from net.resolving import Resolver, addresses
from net.sockets import connect, no_connection, tls_failure

# Small enough that a peer that takes a byte now and then is found out between two of them.
PIECE: Final = 64 * 1024
KEEPALIVE_SECONDS: Final = 5.0
MAX_IDLE: Final = 16


class Stream(httpcore2.NetworkStream):
    """A connected socket. Raises OutgoingTimeout, and httpcore2's errors for a connection that broke."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._socket = connection
        self._host = host

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline rules
        try:
            self._socket.settimeout(running().to_move(Stage.ANSWER))
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise OutgoingTimeout(f"{self._host} stopped sending", stage=Stage.ANSWER) from None
        except OSError as error:
            raise httpcore2.ReadError from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as read
        view = memoryview(buffer)
        try:
            while view:
                self._socket.settimeout(running().to_move(Stage.SEND))
                view = view[self._socket.send(view[:PIECE]) :]
        except TimeoutError:
            raise OutgoingTimeout(f"{self._host} stopped receiving", stage=Stage.SEND) from None
        except OSError as error:
            raise httpcore2.WriteError from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as read
    ) -> httpcore2.NetworkStream:
        try:
            self._socket.settimeout(running().to_connect(Stage.TLS))
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except (OSError, ValueError) as error:
            self.close()
            raise tls_failure(self._host, error) from None
        return Stream(secured, self._host)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return bool(poll.poll(0))
        return None


class Backend(httpcore2.NetworkBackend):
    """Opens TCP connections to judged addresses alone, and nothing else."""

    def __init__(self, *, allowed: Callable[[], Iterable[Network]], resolve: Resolver) -> None:
        self._allowed = allowed
        self._resolve = resolve

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> Stream:
        """Raises OutgoingRefused, OutgoingFailed, OutgoingTimeout."""
        deadline = running()
        found = addresses(host, resolve=self._resolve, allowed=self._allowed(), deadline=deadline)
        problems = []
        for address in found:
            try:
                connection = connect(address, port, deadline.to_connect(Stage.CONNECT))
            except OSError as error:
                problems.append(error)
            else:
                return Stream(connection, host)
        raise no_connection(host, port, problems[-1])

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        raise OutgoingFailed(f"{path!r} is a socket of this machine", stage=Stage.CONNECT)


class Transport(httpx2.HTTPTransport):
    """httpx2's transport over a pool that connects through `Backend`; it knows no proxies and no environment."""

    def __init__(self, backend: Backend, context: ssl.SSLContext) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=MAX_IDLE,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=backend,
        )
