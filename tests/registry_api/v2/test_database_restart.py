"""A restart of the database leaves no trace: every pooled connection is dead, and no request notices."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from artifacts import links
from core.oci.digest import Digest
from tests import plugin, session
from tests.registry_api.client import World
from tests.registry_api.crowd import at_once

ALL = "FROM pg_stat_activity WHERE datname = %s"


def _end_all_connections(services: Path) -> int:
    """How many there were; returns when the last of them is gone."""
    with session.superuser(services) as server:
        ended = server.execute(f"SELECT pg_terminate_backend(pid) {ALL}", [plugin.TEST_DATABASE]).fetchall()
        while server.execute(f"SELECT pid {ALL}", [plugin.TEST_DATABASE]).fetchone():
            time.sleep(0.01)
    return len(ended)


def test_no_request_fails_after_every_pooled_connection_has_died(world: World, services: Path) -> None:
    repository = world.repository()
    repository.push_image("1")

    def pull() -> int:
        return repository.call("GET", "manifests/1").status_code

    assert set(at_once([pull] * 16)) == {200}
    assert _end_all_connections(services) > 4
    # One client alone: nobody else throws dead connections away for it.
    assert [pull() for _ in range(3)] == [200, 200, 200]
    assert set(at_once([pull] * 12)) == {200}


def test_a_push_whose_connection_dies_in_its_commit_ends_well_when_repeated_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is given back through another connection, so that nobody waits for its end."""
    repository = world.repository()
    content = b"cut off in the middle"
    location = repository.start()
    path = f"{location}?digest={Digest.of(content)}"
    with monkeypatch.context() as broken:
        broken.setattr(links, "_COMMIT", "SELECT pg_terminate_backend(pg_backend_pid())")
        assert repository.call("PUT", path, content=content).status_code == 503
    assert repository.call("PUT", path, content=content).status_code == 201
