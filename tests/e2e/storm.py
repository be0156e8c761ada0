"""Pulls as fast as one process can ask for them, with kills in between; each answer is read whole and compared.

The client is a plain loop over sockets: an HTTP library would take most of the machine for itself.
"""

from __future__ import annotations

import random
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.e2e.registry import MANIFEST_TYPES, Registry
from tests.e2e.server import Wharf

READ = 64 * 1024
END = b"\r\n\r\n"
STALLED_SECONDS = 120.0
ASK_AGAIN_SECONDS = 0.05
# Tokens live for half an hour or less, and may be refused while the database is away.
RENEW_SECONDS = 1.0


@dataclass(slots=True)
class Line:
    """One connection. `asked`: a request is under way, which may be noted whatever becomes of its answer."""

    socket: socket.socket
    asked: bool = False
    read: bytearray = field(default_factory=bytearray)


class Storm:
    """`lines` connections that pull one manifest by turns by tag and by digest.

    `whole`: answers 200 that came whole; `broken`: requests whose connection ended before; `refused`: other statuses.
    """

    def __init__(self, server: Wharf, name: str, body: bytes, digest: str, *, lines: int) -> None:
        self._server, self._name, self._body = server, name, body
        self._paths = (f"/v2/{name}/manifests/1", f"/v2/{name}/manifests/{digest}")
        self._requests: list[bytes] = []
        self._renewed_at = float("-inf")
        self._selector = selectors.DefaultSelector()
        self._lines = lines
        self._asked = 0
        self.whole = self.broken = 0
        self.refused: Counter[int] = Counter()

    def run(self, pulls: int, between: Callable[[int], None]) -> float:
        """Until so many came whole and nothing is under way; tells `between` how many, all the time. Seconds taken.

        Raises AssertionError when nothing moves any more, or a body is not that of the manifest.
        """
        begun = moved = time.monotonic()
        self._renew()
        for _ in range(self._lines):
            self._dial()
        while self.whole < pulls or any(key.data.asked for key in self._selector.get_map().values()):
            before = self.whole
            for key, _ in self._selector.select(0.05):
                self._receive(key.data, more=self.whole < pulls)
            between(self.whole)
            now = time.monotonic()
            moved = now if self.whole > before else moved
            assert now - moved < STALLED_SECONDS, self._server.last_words()
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()
        return time.monotonic() - begun

    def _renew(self) -> None:
        """A token, from which the two requests are made."""
        if time.monotonic() - self._renewed_at < RENEW_SECONDS:
            return
        with Registry(self._server.url, self._server.admin) as client:
            token = client.authorization(f"repository:{self._name}:pull")
        self._renewed_at = time.monotonic()
        heads = f"Host: {self._server.host}\r\nAuthorization: {token}\r\nAccept: {MANIFEST_TYPES}\r\nUser-Agent: storm\r\n"
        self._requests = [f"GET {path} HTTP/1.1\r\n{heads}\r\n".encode() for path in self._paths]

    def _dial(self) -> None:
        dialled = socket.create_connection(("127.0.0.1", self._server.port), 30)
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = Line(dialled)
        self._selector.register(dialled, selectors.EVENT_READ, line)
        self._ask(line)

    def _ask(self, line: Line) -> None:
        self._asked += 1
        line.read.clear()
        line.asked = True
        try:
            line.socket.sendall(self._requests[self._asked % 2])
        except OSError:
            self._break(line, more=True)

    def _break(self, line: Line, *, more: bool) -> None:
        self._selector.unregister(line.socket)
        line.socket.close()
        self.broken += line.asked
        if more:
            self._dial()

    def _receive(self, line: Line, *, more: bool) -> None:
        try:
            piece = line.socket.recv(READ)
        except OSError:
            piece = b""
        if not piece:
            self._break(line, more=more)
            return
        line.read += piece
        if not self._is_whole(line):
            return
        line.asked = False
        if more:
            self._ask(line)

    def _is_whole(self, line: Line) -> bool:
        """Whether the answer is; counted if so."""
        end = line.read.find(END)
        if end < 0:
            return False
        head = bytes(line.read[:end]).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        if len(line.read) < end + len(END) + length:
            return False
        if head.startswith(b"http/1.1 200 "):
            assert line.read.endswith(self._body), "an answer of 200 is not the manifest"
            self.whole += 1
        else:
            self._refused(int(head[9:12]))
        return True

    def _refused(self, status: int) -> None:
        self.refused[status] += 1
        if status == 401:
            self._renew()
        else:
            time.sleep(ASK_AGAIN_SECONDS)


class Killer:
    """Kills one of `weights` after every so many pulls that came whole, within bounds `every`. `kills`: how many of each.

    By pulls and not by the clock: where a worker takes long to start, none would live to answer anything.
    """

    def __init__(
        self, kill: Callable[[str], int], weights: dict[str, float], *, every: tuple[int, int]
    ) -> None:
        self._kill, self._weights, self._every = kill, weights, every
        self._dice = random.Random(3)
        self._due = self._dice.randint(*every)
        self.kills = dict.fromkeys(weights, 0)

    def __call__(self, whole: int) -> None:
        if whole < self._due:
            return
        name = self._dice.choices(tuple(self._weights), tuple(self._weights.values()))[0]
        self.kills[name] += self._kill(name)
        self._due = whole + self._dice.randint(*self._every)
