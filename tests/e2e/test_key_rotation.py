"""The keys that sign registry tokens are replaced under load, in a server of several processes: no token is refused for it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2

from tests.e2e.conftest import Project
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.images import image

CLIENTS = 8
ROTATIONS = 5
PAUSE_SECONDS = 0.7


@contextmanager
def pulling(live: Wharf, project: Project, path: str, seen: Counter[int]) -> Iterator[None]:
    """Clients that ask for a token and pull by it at once, on new connections: signed by one process, read by another."""
    stop = threading.Event()
    scope = f"repository:{path.split('/manifests/', maxsplit=1)[0].removeprefix('/v2/')}:pull"

    def work() -> None:
        while not stop.is_set():
            with httpx2.Client(base_url=live.url, timeout=60) as asking:
                answer = asking.get(
                    "/service/token",
                    params={"scope": scope},
                    headers={"Authorization": basic(project.developer)},
                )
            seen[answer.status_code] += 1
            if answer.status_code != 200:
                continue
            bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
            for _ in range(3):
                with httpx2.Client(base_url=live.url, timeout=60) as pulling_:
                    seen[pulling_.get(path, headers=bearer).status_code] += 1

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_rotation_refuses_nobody(
    live: Wharf, project: Project, registry_of: Callable[..., Registry]
) -> None:
    repository = f"{project.name}/app"
    registry_of(project.developer).push(repository, "1", image({"file": b"content"}))
    old = registry_of(project.developer).authorization(f"repository:{repository}:pull")
    path = f"/v2/{repository}/manifests/1"
    seen: Counter[int] = Counter()
    with pulling(live, project, path, seen):
        for _ in range(ROTATIONS):
            live.run("key", "rotate")
            time.sleep(PAUSE_SECONDS)
    assert set(seen) == {200}, seen
    assert seen[200] > 20 * ROTATIONS
    assert httpx2.get(f"{live.url}{path}", headers={"Authorization": old}).status_code == 200
