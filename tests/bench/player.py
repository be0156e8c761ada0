"""A load generator of our own, for machines without wrk or ab, for HTTP/1.1 HEADs with a query, and for warming up."""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bench.target import Answered, location
from tests.bench.workload import Exchanges, Workload

READ = 256 * 1024
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did: units of work `done` in `seconds`, latencies of single requests, and what went wrong."""

    done: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failed: int


@dataclass(slots=True)
class _Line:
    """One connection: what it asks, what it has read of the answer so far."""

    socket: socket.socket
    exchanges: Exchanges
    asked: float = 0.0
    head_only: bool = False
    read: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes) -> None:
        self.head_only = request.startswith(b"HEAD")
        self.read.clear()
        self.asked = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> Answered | None:
        """The answer once it is whole."""
        end = self.read.find(b"\r\n\r\n")
        if end < 0:
            return None
        status, fields = _head(bytes(self.read[:end]))
        body = len(self.read) - end - 4
        if "transfer-encoding" in fields:
            whole = self.head_only or self.read.endswith(LAST_CHUNK)
        else:
            whole = self.head_only or status == 204 or body >= int(fields.get("content-length", "0"))
        return Answered(status, location(fields.get("location", "")), b"") if whole else None


def _head(head: bytes) -> tuple[int, Mapping[str, str]]:
    first, *lines = head.decode("latin1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    created: int = 0
    failed: int = 0

    def count(self, answer: Answered, seconds: float) -> None:
        self.latencies.append(seconds)
        self.created += answer.status == 201
        self.failed += answer.status >= 400


def play(workload: Workload, port: int, *, connections: int, seconds: float) -> Load:
    """Closed loops on `connections` kept-alive connections. Raises OSError when the server hangs up."""
    tally, begun = _Tally(), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        lines = [_dial(port, workload, selector) for _ in range(connections)]
        try:
            while (now := time.perf_counter()) < begun + seconds:
                for key, _ in selector.select(begun + seconds - now):
                    _receive(key.data, tally)
        finally:
            for line in lines:
                line.socket.close()
    return _load(tally, time.perf_counter() - begun, workload)


def _dial(port: int, workload: Workload, selector: selectors.BaseSelector) -> _Line:
    dialled = socket.create_connection(("127.0.0.1", port), 30)
    dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line = _Line(dialled, workload.exchanges())
    selector.register(dialled, selectors.EVENT_READ, line)
    line.ask(next(line.exchanges))
    return line


def _receive(line: _Line, tally: _Tally) -> None:
    piece = line.socket.recv(READ)
    if not piece:
        raise ConnectionError("the server closed a connection it should have kept")
    line.read += piece
    if (answer := line.answer()) is not None:
        tally.count(answer, time.perf_counter() - line.asked)
        line.ask(line.exchanges.send(answer))


def _load(tally: _Tally, seconds: float, workload: Workload) -> Load:
    latencies = tally.latencies or [seconds]
    cuts = (
        statistics.quantiles(latencies, n=100, method="inclusive") if len(latencies) > 1 else latencies * 99
    )
    done = tally.created if workload.counts_creations else len(tally.latencies) - tally.failed
    return Load(done, seconds, cuts[49] * 1e3, cuts[94] * 1e3, cuts[98] * 1e3, tally.failed)
