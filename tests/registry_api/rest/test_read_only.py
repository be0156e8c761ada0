"""The read-only switch and the banner as the REST API tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.oci.reference import Tag
from projects.models import Label
from tests.arch.callers import push_image, target
from tests.registry_api.rest.api import World

LATEST = Tag.parse("latest")


@pytest.fixture
def switched(world: World, configure: Callable[..., None]) -> Iterator[None]:
    push_image(target(world.project, "app"), "latest")
    configure(read_only=True)
    yield
    configure(read_only=False)


def test_contents_stay_as_they_are_and_the_reason_is_told(world: World, switched: None) -> None:
    repository = f"/projects/{world.project.name}/repositories/app"
    for method, path, body in (
        ("DELETE", repository, None),
        ("PUT", repository, {"description": "new"}),
        ("DELETE", f"{repository}/artifacts/latest", None),
        ("DELETE", f"{repository}/artifacts/latest/tags/latest", None),
        ("POST", f"{repository}/artifacts/latest/tags", {"name": "more"}),
    ):
        status, message = world.maintainer.refused(method, path, json=body)
        assert status == 403, (method, path)
        assert "read-only mode" in message
    assert world.guest.get(f"{repository}/artifacts/latest").status_code == 200


def test_people_rights_and_rules_go_on(world: World, switched: None) -> None:
    body = {"name": "tested", "scope": "p", "project_id": world.project.pk}
    assert world.maintainer.call("POST", "/labels", json=body).status_code == 201
    assert Label.objects.filter(project=world.project).exists()
    quota = {"hard": {"storage": 10**12}}
    assert world.admin.call("PUT", f"/quotas/{world.project.pk}", json=quota).status_code == 200
    assert world.guest.call("PUT", f"/projects/{world.project.name}/repositories/app/star").status_code == 200


def test_everybody_is_told_what_is_set(world: World, configure: Callable[..., None]) -> None:
    assert world.guest.get("/systeminfo").json()["read_only"] is False
    banner = '{"message": "back at noon", "type": "warning", "closable": true}'
    configure(read_only=True, banner_message=banner)
    try:
        told = world.guest.get("/systeminfo").json()
        assert (told["read_only"], told["banner_message"]) == (True, banner)
        assert world.anonymous.get("/systeminfo").json()["banner_message"] == banner
        assert "read_only" not in world.anonymous.get("/systeminfo").json()
    finally:
        configure(read_only=False, banner_message="")
