"""A served registry for the drills."""

from __future__ import annotations

import pytest

from tests.e2e.clients import Login
from tests.images import Image, image, two_platforms
from tests.instances import Instance
from tests.wharf.backup.drill import REPOSITORY, client
from tests.wharf.running import admin


@pytest.fixture
def images() -> dict[str, Image]:
    return {f"v{number}": image({"base": b"shared" * 1000}, {"own": b"%d" % number}) for number in range(3)}


@pytest.fixture
def served(instance: Instance, images: dict[str, Image]) -> tuple[Instance, Login]:
    """A running server with three tags and an index."""
    instance.start()
    who = admin(instance)
    with client(instance, who) as registry:
        for tag, each in images.items():
            registry.push(REPOSITORY, tag, each)
        registry.push(REPOSITORY, "all", two_platforms())
    return instance, who
