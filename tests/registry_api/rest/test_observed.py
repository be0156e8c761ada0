"""What the request log and the metrics learn of a request: the route by its name, the caller once he is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx2
import pytest

from core import request_facts
from tests.registry_api.client import HOST, basic
from tests.registry_api.rest.api import World


class Listening:
    """A WSGI callable that keeps the environ of the last request."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.environ: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.environ = environ
        return self.application(environ, start_response)


@pytest.fixture
def listening(application: Any) -> Listening:
    return Listening(application)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v2.0/ping", "api_ping"),
        ("/api/v2.0/jobs", "api_jobs"),
        ("/api/v2.0/jobs/17", "api_job"),
        ("/api/v2.0/jobs/x/../../secret", "api_unknown"),
        ("/api", "api_unknown"),
        ("/api/docs", "api_docs"),
        ("/api/version", "api_version"),
    ],
)
def test_a_route_has_one_name_whatever_is_asked_of_it(listening: Listening, path: str, name: str) -> None:
    client = httpx2.Client(transport=httpx2.WSGITransport(listening), base_url=f"http://{HOST}")
    client.get(path)
    assert listening.environ[request_facts.ROUTE] == name


def test_a_caller_is_named_once_he_is_proven(listening: Listening, world: World) -> None:
    client = httpx2.Client(transport=httpx2.WSGITransport(listening), base_url=f"http://{HOST}/api/v2.0")
    client.get("/jobs", headers={"Authorization": world.guest.authorization or ""})
    assert listening.environ[request_facts.ACTOR] == world.guest.principal.name
    client.get("/jobs", headers={"Authorization": basic(world.guest.principal.name, "wrong password")})
    assert request_facts.ACTOR not in listening.environ
