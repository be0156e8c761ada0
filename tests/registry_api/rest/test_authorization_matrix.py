"""Every route of the REST API x every kind of caller -> status. A route that is not listed here fails.

Written out by hand from the specification, not read from the product. `{run}` in a path is a run of the world's project that
the maintainer started; `{own}` one that the caller started in no project.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jobs.models import ACTIVE, Run
from registry_api.rest.urls import ROUTES
from tests import keys
from tests.registry_api.rest.api import World

READERS = ("limited_guest", "guest")
EDITORS = ("maintainer", "project_admin")
STRANGERS = ("outsider", "auditor")
KINDS = ("anonymous", *STRANGERS, *READERS, "developer", *EDITORS, "admin", *keys.KINDS)

EVERYBODY = set(KINDS)
SIGNED_IN = EVERYBODY - {"anonymous"}
# A robot of the system may be let watch the queues; nobody's key holds more than its owner.
WATCHERS = {"admin", "operator_robot"}
WHO_MAY_EDIT = {*EDITORS, "admin", "project_robot", "admin_pat"}

STOP = {"action": "stop"}

# (route, method) -> who is let in, his status, everybody else's (the anonymous always get 401), the request's body.
Cell = tuple[set[str], int, int, Any]
MATRIX: dict[tuple[str, str], Cell] = {
    ("ping", "GET"): (EVERYBODY, 200, 0, None),
    ("health", "GET"): (EVERYBODY, 200, 0, None),
    ("systeminfo", "GET"): (EVERYBODY, 200, 0, None),
    ("jobservice/pools", "GET"): (WATCHERS, 200, 403, None),
    ("jobservice/pools/<str:pool_id>/workers", "GET"): (WATCHERS, 200, 403, None),
    ("jobservice/jobs/<str:job_id>", "PUT"): (WHO_MAY_EDIT, 200, 404, STOP),
    ("jobservice/jobs/<str:job_id>/log", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobservice/queues", "GET"): (WATCHERS, 200, 403, None),
    ("jobservice/queues/<str:job_type>", "PUT"): (WATCHERS, 200, 403, {"action": "resume"}),
    ("jobs", "GET"): (SIGNED_IN, 200, 0, None),
    ("jobs/<id:run_id>", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobs/<id:run_id>/tasks", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobs/<id:run_id>/log", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobs/<id:run_id>/stop", "POST"): (WHO_MAY_EDIT, 202, 404, None),
    ("jobs/<id:run_id>/retry", "POST"): (WHO_MAY_EDIT, 202, 404, None),
    ("jobs/<id:run_id>/retry-failed", "POST"): (WHO_MAY_EDIT, 409, 404, None),
    ("schedules", "GET"): (SIGNED_IN, 200, 0, None),
    # A second schedule of the kind: who may make one gets as far as the conflict. Watching is not enough.
    ("schedules", "POST"): ({"admin"}, 409, 403, {"kind": "audit.partitions", "cron": "0 0 * * *"}),
    ("schedules/<id:schedule_id>", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("schedules/<id:schedule_id>", "PUT"): (WHO_MAY_EDIT, 200, 404, {"cron": "@daily"}),
    ("schedules/<id:schedule_id>", "DELETE"): (WHO_MAY_EDIT, 200, 404, None),
    ("schedules/<id:schedule_id>/run", "POST"): (WHO_MAY_EDIT, 201, 404, None),
    ("schedules/<str:job_type>/paused", "GET"): (SIGNED_IN, 200, 0, None),
}
METHODS = ("get", "post", "put", "patch", "delete")


def test_every_method_of_every_route_has_its_row() -> None:
    served = {(route, name.upper()) for route, view, _ in ROUTES for name in METHODS if hasattr(view, name)}
    assert served == set(MATRIX)


def test_routes_have_names_of_their_own_for_the_metrics() -> None:
    names = [name for _, _, name in ROUTES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("api_") for name in names)


def _cells() -> Iterator[Any]:
    for (route, method), cell in MATRIX.items():
        for kind in KINDS:
            yield pytest.param(route, method, cell, kind, id=f"{method} {route} {kind}")


@pytest.mark.parametrize(("route", "method", "cell", "kind"), list(_cells()))
def test_a_caller_gets_what_the_role_table_gives(
    world: World, route: str, method: str, cell: Cell, kind: str
) -> None:
    allowed, status, refused, body = cell
    expected = status if kind in allowed else 401 if kind == "anonymous" else refused
    answer = world.caller(kind).call(method, route_path(world, route), json=body)
    assert answer.status_code == expected, answer.text


def route_path(world: World, route: str) -> str:
    """A path of the route, below /api/v2.0, whose ids name things of the world's project."""
    # One run of the kind at a time: those of other cells are over.
    Run.objects.filter(kind="audit.partitions", state__in=ACTIVE).update(state="stopped")
    run = world.run(kind="audit.partitions", state="failed")
    world.schedule(kind="audit.partitions", subject_type="", subject_id="", project_id=None)
    for part, value in {
        "<id:run_id>": str(run.pk),
        "<str:job_id>": str(run.pk),
        "<id:schedule_id>": str(world.schedule().pk) if "schedule_id" in route else "",
        "schedules/<str:job_type>": "schedules/all",
        "<str:pool_id>": "all",
        "<str:job_type>": "all",
    }.items():
        route = route.replace(part, value)
    return f"/{route}"
