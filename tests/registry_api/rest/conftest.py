"""The web side in this process: the real WSGI callable, real PostgreSQL, no socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django.plugin import DjangoDbBlocker

from jobs.models import Run, Schedule
from tests import schedules
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
        schedules.end(Run.objects.all())
        schedules.remove(Schedule.objects.all())


@pytest.fixture
def passing(db: None, http: httpx2.Client) -> Iterator[World]:
    """As `world`, gone with the test's transaction, and everything with it that was done there."""
    # As Django's own test client: the end of a request would close the connection whose transaction is the test's.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    made = World(http)
    made.schedule(kind="audit.purge", subject_type="", subject_id="", project_id=None)
    made.admin.get("/users/current")  # his first request remembers his password
    yield made
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
