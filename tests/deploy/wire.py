"""Raw bytes to a server and all its answers back, until it closes or says nothing more."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

QUIET = 1.5  # seconds without a byte: no further answer is coming
# Anywhere: an answer follows the body of the one before without a line end.
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")

Open = Callable[[], socket.socket]


@dataclass(frozen=True, slots=True)
class Said:
    """What came back on one connection. `statuses` are final ones; `closed` tells that the server ended it."""

    raw: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        found = [int(status) for status in STATUS.findall(self.raw)]
        return [status for status in found if status >= 200]


def by_tls(host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    name, _, port = host.rpartition(":")
    plain = socket.create_connection((name, int(port)), timeout=10)
    return context.wrap_socket(plain, server_hostname=name)


def by_unix(path: Path) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(10)
    opened.connect(str(path))
    return opened


def exchange(open_socket: Open, *parts: bytes, pause: float = 0.0) -> Said:
    """Send `parts` (with `pause` seconds between them) on a new connection and read what comes."""
    with closing(open_socket()) as connection:
        for part in parts:
            # A server that has closed already may still have answered.
            with suppress(OSError):
                connection.sendall(part)
            time.sleep(pause)
        return read(connection)


def read(connection: socket.socket) -> Said:
    """Everything until the server closes, or is quiet for QUIET seconds."""
    connection.settimeout(QUIET)
    raw = bytearray()
    while True:
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            return Said(bytes(raw), closed=False)
        except OSError:
            return Said(bytes(raw), closed=True)
        if not piece:
            return Said(bytes(raw), closed=True)
        raw += piece
