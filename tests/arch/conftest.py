"""The registry in this process, for the tests that walk all of it."""

from __future__ import annotations

from tests.registry_api.conftest import registry, replaying, world

__all__ = ["registry", "replaying", "world"]
