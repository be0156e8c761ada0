"""Servers on this machine that answer byte for byte what a test says, and remember what they were sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(slots=True)
class Conversation:
    """One connection, seen from the server."""

    connection: socket.socket
    server: Server

    def head(self) -> str:
        """The head of the next request, '' when the client has gone."""
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := self.connection.recv(1)):
                return ""
            received += more
        text = received.decode("latin-1")
        self.server.heads.append(text)
        return text

    def body(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length and (more := self.connection.recv(65_536)):
            received += more
        return bytes(received)

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)


Script = Callable[[Conversation], Any]


@dataclass(slots=True)
class Server:
    """`heads`: of all requests. `connections`: how many were accepted. `names`: what TLS clients asked for."""

    address: str
    port: int
    heads: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    connections: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", *, host: str = "", scheme: str = "http") -> str:
        return f"{scheme}://{host or self.address}:{self.port}{path}"


def always(answer: bytes) -> Script:
    """Answers every request without a body like that."""

    def script(talk: Conversation) -> None:
        while talk.head():
            talk.send(answer)

    return script


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@contextmanager
def serving(
    script: Script, *, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """`script` is run for every connection, in a thread of its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
        server = Server(address, listener.getsockname()[1])
        threading.Thread(target=_accept, args=(listener, server, script, tls), daemon=True).start()
        try:
            yield server
        finally:
            server.stopped.set()
            # accept() sleeps on although the socket is closed; a shutdown wakes it.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: Server, script: Script, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            server.connections += 1
            threading.Thread(target=_talk, args=(connection, server, script, tls), daemon=True).start()


def _talk(connection: socket.socket, server: Server, script: Script, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), connection:
        connection.settimeout(20)
        if tls is None:
            script(Conversation(connection, server))
            return
        tls.sni_callback = lambda _socket, name, _context: server.names.append(name)
        with tls.wrap_socket(connection, server_side=True) as secured:
            script(Conversation(secured, server))
