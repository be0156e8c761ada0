"""Every route of the REST API that changes something: asked, it leads to its event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audit.models import AuditEvent
from jobs.models import Run, Schedule
from tests import schedules
from tests.arch.recorded import MUTATING, done_since, last
from tests.arch.rest_acts import REST, TRIALS, Route
from tests.arch.state import fingerprint
from tests.registry_api.rest import api
from tests.registry_api.rest.matrix import MATRIX
from tests.registry_api.rest.test_authorization_matrix import request_of


@pytest.fixture(scope="module")
def served(application: Any) -> Iterator[Any]:
    yield application
    schedules.end(Run.objects.all())
    schedules.remove(Schedule.objects.all())


@pytest.fixture
def programs(served: Any) -> api.World:
    return api.World(api.client(served))


def test_every_changing_route_of_the_rest_api_is_named() -> None:
    assert {route for route in MATRIX if route[1] in MUTATING} == set(REST) | TRIALS
    assert set(REST) & TRIALS == set()


@pytest.mark.parametrize("route", list(REST), ids=" ".join)
def test_a_changing_request_of_the_rest_api_is_one_event(programs: api.World, route: Route) -> None:
    prepare, event = REST[route]
    path, body = request_of(programs, *route)
    path = prepare(programs, path) or path
    programs.admin.get("/jobs")  # his sign-in is on record by now
    before = last()
    answer = programs.admin.call(route[1], path, json=body)
    assert answer.status_code < 400, answer.text
    assert done_since(before) == [event]
    told = AuditEvent.objects.filter(id__gt=before, operation=event).get()
    assert told.request_id == answer.headers["X-Request-Id"]
    assert told.actor_name == programs.admin.principal.name


@pytest.mark.parametrize("route", sorted(TRIALS), ids=" ".join)
def test_a_trial_changes_nothing_and_is_no_event(programs: api.World, route: Route) -> None:
    path, body = request_of(programs, *route)
    programs.admin.get("/jobs")
    before, state = last(), fingerprint()
    assert programs.admin.call(route[1], path, json=body).status_code == MATRIX[route][1]
    assert done_since(before) == []
    assert fingerprint() == state
