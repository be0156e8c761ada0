"""Facts and queues are looked at after pushing as clients do, so these tests share the client of the distribution API.

They count what a request leaves behind, so each is made once.
"""

from __future__ import annotations

import pytest

from tests.registry_api.conftest import registry, replaying, world
from tests.registry_api.replay import Replaying

__all__ = ["registry", "replaying", "world"]


@pytest.fixture(autouse=True)
def once(replaying: Replaying) -> None:
    replaying.enabled = False
