"""Pulls, pushes and deletions that are refused are on record, once each, and what is no refusal is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit import denials
from audit.models import AuditEvent
from core.oci.digest import Digest
from tests.people import unique
from tests.registry_api.client import Repository, World


@pytest.fixture(autouse=True)
def no_refusals_yet() -> Iterator[None]:
    """What was refused in other tests of this minute does not count here."""
    denials._after_fork()
    yield
    denials._after_fork()


def refusals(repository: Repository) -> list[tuple[str, str, str]]:
    """(actor, operation, reason) of what was refused in the repository."""
    found = AuditEvent.objects.filter(resource_name=repository.name, result="denied").order_by("id")
    return [(each.actor_name, each.operation, each.detail["reason"]) for each in found]


def called(repository: Repository, method: str, path: str, actions: str) -> int:
    """The status for a client that asks for a token for these actions, as clients do."""
    return repository.client.call(
        method, f"/v2/{repository.name}/{path}", scope=f"{repository.name}:{actions}"
    ).status_code


def test_a_refused_push_is_one_event_with_whom_from_where_and_what_he_may(world: World) -> None:
    repository = world.repository("guest")
    world.maintainer.repository(repository.name).push_image("1")
    assert called(repository, "POST", "blobs/uploads/", "pull,push") == 401
    guest = repository.client.principal
    assert refusals(repository) == [(guest.name, "artifact.push", "asked for pull, push, allowed pull")]
    event = AuditEvent.objects.get(resource_name=repository.name, result="denied")
    assert (event.permission, event.resource_type, event.actor_id) == (
        "repository:push",
        "repository",
        guest.id,
    )
    assert (event.project_id, str(event.ip)) == (world.project.pk, "127.0.0.1")
    assert event.request_id


def test_a_refused_pull_is_recorded_of_strangers_auditors_and_nobody(world: World) -> None:
    name = world.repository("maintainer").name
    world.maintainer.repository(name).push_image("1")
    for kind in ("outsider", "auditor", "anonymous"):
        repository = getattr(world, kind).repository(name)
        assert called(repository, "GET", "manifests/1", "pull") == 401
        actor = repository.client.principal.name
        assert refusals(repository)[-1] == (actor, "artifact.pull", "asked for pull, allowed nothing")
    assert len(refusals(repository)) == 3


def test_a_refused_deletion_is_recorded(world: World) -> None:
    repository = world.repository("developer")
    digest = repository.push_image("1")
    assert called(repository, "DELETE", f"manifests/{digest}", "pull,delete") == 401
    assert [operation for _, operation, _ in refusals(repository)] == ["artifact.delete"]


@pytest.mark.parametrize("actions", ["*", "pull,push,delete"])
def test_who_asks_for_everything_is_refused_where_he_is_given_nothing(world: World, actions: str) -> None:
    name = world.repository("developer").name
    world.developer.repository(name).push_image("1")
    for kind, expected in (("developer", []), ("guest", []), ("outsider", ["artifact.pull"])):
        repository = getattr(world, kind).repository(name)
        called(repository, "GET", "manifests/1", actions)
        assert [operation for _, operation, _ in refusals(repository)] == expected


def test_credentials_without_a_token_are_refused_on_record_too(world: World) -> None:
    repository = world.repository("guest")
    path = f"/v2/{repository.name}/blobs/uploads/"
    headers = {"Authorization": repository.client.basic or ""}
    assert world.registry.request("POST", path, headers=headers).status_code == 403
    assert [operation for _, operation, _ in refusals(repository)] == ["artifact.push"]


def test_what_is_allowed_asked_without_a_token_or_names_nothing_is_no_refusal(world: World) -> None:
    repository = world.repository("developer")
    repository.push_image("1")
    assert repository.call("GET", "manifests/1").status_code == 200
    # A client comes without a token first, and is told where to get one.
    assert world.registry.request("GET", f"/v2/{repository.name}/manifests/1").status_code == 401
    nowhere = world.outsider.repository(f"{unique('nowhere')}/app")
    assert nowhere.call("GET", f"manifests/{Digest.of(b'')}").status_code == 401
    assert refusals(repository) == []
    assert refusals(nowhere) == []


def test_a_flood_of_refusals_is_counted_not_written(world: World) -> None:
    repository = world.repository("guest")
    for _ in range(15):
        assert called(repository, "POST", "blobs/uploads/", "pull,push") == 401
    assert len(refusals(repository)) == denials.PER_MINUTE
