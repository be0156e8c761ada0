"""Servers and their workers are replaced under eight pushers, and no push fails."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.deploy.conftest import Front
from tests.deploy.pushers import Tally, pushing
from tests.e2e.clients import Login
from tests.e2e.registry import Registry

pytestmark = pytest.mark.usefixtures("project")


def children(pid: int) -> set[int]:
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def wait_for_pushes(tally: Tally, more: int = 10) -> None:
    """Until `more` further pushes went through, so that every step happens under load."""
    wanted, deadline = tally.pushed + more, time.monotonic() + 60
    while tally.pushed < wanted:
        assert time.monotonic() < deadline, tally
        time.sleep(0.05)


def wait_replaced(pid: int, old: set[int]) -> None:
    deadline = time.monotonic() + 60
    while (now := children(pid)) & old or len(now) < len(old):
        assert time.monotonic() < deadline, f"{old} are still among {now}"
        time.sleep(0.05)


def bare_client(front: Front, who: Login) -> Registry:
    return Registry(f"http://{front.bare}", who)


def test_a_reload_of_the_bare_server_fails_no_push(front: Front, project: str, developer: Login) -> None:
    server = front.roles.running["bare"]
    with pushing(partial(bare_client, front, developer), f"{project}/hup") as tally:
        for _ in range(2):
            wait_for_pushes(tally)
            old = children(server.pid)
            server.send_signal(signal.SIGHUP)
            wait_replaced(server.pid, old)
        wait_for_pushes(tally)
    assert tally.failures == []


def test_workers_that_end_are_replaced_and_fail_no_push(front: Front, project: str, developer: Login) -> None:
    server = front.roles.running["bare"]
    with pushing(partial(bare_client, front, developer), f"{project}/recycled") as tally:
        for _ in range(2):
            wait_for_pushes(tally)
            old = children(server.pid)
            for worker in old:
                os.kill(worker, signal.SIGTERM)
                wait_for_pushes(tally)
            wait_replaced(server.pid, old)
    assert tally.failures == []


def test_a_registry_is_stopped_and_started_behind_nginx_and_fails_no_push(
    front: Front, project: str, developer: Login
) -> None:
    """What docs/upgrade.md tells to do: the second process serves while the first one is replaced, then the other way round."""
    front.roles.start("registry-b", "registry")
    with pushing(partial(front.client, developer), f"{project}/upgrade") as tally:
        for name in ("registry", "registry-b", "registry"):
            wait_for_pushes(tally)
            assert front.roles.stop(name) == 0
            wait_for_pushes(tally)
            front.roles.start(name, "registry")
        wait_for_pushes(tally)
    front.roles.stop("registry-b")
    assert tally.failures == []


def test_a_push_under_way_is_finished_after_sigterm(front: Front, project: str, developer: Login) -> None:
    front.roles.start("draining", "registry", WHARF_BIND="127.0.0.1", WHARF_PORT=front.spare_port)
    server = front.roles.running["draining"]

    def slowly() -> Iterator[bytes]:
        for number in range(30):
            if number == 5:
                server.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            yield b"x" * 10_000

    with Registry(f"http://127.0.0.1:{front.spare_port}", developer) as client:
        repository = f"{project}/slow"
        location = client.start_upload(repository)
        answer = client.request("PATCH", location, scope=client.push_scope(repository), content=slowly())
    assert (answer.status_code, answer.headers["range"]) == (202, "0-299999")
    assert front.roles.stop("draining") == 0
