"""Fixtures for every test: real services, a migrated database, and lanes that need a tool."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests import crowds, plugin, session
from tests.crowds import Standing

# A line for each request would bury what a failed test says.
logging.getLogger("httpx2").setLevel(logging.WARNING)

# They wait for outages and kills most of their time.
FAULTS: Final = ("test_absence", "test_failpoints", "test_pull_log", "test_stress")

# Argon2's least.
CHEAP: Final = {"time_cost": 1, "memory_cost": 8}


@pytest.fixture(scope="session")
def services() -> Path:
    """The folder of this process's PostgreSQL and Valkey, both answering (sockets in its `run`)."""
    session.start(plugin.SERVICES)
    return plugin.SERVICES


@pytest.fixture(scope="session")
def django_db_setup(services: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Replaces pytest-django's: a migrated database per worker; tests connect as the run-time role, as
    servers do."""
    session.make_database(services, plugin.TEST_DATABASE)
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker, services: Path) -> Standing:
    return partial(crowds.stand, services, django_db_blocker)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """bin/test hands files out in this order: the long ones first, so that no worker ends long after the other.

    A file has the place of its last test: those that keep the database as it was come first, and leave it so to the others.
    """
    items.sort(key=_turn)
    last = {item.path: place for place, item in enumerate(items)}
    items.sort(key=lambda item: last[item.path])


def _turn(item: pytest.Item) -> int:
    """Those that wait for outages and kills, those that share a server, those that start processes, and the many short ones."""
    if item.path.stem in FAULTS:
        return 0
    if item.get_closest_marker("e2e"):
        return 1
    return 2 if item.get_closest_marker("services") or item.get_closest_marker("browser") else 3


@pytest.fixture(scope="session")
def true_cost() -> dict[str, int]:
    """What a hash of a password costs in the product."""
    from accounts.passwords import WharfArgon2PasswordHasher

    return {name: getattr(WharfArgon2PasswordHasher, name) for name in CHEAP}


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes(true_cost: dict[str, int]) -> None:
    """In this process: a true hash takes a processor 25 ms on purpose, and the tests make thousands. Servers make true ones."""
    from accounts.passwords import WharfArgon2PasswordHasher

    for name, cost in CHEAP.items():
        setattr(WharfArgon2PasswordHasher, name, cost)


@pytest.fixture
def true_hashes(true_cost: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test of the hashes themselves."""
    from accounts.passwords import WharfArgon2PasswordHasher

    for name, cost in true_cost.items():
        monkeypatch.setattr(WharfArgon2PasswordHasher, name, cost)


@pytest.fixture
def configure() -> Iterator[Callable[..., None]]:
    """`configure(ldap_uid="mail")`: settings for this test alone, changed as an administrator would."""
    from config import current, services
    from tests.people import SYSTEM

    def change(**wanted: Any) -> None:
        services.change(SYSTEM, wanted)
        # Inside a test's transaction nothing commits, so nothing tells that what is remembered is stale.
        current.forget()

    yield change
    current.forget()


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """No test reads the settings that the one before it committed: what empties the tables tells nobody that they are stale."""
    from config import current

    current.forget()
    yield
    current.forget()


@pytest.fixture(autouse=True)
def own_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests guessed wrong, at this moment in other processes too, limits nobody here."""
    from accounts.gate import limiter
    from accounts.gate.counting import Counts

    monkeypatch.setattr(limiter, "_counts", Counts(f"test-{os.urandom(8).hex()}"))


RequireTool = Callable[[str, str], str]


@pytest.fixture(scope="session")
def require_tool() -> RequireTool:
    """`require_tool("skopeo", "apt-get install -y skopeo")` -> its path; skips with that line, fails in
    CI."""
    return find_tool


def find_tool(name: str, install_line: str) -> str:
    if (found := shutil.which(name)) is not None:
        return found
    return missing(f"{name} is not installed: {install_line}")


def missing(reason: str) -> str:
    """Skip for `reason`, or fail where every lane must run (WHARF_REQUIRE_ALL=1)."""
    if os.environ.get("WHARF_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def app_database_url(services: Path) -> str:
    """A fresh migrated database for a test that runs its own server; URL of the run-time role."""
    name = f"own_{os.urandom(4).hex()}"
    session.make_database(services, name)
    return f"postgresql://wharf_app@/{name}?host={services / 'run'}"
