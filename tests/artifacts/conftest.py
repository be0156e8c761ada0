"""Facts and queues are looked at after pushing as clients do, so these tests share the client of the distribution API."""

from __future__ import annotations

from tests.registry_api.conftest import registry, world

__all__ = ["registry", "world"]
