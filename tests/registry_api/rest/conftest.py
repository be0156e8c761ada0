"""The web side in this process: the real WSGI callable, real PostgreSQL, no socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.registry_api.rest import api
from tests.registry_api.rest.api import World


@pytest.fixture(autouse=True)
def replay() -> None:
    """Replaces the parent folder's: nothing here goes through the read lane."""


@pytest.fixture(scope="session")
def application(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """The callable; its database is shared by all tests here, which keep apart by unique names."""
    with django_db_blocker.unblock():
        from artifacts.storage import store
        from wharf.environment import Role
        from wharf.wsgi import build

        store().prepare()
        yield build(Role.ALL, fast_lane=False)


@pytest.fixture(scope="session")
def http(application: Any) -> httpx2.Client:
    return api.client(application)


@pytest.fixture
def world(http: httpx2.Client, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A fresh private project with one person of each kind."""
    with django_db_blocker.unblock():
        yield World(http)
