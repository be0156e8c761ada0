"""The log of one's own acts tells no more than the answers did: not which private projects there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audit import denials
from audit.models import AuditEvent
from tests.people import unique
from tests.registry_api.client import World
from tests.registry_api.rest import api
from wharf.environment import Role
from wharf.wsgi import build

LISTS = ("/audit-events", "/audit-logs", "/auditlog-exts")
OF_ARTIFACTS = "operation={artifact.pull artifact.push artifact.delete}"


@pytest.fixture(autouse=True)
def no_refusals_yet() -> Iterator[None]:
    """What was refused in other tests of this minute does not count here."""
    denials._after_fork()
    yield
    denials._after_fork()


def test_a_refusal_of_the_registry_does_not_tell_that_there_is_such_a_project(world: World) -> None:
    outsider = world.outsider
    rest = api.client(build(Role.ALL, fast_lane=False))

    def read(path: str, **parameters: str) -> Any:
        given = {"q": OF_ARTIFACTS, **parameters}
        answer = rest.get(f"/api/v2.0{path}", params=given, headers={"Authorization": outsider.basic or ""})
        assert answer.status_code == 200, answer.text
        return answer

    for project in (world.project.name, unique("never")):
        world.registry.token(f"repository:{project}/app:pull", basic=outsider.basic)
        assert outsider.repository(f"{project}/app").call("GET", "manifests/1").status_code == 401
    assert AuditEvent.objects.filter(resource_name=f"{world.project.name}/app", result="denied").exists()
    for path in LISTS:
        answer = read(path)
        assert (answer.json(), answer.headers["X-Total-Count"]) == ([], "0")
    assert sum(each["n"] for each in read("/audit-events/histogram").json()) == 0
    for own in ("true", "false"):
        assert world.project.name not in read("/auditlog-exts/export", own=own).text
