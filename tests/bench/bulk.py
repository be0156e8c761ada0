"""Large blobs: how fast the bytes go, and what CPU the server spends on a gibibyte."""

from __future__ import annotations

import os
import selectors
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench import content, streams
from tests.bench.content import GIB, MIB, Stream
from tests.bench.plan import CPU, OTHERS, Measure, Measures, Metric, Sizes
from tests.bench.processes import Reading
from tests.bench.streams import Sender
from tests.bench.target import Target
from tests.bench.workload import Caller, salt

LIMIT_SECONDS = 120.0
# So many downloads read the whole blob; more share what four would read.
WHOLE_READERS = 4


class ShortBody(Exception):
    """A download ended before all bytes came, or was refused."""


def _measures(size: int, reading: Reading) -> Measures:
    return {
        Metric.RATE: size / reading.seconds / 1e9,
        CPU: reading.server / (size / GIB),
        OTHERS: reading.others,
    }


def push(send: Sender, parallel: int = 1) -> Measure:
    """One blob of `sizes.large` bytes in `parallel` equal parts, each a blob of its own on its own connection."""

    def measure(target: Target, sizes: Sizes) -> Measures:
        mark, size = salt(), sizes.large // parallel
        content.prepare(size)
        made = [Stream(size, f"{target.name} {mark} {number}") for number in range(parallel)]
        # What earlier pushes left to be written back would be paid for in this measurement.
        os.sync()
        meter = target.meter()
        with ThreadPoolExecutor(parallel) as pool:
            for _ in pool.map(lambda stream: streams.push_stream(target, stream, send), made):
                pass
        reading = meter.read()
        for stream in made:
            target.forget(stream.blob)
        return _measures(size * parallel, reading)

    return measure


def prepare_download(target: Target, sizes: Sizes) -> None:
    streams.large_blob(target, sizes.large)


def download(connections: int) -> Measure:
    """The large blob on so many connections at once, in one thread of this process."""

    def measure(target: Target, sizes: Sizes) -> Measures:
        blob = streams.large_blob(target, sizes.large)
        wanted = blob.size if connections <= WHOLE_READERS else blob.size * WHOLE_READERS // connections
        path = f"/v2/{target.pushed.repository}/blobs/{blob.digest}"
        request = Caller(
            target.host, {"Connection": "close", **target.pull(target.pushed.repository)}
        ).render("GET", path)
        meter = target.meter()
        received = _receive(target.port, request, connections=connections, wanted=wanted)
        return _measures(received, meter.read())

    return measure


def _receive(port: int, request: bytes, *, connections: int, wanted: int) -> int:
    """Bytes read until every connection has `wanted` of them. Raises ShortBody."""
    selector, buffer = selectors.DefaultSelector(), bytearray(MIB)
    for _ in range(connections):
        reading = socket.create_connection(("127.0.0.1", port), 30)
        reading.sendall(request)
        reading.setblocking(False)
        selector.register(reading, selectors.EVENT_READ, [0])
    total, deadline = 0, time.monotonic() + LIMIT_SECONDS
    with selector:
        while selector.get_map():
            if time.monotonic() > deadline:
                raise ShortBody(f"not done after {LIMIT_SECONDS:.0f} s")
            for key, _ in selector.select(5):
                total += _read(key, buffer, wanted, selector)
    return total


def _read(
    key: selectors.SelectorKey, buffer: bytearray, wanted: int, selector: selectors.BaseSelector
) -> int:
    reading, received = key.fileobj, key.data
    assert isinstance(reading, socket.socket)
    length = reading.recv_into(buffer)
    if not received[0] and not buffer[:12].endswith(b"200"):
        raise ShortBody(bytes(buffer[:300]).decode(errors="replace"))
    received[0] += length
    if received[0] >= wanted or not length:
        selector.unregister(reading)
        reading.close()
        if received[0] < wanted:
            raise ShortBody(f"{received[0]} of {wanted} bytes")
    return length
