"""A restart of the database leaves no trace: every pooled connection is dead, and no request notices."""

from __future__ import annotations

from pathlib import Path

from tests import plugin, session
from tests.registry_api.client import World
from tests.registry_api.crowd import at_once


def _end_all_connections(services: Path) -> int:
    with session.superuser(services) as server:
        ended = server.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", [plugin.TEST_DATABASE]
        ).fetchone()
    return int(ended[0]) if ended else 0


def test_no_request_fails_after_every_pooled_connection_has_died(world: World, services: Path) -> None:
    repository = world.repository()
    repository.push_image("1")

    def pull() -> int:
        return repository.call("GET", "manifests/1").status_code

    assert set(at_once([pull] * 12)) == {200}
    assert _end_all_connections(services) > 1
    assert set(at_once([pull] * 12)) == {200}
