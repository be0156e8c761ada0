"""Hundreds of clients that move 64 KiB a second, and what is left for the others."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.bench import pushing, streams
from tests.bench.content import MIB, PAD, Stream
from tests.bench.generators import generate
from tests.bench.plan import FAILED, OTHERS, P99, Measure, Measures, Metric, Sizes
from tests.bench.requests import by_tag
from tests.bench.target import Target
from tests.bench.workload import Caller, salt

PIECE = 16 * 1024
PERIOD = 0.25
SOCKET_BUFFER = 32 * 1024
UPLOAD_BYTES = 64 * MIB
CONNECTIONS = 4
LOAD_SECONDS = 4
SETTLE_SECONDS = 2.0
WARM_UP_BYTES = 4 * MIB
WARM_UP_SECONDS = 1

# The locations of sessions to cancel afterwards are added to the list.
Requests = Callable[[Target, Sizes, list[str]], Iterator[bytes]]
Move = Callable[[socket.socket], int]


def downloads(target: Target, sizes: Sizes, _opened: list[str]) -> Iterator[bytes]:
    """Each slow client asks for the large blob."""
    blob = streams.large_blob(target, sizes.large)
    caller = Caller(target.host, target.pull(target.pushed.repository))
    for _ in range(sizes.clients):
        yield caller.render("GET", f"/v2/{target.pushed.repository}/blobs/{blob.digest}")


def uploads(target: Target, sizes: Sizes, opened: list[str]) -> Iterator[bytes]:
    """Each slow client has a session of its own and announces 64 MiB."""
    repository = target.pushed.repository
    fields = (
        f"Host: {target.host}\r\nContent-Type: application/octet-stream\r\nContent-Length: {UPLOAD_BYTES}\r\n"
        f"Content-Range: 0-{UPLOAD_BYTES - 1}\r\n"
    ) + "".join(f"{name}: {value}\r\n" for name, value in target.push(repository).items())
    connection = target.connection()
    for _ in range(sizes.clients):
        opened.append(pushing.start_upload(target, repository, connection))
        yield f"PATCH {opened[-1]} HTTP/1.1\r\n{fields}\r\n".encode()
    connection.close()


def _cancel(target: Target, opened: list[str]) -> None:
    """Open sessions count against the caller; what is left of them is no matter of ours, whatever the answers are."""
    time.sleep(SETTLE_SECONDS if opened else 0)
    connection = target.connection()
    for place in opened:
        connection.request("DELETE", place, headers=target.push(target.pushed.repository))
        connection.getresponse().read()
    connection.close()


def read_some(client: socket.socket) -> int:
    """Bytes moved; 0 at the end of the stream."""
    return len(client.recv(PIECE))


def write_some(client: socket.socket) -> int:
    return client.send(PAD[:PIECE])


@dataclass(slots=True)
class Crowd:
    """Slow clients on a thread of their own. `served` holds the clients that moved bytes, `lost` those cut off."""

    clients: list[socket.socket]
    move: Move
    served: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.is_set():
            begun = time.monotonic()
            for number, client in enumerate(self.clients):
                if number not in self.lost:
                    self._turn(number, client)
            self.over.wait(max(0.0, PERIOD - (time.monotonic() - begun)))

    def _turn(self, number: int, client: socket.socket) -> None:
        try:
            moved = self.move(client)
        except BlockingIOError:
            return
        except OSError:
            moved = 0
        (self.served if moved else self.lost).add(number)


@contextlib.contextmanager
def crowd(port: int, requests: Iterator[bytes], move: Move) -> Iterator[Crowd]:
    """All clients connected and moving; hung up at the end."""
    clients: list[socket.socket] = []
    try:
        clients.extend(_dial(port, request) for request in requests)
        made = Crowd(clients, move)
        thread = threading.Thread(target=made.run)
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            thread.join()
    finally:
        for client in clients:
            client.close()


def _dial(port: int, request: bytes) -> socket.socket:
    client = socket.socket()
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        client.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.sendall(request)
    client.setblocking(False)
    return client


def slow_clients(requests: Requests, move: Move) -> Measure:
    """Growth of the server's memory, and the rate of manifest GETs by four others beside what it was before."""

    def measure(target: Target, sizes: Sizes) -> Measures:
        streams.large_blob(target, sizes.large)
        target.restart()
        _use(target, sizes)
        meter = target.meter()
        before = generate(
            by_tag("GET")(target, sizes), target.port, connections=CONNECTIONS, seconds=LOAD_SECONDS
        )
        memory = target.memory()
        opened: list[str] = []
        with crowd(target.port, requests(target, sizes, opened), move) as slow:
            time.sleep(SETTLE_SECONDS)
            workload = by_tag("GET")(target, sizes)
            during = generate(workload, target.port, connections=CONNECTIONS, seconds=LOAD_SECONDS)
            grown = target.memory() - memory
            served, lost = len(slow.served), len(slow.lost)
        others = meter.read().others
        _cancel(target, opened)
        return {
            Metric.GROWTH: grown,
            Metric.KEPT: 100 * (during.done / during.seconds) / (before.done / before.seconds),
            "rate_before": before.done / before.seconds,
            "rate_during": during.done / during.seconds,
            P99: during.p99_ms,
            FAILED: during.failed + lost,
            "served": served,
            OTHERS: others,
        }

    return measure


def _use(target: Target, sizes: Sizes) -> None:
    """A push, a download and a second of reads: what counts is the slow clients' cost, not that of first requests."""
    blob = streams.push_stream(target, Stream(WARM_UP_BYTES, f"{target.name} {salt()}"), streams.in_chunks)
    repository = target.pushed.repository
    target.request(
        "GET", f"/v2/{repository}/blobs/{blob.digest}", headers=target.pull(repository), expect=200
    )
    generate(by_tag("GET")(target, sizes), target.port, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
