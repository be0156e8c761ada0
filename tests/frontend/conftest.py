"""The pages in this process, asked as a browser does: the real WSGI callable, real PostgreSQL, no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from access import origin
from tests.frontend.visitor import Visitor
from tests.people import SYSTEM, make_user
from tests.registry_api.client import PASSWORD


@pytest.fixture(autouse=True)
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Shared by all tests here, which keep apart by unique names: a request ends with its connection given back."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names like another may be looked for as long as it takes: on a busy machine none would be found else."""
    from artifacts.browsing import nearest

    monkeypatch.setattr(nearest, "MILLISECONDS", 10_000)


@pytest.fixture
def setting() -> Iterator[Callable[..., None]]:
    """`setting(self_registration=True)` for this test alone."""
    from config import services

    changed: set[str] = set()

    def change(**wanted: Any) -> None:
        changed.update(wanted)
        services.change(SYSTEM, wanted)

    yield change
    services.reset(SYSTEM, sorted(changed))


@pytest.fixture(scope="session")
def application() -> Any:
    from artifacts.storage import store
    from wharf.environment import Role
    from wharf.wsgi import build

    store().prepare()
    return build(Role.ALL, fast_lane=False)


@pytest.fixture
def visitor(application: Any) -> Visitor:
    """A browser that nobody has signed in with."""
    return Visitor(application)


@pytest.fixture
def ann(visitor: Visitor) -> Visitor:
    """The same, with somebody signed in: `ann.user`."""
    visitor.user = make_user("ann", password=PASSWORD)
    visitor.sign_in(visitor.user.username, PASSWORD)
    return visitor


@pytest.fixture
def named(settings: Any) -> Iterator[Callable[..., None]]:
    """`named("https://reg.example", proxies=…)`: the registry goes by that address in this test."""

    def change(*urls: str, proxies: Any = ()) -> None:
        settings.WHARF_EXTERNAL_URLS = urls
        settings.WHARF_TRUSTED_PROXIES = proxies
        origin._known.cache_clear()

    yield change
    origin._known.cache_clear()
