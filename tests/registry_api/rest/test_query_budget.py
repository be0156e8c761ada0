"""How many SQL statements each reading route costs, one of them for the caller: as many for thirty rows as for one.

A route without a line in query_budget.json fails, and so does one that got cheaper: the line is then lowered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import current
from jobs.models import LogLine, Task
from registry_api.rest import health
from registry_api.rest.urls import ROUTES
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix import FILLED
from tests.registry_api.rest.matrix.cells import MANY
from tests.registry_api.rest.test_authorization_matrix import route_path

BUDGET: dict[str, int] = json.loads(Path(__file__).with_name("query_budget.json").read_text(encoding="utf-8"))

# What a directory answers: counted where there is one, in test_ldap.py.
BY_DIRECTORY = {"ldap/users/search", "ldap/groups/search"}


def test_every_reading_route_has_its_budget() -> None:
    assert {route for route, view, _ in ROUTES if hasattr(view, "get")} == set(BUDGET) | BY_DIRECTORY


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is remembered for seconds is remembered for as long as a test takes, be it on a busy machine."""
    monkeypatch.setattr(health, "REMEMBERED_SECONDS", 600.0)
    monkeypatch.setattr(current, "FRESH_SECONDS", 600.0)
    current.forget()
    yield
    current.forget()


@pytest.mark.usefixtures("remembering")
@pytest.mark.parametrize("route", list(BUDGET))
def test_a_route_costs_what_its_budget_says_however_many_rows_there_are(world: World, route: str) -> None:
    path = route_path(world, route)
    run_id = path.split("/")[2] if path.startswith("/jobs/") else ""
    for n in range(MANY):
        run = world.run(state="running", lease_owner="nobody/1")
        world.schedule()
        world.event()
        world.run(kind="audit.purge")
        if run_id:
            LogLine.objects.create(run_id=int(run_id), n=n, level="info", message="x")
            Task.objects.create(run_id=int(run_id), key=f"k{n}", state="failed")
        run.state = "stopped"
        run.save()
    if route in FILLED:
        FILLED[route](world)
    world.admin.get(path)  # remembers the password and the settings
    with CaptureQueriesContext(connection) as captured:
        answer = world.admin.get(f"{path}?page_size=100")
    assert answer.status_code == 200
    assert len(captured) == BUDGET[route], [query["sql"] for query in captured]
