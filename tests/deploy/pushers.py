"""Eight clients that push without pause and try again where docker does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from tests.e2e.registry import Registry
from tests.images import Content, Image, image

# docker's upload manager: five attempts for a layer, the pause growing (5 s each time there; shorter here, which is harder).
ATTEMPTS = 5
PAUSE = 0.5
TRANSIENT = (429, 500, 502, 503, 504)


class PushFailed(Exception):
    """docker would have printed an error and ended with status 1."""


@dataclass
class Tally:
    """What the pushers saw. `retried` counts attempts that had to be made again."""

    pushed: int = 0
    retried: int = 0
    failures: list[str] = field(default_factory=list)


def push(registry: Registry, repository: str, tag: str, tally: Tally) -> Image:
    """Push one new image as docker does: its layers, each retried, then the manifest."""
    made = image({"layer": os.urandom(300_000)}, {"small": os.urandom(100)})
    for blob in made.blobs:
        _push_layer(registry, repository, blob, tally)
    answer = _unless_stale(lambda: registry.put_manifest(repository, tag, made.manifest))
    if answer.status_code != 201:
        raise PushFailed(f"manifest: {answer.status_code} {answer.text}")
    return made


def _push_layer(registry: Registry, repository: str, blob: Content, tally: Tally) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = registry.push_blob(repository, blob.data)
        except httpx2.TransportError as error:
            seen = repr(error)
        else:
            if answer.status_code == 201:
                return
            seen = f"{answer.status_code} {answer.text}"
            if answer.status_code not in TRANSIENT:
                raise PushFailed(f"layer: {seen}")
        tally.retried += 1
        time.sleep(PAUSE * attempt)
    raise PushFailed(f"layer, {ATTEMPTS} times: {seen}")


def _unless_stale(send: Callable[[], httpx2.Response]) -> httpx2.Response:
    """Once more where a kept connection was closed before any answer: Go's http.Transport does that by itself."""
    try:
        return send()
    except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
        return send()


@contextmanager
def pushing(new_client: Callable[[], Registry], repository: str, clients: int = 8) -> Iterator[Tally]:
    """Pushers work while the block runs; every push they began is finished before it is left."""
    tally, enough = Tally(), threading.Event()

    def work(number: int) -> None:
        with new_client() as registry:
            for turn in range(100_000):
                if enough.is_set():
                    return
                try:
                    made = push(registry, f"{repository}{number}", f"t{turn}", tally)
                    found = registry.get_manifest(f"{repository}{number}", f"t{turn}")
                    assert found.content == made.manifest.data
                    tally.pushed += 1
                except (PushFailed, httpx2.HTTPError, AssertionError) as failure:
                    tally.failures.append(repr(failure))

    with ThreadPoolExecutor(clients) as pool:
        workers = [pool.submit(work, number) for number in range(clients)]
        try:
            yield tally
        finally:
            enough.set()
            for worker in workers:
                worker.result()
