"""What the installation tells of itself: ping, version, health, systeminfo."""

from __future__ import annotations

import pytest
import redis

from config import services
from jobs.models import Worker
from registry_api.rest import health
from tests.people import SYSTEM, unique
from tests.registry_api.rest.api import World

PROTECTED = {"harbor_version", "registry_url", "external_url", "current_time", "read_only"}


def test_a_ping_is_answered_as_harbor_does(world: World) -> None:
    answer = world.anonymous.get("/ping")
    assert (answer.text, answer.headers["Content-Type"]) == ("Pong", "text/plain; charset=utf-8")


def test_clients_find_the_base_path(world: World) -> None:
    assert world.anonymous.get("/api/version").json() == {"version": "v2.0"}


def test_the_anonymous_learn_what_a_sign_in_page_shows(world: World) -> None:
    told = world.anonymous.get("/systeminfo").json()
    assert told["auth_mode"] == "db_auth"
    assert told["self_registration"] is False
    assert not PROTECTED & set(told)


def test_ways_to_sign_in_are_told_as_they_are_set(world: World) -> None:
    provider = {
        "oidc_endpoint": "https://login.example.org",
        "oidc_client_id": "wharf",
        "oidc_name": "Staff",
    }
    services.change(SYSTEM, {"self_registration": True, **provider})
    try:
        told = world.anonymous.get("/systeminfo").json()
        assert (told["self_registration"], told["oidc_provider_name"]) == (True, "Staff")
    finally:
        services.reset(SYSTEM, ["self_registration", *provider])


def test_who_signed_in_learns_the_address_and_the_version(world: World) -> None:
    told = world.guest.get("/systeminfo").json()
    assert set(told) >= PROTECTED
    assert told["harbor_version"].startswith("v2.")
    assert told["external_url"] == "http://127.0.0.1:5000"
    assert told["registry_url"] == "127.0.0.1:5000"
    by_name = world.guest.get("/systeminfo", headers={"Host": "localhost:5000"}).json()
    assert by_name["registry_url"] == "localhost:5000"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question looks anew."""
    monkeypatch.setattr(health, "_checkup", health.Checkup(health.CHECKS))
    monkeypatch.setattr(health, "REMEMBERED_SECONDS", 0.0)


def statuses(world: World) -> dict[str, str]:
    answer = world.anonymous.get("/health")
    assert answer.status_code == 200
    told = answer.json()
    found = {component["name"]: component["status"] for component in told["components"]}
    assert told["status"] == ("healthy" if set(found.values()) == {"healthy"} else "unhealthy")
    return found


def test_health_names_every_part(world: World, fresh: None) -> None:
    Worker.objects.create(name=unique("w"), host="h", pid=1, slots=1)
    parts = ("core", "database", "jobservice", "redis", "registry")
    assert statuses(world) == dict.fromkeys(parts, "healthy")


def test_without_a_worker_the_job_service_is_ill(world: World, fresh: None) -> None:
    Worker.objects.update(heartbeat_at="2020-01-01T00:00:00Z")
    assert statuses(world)["jobservice"] == "unhealthy"


def test_a_broker_that_is_away_is_named_and_its_address_is_not(
    world: World, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object, **_options: object) -> None:
        raise redis.ConnectionError("secret-host refused")

    monkeypatch.setattr(redis.Redis, "ping", away)
    answer = world.anonymous.get("/health")
    assert "secret" not in answer.text
    assert {"name": "redis", "status": "unhealthy", "error": "the broker does not answer"} in answer.json()[
        "components"
    ]


def test_the_parts_are_looked_at_at_most_every_two_seconds() -> None:
    looked: list[int] = []

    def look() -> bool:
        looked.append(1)
        return True

    checkup = health.Checkup({"part": (look, "")})
    for _ in range(5):
        assert checkup.components() == [{"name": "part", "status": "healthy"}]
    assert len(looked) == 1
