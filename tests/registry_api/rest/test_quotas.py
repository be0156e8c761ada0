"""/quotas: Harbor's list, and reading and setting one; the default of new projects."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.models import AuditEvent
from projects.models import Quota
from projects.services.projects import create_project, set_quota
from tests import people
from tests.people import SYSTEM, unique
from tests.registry_api.rest.api import World


def test_a_quota_has_harbors_shape(world: World) -> None:
    told = world.admin.get(f"/quotas/{world.project.pk}").json()
    assert told["ref"] == {"id": world.project.pk, "name": world.project.name, "owner_name": ""}
    assert (told["id"], told["hard"], told["used"]) == (world.project.pk, {"storage": -1}, {"storage": 0})
    assert told["creation_time"].endswith("Z")
    assert told["update_time"].endswith("Z")


def test_an_administrator_sets_a_quota_and_it_is_an_act(world: World) -> None:
    path = f"/quotas/{world.project.pk}"
    assert world.admin.call("PUT", path, json={"hard": {"storage": 5000}}).status_code == 200
    assert world.admin.get(path).json()["hard"] == {"storage": 5000}
    event = AuditEvent.objects.get(project_id=world.project.pk, operation="quota.update", result="ok")
    assert event.detail["after"] == {"hard_limit": 5000}
    assert world.admin.call("PUT", path, json={"hard": {"storage": -1}}).status_code == 200
    assert Quota.objects.get(project=world.project).hard_limit == -1


def test_nothing_but_the_limit_can_be_written(world: World) -> None:
    body = {"hard": {"storage": 7}, "used": {"storage": 0}, "id": 1, "ref": {"id": 1}}
    Quota.objects.filter(project=world.project).update(used=3)
    assert world.admin.call("PUT", f"/quotas/{world.project.pk}", json=body).status_code == 200
    found = Quota.objects.get(project=world.project)
    assert (found.used, found.hard_limit) == (3, 7)


def test_the_list_sorts_by_what_is_used_and_by_the_limit(world: World) -> None:
    others = [people.make_project() for _ in range(3)]
    for number, each in enumerate(others):
        Quota.objects.filter(project=each).update(used=2**62 + number, hard_limit=2**63 - 1 - number)
    ids = [each.pk for each in others]

    def first(sort: str) -> list[int]:
        # Another test's project may have as much.
        found = (told["id"] for told in world.admin.get(f"/quotas?sort={sort}&page_size=100").json())
        return [id_ for id_ in found if id_ in ids]

    assert first("-used.storage") == ids[::-1]
    assert first("-hard.storage") == ids
    for each in others:
        Quota.objects.filter(project=each).update(used=0, hard_limit=-1)


def test_one_is_found_by_its_reference(world: World) -> None:
    answer = world.admin.get(f"/quotas?reference=project&reference_id={world.project.pk}")
    assert [told["id"] for told in answer.json()] == [world.project.pk]
    assert answer.headers["X-Total-Count"] == "1"
    for query in ("reference=user", "reference_id=x", "reference_id=1e3", "sort=name"):
        assert world.admin.refused("GET", f"/quotas?{query}")[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hard": {}},
        {"hard": {"storage": -2}},
        {"hard": {"storage": 2**63}},
        {"hard": {"storage": "much"}},
        {"hard": 1},
    ],
)
def test_a_malformed_quota_changes_nothing(world: World, body: dict[str, object]) -> None:
    assert world.admin.refused("PUT", f"/quotas/{world.project.pk}", json=body)[0] == 400
    assert Quota.objects.get(project=world.project).hard_limit == -1


def test_a_quota_of_no_project_is_unknown(world: World) -> None:
    assert world.admin.refused("GET", "/quotas/999999999999") == (404, "no quota 999999999999")
    assert world.admin.refused("PUT", "/quotas/999999999999", json={"hard": {"storage": 1}})[0] == 404
    assert world.project_admin.refused("GET", f"/quotas/{world.project.pk}")[0] == 403


def test_a_new_project_gets_the_quota_of_the_setting(world: World, configure: Callable[..., None]) -> None:
    configure(storage_per_project=12_345)
    try:
        made = create_project(SYSTEM, unique("project"))
        assert made.quota.hard_limit == 12_345
        assert create_project(SYSTEM, unique("project"), quota=-1).quota.hard_limit == -1
        set_quota(SYSTEM, made, 99)
    finally:
        configure(storage_per_project=-1)
    assert Quota.objects.get(project=made).hard_limit == 99
