"""Limits of requests on a real server: exactly so many in a minute, whichever process answers, and what clients make of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from tests import images
from tests.e2e.clients import Docker, Login, Podman
from tests.e2e.conftest import Project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf

Open = Callable[[Login | None], Registry]
# How long a process goes on with the limits it knows (accounts.gate.rates.FRESH_SECONDS), and a little.
IN_FORCE_SECONDS = 2.0


@contextmanager
def limits(live: Wharf, **wanted: int) -> Iterator[None]:
    """Set as an administrator sets them, for everybody, until the end of the block."""
    live.run("config", "set", *(f"{key}={value}" for key, value in wanted.items()))
    time.sleep(IN_FORCE_SECONDS)
    try:
        yield
    finally:
        live.run("config", "reset", *wanted)
        time.sleep(IN_FORCE_SECONDS)


def at_once(ask: Callable[[], int], times: int) -> Counter[int]:
    """Statuses of so many requests made by eight threads."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(lambda _: ask(), range(times)))


def reading(http: httpx2.Client, path: str, token: str) -> Callable[[], int]:
    return lambda: http.get(path, headers={"Authorization": token}).status_code


def test_a_burst_gets_so_many_answers_and_no_more_while_others_are_served(
    live: Wharf, project: Project, registry_of: Open
) -> None:
    owner, other = registry_of(project.developer), registry_of(project.guest)
    owner.push(f"{project.name}/app", "latest", images.image())
    path = f"/v2/{project.name}/app/manifests/latest"
    scope = f"repository:{project.name}/app:pull"
    with limits(live, requests_per_minute=40):
        token, others = owner.authorization(scope), other.authorization(scope)
        # The token was one; the read lane answers most of the others.
        assert at_once(reading(owner.http, path, token), 120) == {200: 39, 429: 81}
        assert at_once(reading(other.http, path, others), 20) == {200: 20}
        refused = owner.http.get(path, headers={"Authorization": token})
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
        assert owner.http.get("/readyz").status_code == 200
    assert reading(owner.http, path, token)() == 200


def test_an_address_that_asks_too_often_does_not_hinder_another_one(live: Wharf) -> None:
    another = httpx2.HTTPTransport(local_address="127.0.0.9")
    with (
        httpx2.Client(base_url=live.url) as here,
        httpx2.Client(base_url=live.url, transport=another) as elsewhere,
        limits(live, requests_per_minute_of_address=30),
    ):
        assert at_once(lambda: here.get("/v2/").status_code, 50) == {401: 30, 429: 20}
        assert at_once(lambda: elsewhere.get("/v2/").status_code, 10) == {401: 10}
        rest = here.get("/api/v2.0/systeminfo")
        assert (rest.status_code, rest.json()["errors"][0]["code"]) == (429, "TOOMANYREQUESTS")
        assert at_once(lambda: here.get("/livez").status_code, 50) == {200: 50}


def test_docker_says_why_and_pulls_again_when_it_may(
    live: Wharf, project: Project, docker: Docker, registry_of: Open
) -> None:
    """docker does not wait; it shows the message, which says for how long to."""
    name = f"{project.name}/app"
    registry_of(project.developer).push(name, "1", images.image())
    docker.login(project.guest)
    with limits(live, requests_per_minute=4):
        message = docker.refused("pull", docker.name(f"{name}:1"))
        assert (
            "toomanyrequests: too many requests: one user or robot may make 4 a minute, try again in"
            in message
        )
    docker.run("pull", docker.name(f"{name}:1"))


@pytest.mark.stress
def test_podman_waits_as_long_as_it_is_told_and_ends_well(
    live: Wharf, project: Project, podman: Podman, registry_of: Open
) -> None:
    name = f"{project.name}/app"
    registry_of(project.developer).push(name, "1", images.image())
    podman.login(project.guest)
    with limits(live, requests_per_minute=3):
        podman.run("pull", "--tls-verify=false", podman.name(f"{name}:1"), timeout=150)
