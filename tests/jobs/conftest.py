"""One world of services and workers for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.jobs import demonstration
from tests.jobs.world import World, own_world

demonstration.install()


@pytest.fixture(scope="module")
def shared_world(django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """With one worker of four processes."""
    with django_db_blocker.unblock(), own_world() as world:
        world.add_worker()
        world.worker_ready()
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    """The file's world, empty, with a worker that works."""
    shared_world.clean()
    shared_world.revive()
    return shared_world
