"""A 20 GB layer goes through while the memory of the workers stays flat. Minutes long: `pytest -m stress`."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import make_project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf

pytestmark = pytest.mark.stress

GIB = 1024**3
LAYER = int(os.environ.get("STRESS_LAYER_BYTES", 20 * GIB))
PIECE = 1 << 20
ALLOWED_GROWTH = 64 << 20
# The store holds the staged file alone: it is renamed into place, never copied.
NEEDED = LAYER + 2 * GIB


def pieces() -> Iterator[bytes]:
    """LAYER bytes, never in memory at once; each piece differs, so that nothing can be folded together."""
    block = bytearray(os.urandom(PIECE))
    for number in range(LAYER // PIECE):
        block[:8] = number.to_bytes(8, "big")
        yield bytes(block)
    yield bytes(LAYER % PIECE)


class Hashed:
    """An iterable of the layer's pieces that hashes what it gives away."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in pieces():
            self.digest.update(piece)
            yield piece


class Memory(threading.Thread):
    """Samples the memory of the server's gunicorn processes twice a second."""

    def __init__(self, server: Wharf) -> None:
        super().__init__(daemon=True)
        assert server.process is not None
        self.root = server.process.pid
        self.samples: list[int] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.samples.append(self.now())

    def now(self) -> int:
        """Sum of the proportional set sizes, in bytes, of all gunicorn processes below `wharf up`."""
        return sum(_pss(pid) for pid in _descendants(self.root) if "gunicorn" in _command(pid))

    def growth(self) -> int:
        return max(self.samples) - self.samples[0]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _descendants(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [root]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


@pytest.fixture
def roomy() -> Iterator[Wharf]:
    server = Wharf()
    free = shutil.disk_usage(server.root).free
    if free < NEEDED:
        server.remove()
        pytest.skip(
            f"{NEEDED // GIB} GiB of free space are needed below {server.root.parent}, {free // GIB} are free"
        )
    try:
        server.start()
        make_project(server, "stress")
        yield server
    finally:
        server.remove()


def test_a_layer_of_twenty_gigabytes_passes_with_flat_memory(roomy: Wharf) -> None:
    layer = Hashed()
    with Registry(roomy.url, roomy.admin, timeout=600) as client:
        scope = client.push_scope("stress/big")
        # One small push first: what a worker loads once in its life is no growth.
        assert client.push_blob("stress/big", b"warm").status_code == 201
        location = client.start_upload("stress/big")
        memory = Memory(roomy)
        memory.samples.append(memory.now())
        assert memory.samples[0] > 0
        memory.start()
        assert client.request("PATCH", location, scope=scope, content=layer).status_code == 202
        digest = f"sha256:{layer.digest.hexdigest()}"
        separator = "&" if "?" in location else "?"
        put = client.request("PUT", f"{location}{separator}digest={digest}", scope=scope)
        assert put.status_code == 201, put.text
        _pull(client, digest)
        memory.over.set()
        memory.join()
    assert memory.growth() < ALLOWED_GROWTH, (
        f"grew by {memory.growth() >> 20} MiB over {len(memory.samples)} samples"
    )


def _pull(client: Registry, digest: str) -> None:
    """Read the layer back without keeping it; AssertionError when its digest differs."""
    started = time.monotonic()
    headers = {"Authorization": client.authorization("repository:stress/big:pull")}
    seen = hashlib.sha256()
    with client.http.stream("GET", f"/v2/stress/big/blobs/{digest}", headers=headers) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_bytes(PIECE):
            seen.update(piece)
    assert f"sha256:{seen.hexdigest()}" == digest, f"after {time.monotonic() - started:.0f} s"
