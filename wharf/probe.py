"""Asks the server of this environment how it is, by TCP or by its unix socket."""

from __future__ import annotations

import contextlib
import http.client
import socket

from wharf.environment import Environment

TIMEOUT = 5.0
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not bound


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def answers(environment: Environment, path: str) -> bool:
    """Whether a GET of `path` (/livez, /readyz) gives 200."""
    with contextlib.closing(_connection(environment)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _connection(environment: Environment) -> http.client.HTTPConnection:
    if environment.socket is not None:
        return _UnixConnection(str(environment.socket))
    return http.client.HTTPConnection(
        ANY.get(environment.bind, environment.bind), environment.port, timeout=TIMEOUT
    )
