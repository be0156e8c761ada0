"""85 % of a quota: told once each time a push brings a project there, in the transaction of that push."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts import repositories
from audit.models import AuditEvent
from core.oci.digest import Digest
from database import sql
from jobs import relay
from jobs.models import Outbox, Run
from projects.models import Quota
from projects.quotas import WARNING
from projects.services import quota_warnings
from projects.services.projects import delete_project, set_quota
from tests.artifacts.actors import target
from tests.people import SYSTEM
from tests.registry_api.client import Repository, World


def limit(world: World, size: int) -> None:
    set_quota(SYSTEM, world.project, size)


def use(world: World, size: int) -> None:
    """As if so much were pushed, and all of it deleted again."""
    for used in (size, 0):
        Quota.objects.filter(project=world.project).update(used=used)


def told(world: World) -> list[dict[str, Any]]:
    """What the warnings of the project say, oldest first."""
    rows = Outbox.objects.filter(event=WARNING, project_id=world.project.pk).order_by("id")
    return [row.payload for row in rows]


@pytest.fixture
def repository(world: World) -> Repository:
    limit(world, 1000)
    return world.repository("maintainer")


def test_one_push_over_the_mark_warns_once_and_the_next_not_again(
    world: World, repository: Repository
) -> None:
    repository.push_blob(b"a" * 849)
    assert told(world) == []
    repository.push_blob(b"b")
    expected = {"project_id": world.project.pk, "used": 850, "hard_limit": 1000}
    assert told(world) == [expected]
    for content in (b"c", b"b", b"d" * 100):
        repository.push_blob(content)
    assert told(world) == [expected]


def test_a_push_that_is_refused_warns_nobody(world: World, repository: Repository) -> None:
    content = b"x" * 1001
    answer = repository.call("POST", f"blobs/uploads/?digest={Digest.of(content)}", content=content)
    assert answer.status_code == 403
    assert told(world) == []


def test_a_mount_warns_like_an_upload(world: World, repository: Repository) -> None:
    source = World.make(world.registry, public=True).repository("developer", "base")
    digest = source.push_blob(b"m" * 900)
    answer = repository.call(
        "POST", f"blobs/uploads/?mount={digest}&from={source.name}", also=f"{source.name}:pull"
    )
    assert answer.status_code == 201
    assert [each["used"] for each in told(world)] == [900]


def test_each_way_up_warns_again(world: World, repository: Repository) -> None:
    digest = repository.push_blob(b"a" * 900)
    assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
    repository.push_blob(b"b" * 860)
    assert [each["used"] for each in told(world)] == [900, 860]


@pytest.mark.parametrize("hard_limit", [-1, 0, 10**18])
def test_without_a_limit_or_far_from_it_nobody_is_warned(
    world: World, repository: Repository, hard_limit: int
) -> None:
    limit(world, hard_limit)
    use(world, 2**62 if hard_limit < 1 else 10**17)
    assert told(world) == []


def test_the_largest_quota_is_compared_without_overflow(world: World, repository: Repository) -> None:
    limit(world, 2**63 - 1)
    use(world, 8 * 10**18)
    limit(world, -1)
    assert len(told(world)) == 1


def test_a_warning_comes_to_the_audit_log(world: World, repository: Repository) -> None:
    repository.push_blob(b"a" * 900)
    while relay.events():
        pass
    run = Run.objects.get(kind="quota.warn", project_id=world.project.pk)
    quota_warnings.warn(SYSTEM, run.arguments["project_id"], used=900, hard_limit=1000)
    event = AuditEvent.objects.get(project_id=world.project.pk, operation="quota.warn")
    assert (event.resource_name, event.result) == (world.project.name, "ok")
    assert event.detail == {"used": 900, "hard_limit": 1000, "percent": 85}


def test_a_project_that_is_gone_is_warned_of_nothing(world: World) -> None:
    delete_project(SYSTEM, world.project)
    quota_warnings.warn(SYSTEM, world.project.pk, used=9, hard_limit=10)
    assert not AuditEvent.objects.filter(project_id=world.project.pk, operation="quota.warn").exists()


def test_content_over_the_quota_is_deleted_all_the_same(world: World, repository: Repository) -> None:
    digest = repository.push_image()
    limit(world, 1)
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202
    repositories.delete(world.maintainer.principal, target(world, repository))
    assert sql.value("SELECT used > hard_limit FROM quota WHERE project_id = %s", [world.project.pk])
