"""The registry in this process, for the tests that walk all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.registry_api.conftest import registry, replaying, world

__all__ = ["application", "registry", "replaying", "world"]


@pytest.fixture(scope="module")
def application(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """All of the web side; what is done through it is committed."""
    with django_db_blocker.unblock():
        from artifacts.storage import store
        from audit import denials
        from wharf.environment import Role
        from wharf.wsgi import build

        store().prepare()
        denials._after_fork()
        yield build(Role.ALL, fast_lane=False)
