"""A client of the registry in this process: the real WSGI callable, real PostgreSQL, real files, no socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.registry_api.client import Registry, World
from tests.registry_api.replay import Replaying


@pytest.fixture(scope="session")
def replaying(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Replaying]:
    """The registry of this worker; its database is shared by all tests here, which keep apart by unique names."""
    with django_db_blocker.unblock():
        from artifacts.storage import store
        from wharf.environment import Role
        from wharf.wsgi import build

        store().prepare()
        yield Replaying(build(Role.ALL, fast_lane=False))


@pytest.fixture(scope="session")
def registry(replaying: Replaying) -> Registry:
    return Registry(replaying)


@pytest.fixture(autouse=True)
def replay(replaying: Replaying, request: pytest.FixtureRequest) -> None:
    """Reads are asked of views and lane alike, but for tests marked `plain`."""
    replaying.enabled = request.node.get_closest_marker("plain") is None


@pytest.fixture
def world(registry: Registry, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A fresh private project with one person of each kind."""
    with django_db_blocker.unblock():
        yield World.make(registry)
