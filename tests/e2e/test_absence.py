"""PostgreSQL away under load: every data route says 503 within two seconds, all is well within seconds afterwards."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

import httpx2
import pytest

from tests.e2e.conftest import make_project
from tests.e2e.outages import away, logged, wait_back, wait_shipped
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.images import Image, image

CLIENTS = 64
ANSWER_SECONDS = 2.0
BACK_SECONDS = 5.0
# Rights are remembered for four seconds: so long, at most, reads go on from memory.
MEMORY_SECONDS = 6.0
# Each client asks so often, that clients and server share the machine.
PAUSE_SECONDS = 0.5
PATH = "/v2/absent/app"


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each of thousands of requests helps nobody."""
    caplog.set_level(logging.WARNING, "httpx2")


@pytest.fixture(scope="module")
def fragile() -> Iterator[Wharf]:
    server = Wharf()
    try:
        server.start()
        make_project(server, "absent")
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def pushed(fragile: Wharf) -> Image:
    made = image({"absent": b"now and then"})
    with Registry(fragile.url, fragile.admin) as client:
        client.push("absent/app", "1", made)
    return made


class Load:
    """64 clients: reads by token and by password, tokens, and pushes. Statuses and times of each kind of request."""

    def __init__(self, server: Wharf, made: Image) -> None:
        self._server, self._made = server, made
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.answers: list[tuple[str, float, float, int]] = []
        with Registry(server.url, server.admin) as client:
            self._bearer = {"Authorization": client.authorization("repository:absent/app:pull,push")}
        self._basic = {"Authorization": basic(server.admin)}
        self._threads = [
            threading.Thread(target=self._go_on, args=(number,), daemon=True) for number in range(CLIENTS)
        ]

    def _kinds(self) -> dict[str, Callable[[httpx2.Client], httpx2.Response]]:
        blob, data = self._made.blobs[0].digest, self._made.manifest.data
        typed = {**self._bearer, "Content-Type": self._made.manifest.media_type}
        scope = "/service/token?service=wharf-registry&scope=repository:absent/app:pull"
        return {
            "pull": lambda http: http.get(f"{PATH}/manifests/1", headers=self._bearer),
            "pull by password": lambda http: http.get(f"{PATH}/manifests/1", headers=self._basic),
            "blob": lambda http: http.head(f"{PATH}/blobs/{blob}", headers=self._bearer),
            "token": lambda http: http.get(scope, headers=self._basic),
            "upload": lambda http: http.post(f"{PATH}/blobs/uploads/", headers=self._bearer, content=b""),
            "manifest": lambda http: http.put(f"{PATH}/manifests/2", headers=typed, content=data),
        }

    def _go_on(self, number: int) -> None:
        kinds = list(self._kinds().items())
        with httpx2.Client(base_url=self._server.url, timeout=20, trust_env=False) as http:
            while not self._stopping.wait(PAUSE_SECONDS):
                name, ask = kinds[number % len(kinds)]
                number += 1
                begun = time.monotonic()
                status = ask(http).status_code
                with self._lock:
                    self.answers.append((name, begun, time.monotonic() - begun, status))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def between(self, begun: float, ended: float) -> dict[str, Counter[int]]:
        """Statuses of each kind, of the requests begun in this time."""
        found: dict[str, Counter[int]] = {}
        for name, at, _, status in self.answers:
            if begun <= at < ended:
                found.setdefault(name, Counter())[status] += 1
        return found

    def slowest(self, begun: float) -> tuple[float, str]:
        return max((seconds, name) for name, at, seconds, _ in self.answers if at >= begun)

    @property
    def pulls(self) -> int:
        return sum(status == 200 and name.startswith("pull") for name, _, _, status in self.answers)


@pytest.mark.parametrize(
    "seconds", [pytest.param(60.0), pytest.param(300.0, marks=pytest.mark.stress)], ids=["60s", "5min"]
)
def test_data_routes_say_503_within_two_seconds_while_postgresql_is_away(
    fragile: Wharf, pushed: Image, seconds: float
) -> None:
    wait_shipped(fragile)
    before = logged(fragile)[0]
    with Load(fragile, pushed) as load:
        time.sleep(4)
        with away(fragile):
            gone = time.monotonic()
            time.sleep(seconds)
        wait_back(fragile)
        back = time.monotonic()
        time.sleep(BACK_SECONDS + 3)
        ended = time.monotonic()
    statuses = {status for counts in load.between(0, ended).values() for status in counts}
    assert statuses <= {200, 201, 202, 503}
    assert load.slowest(gone)[0] < ANSWER_SECONDS, load.slowest(gone)
    meanwhile = load.between(gone + MEMORY_SECONDS, gone + seconds)
    assert len(meanwhile) == 6
    assert {status for counts in meanwhile.values() for status in counts} == {503}, meanwhile
    afterwards = load.between(back + BACK_SECONDS, ended)
    assert not any(counts[503] for counts in afterwards.values()), afterwards
    assert len(afterwards) == 6
    wait_shipped(fragile)
    assert logged(fragile)[0] - before == load.pulls


def test_a_refusal_says_when_to_come_again(fragile: Wharf, pushed: Image) -> None:
    with Registry(fragile.url, fragile.admin) as client, away(fragile):
        time.sleep(2)
        answers = [
            client.http.get(path, headers={"Authorization": basic(fragile.admin)})
            for path in (
                f"{PATH}/manifests/1",
                f"{PATH}/tags/list",
                "/api/v2.0/jobservice/pools",
                "/v2/_catalog",
            )
        ]
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    wait_back(fragile)
    deadline = time.monotonic() + BACK_SECONDS
    with suppress(httpx2.HTTPError):
        while httpx2.get(f"{fragile.url}/readyz", trust_env=False).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
