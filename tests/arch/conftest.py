"""The registry in this process, for the tests that walk all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.registry_api.client import Registry, World


@pytest.fixture(scope="session")
def registry(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Registry]:
    """The registry of this worker; its database is shared by all tests here, which keep apart by unique names."""
    with django_db_blocker.unblock():
        from artifacts.storage import store
        from wharf.wsgi import application

        store().prepare()
        yield Registry(application)


@pytest.fixture
def world(registry: Registry, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A fresh private project with one person of each kind."""
    with django_db_blocker.unblock():
        yield World.make(registry)
