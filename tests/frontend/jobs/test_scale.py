"""The list of jobs where there are many: its pages and what it is narrowed by are found by indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from access.principal import Principal
from access.table import Role
from database import sql
from frontend.lists import jobs as lists
from frontend.lists import keyset
from jobs import browsing, queries
from tests import people
from tests.crowds import Standing
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.services]

RUNS = 20_000
# Of the project every hundredth, of one person every fiftieth; one in a thousand failed, one in five thousand goes on.
MADE = """
    INSERT INTO job_run (kind, queue, state, actor_kind, actor_id, actor_name, project_id, created_at, finished_at)
    SELECT CASE WHEN n %% 200 = 0 THEN 'tags.delete' ELSE 'audit.partitions' END, 'maintenance',
      CASE WHEN n %% 5000 = 0 THEN 'running' WHEN n %% 1000 = 0 THEN 'failed' ELSE 'succeeded' END,
      'user', CASE WHEN n %% 50 = 0 THEN %(person)s ELSE 0 END, 'x', CASE WHEN n %% 100 = 0 THEN %(project)s END,
      now() - n * interval '1 minute', now()
    FROM generate_series(1, %(runs)s) n
"""


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[tuple[Principal, str]]:
    """Somebody who maintains a project, and its name."""
    with standing(_made, ("job_run", "member", "project")) as made:
        yield made


def _made() -> tuple[Principal, str]:
    project = people.make_project("busy")
    actor = people.principal(people.make_member(project, Role.MAINTAINER))
    sql.execute(MADE, {"person": actor.id, "project": project.pk, "runs": RUNS})
    return actor, project.name


def plan_of(rows: QuerySet[Any]) -> tuple[str, str]:
    """The statement of a page, and how it is answered."""
    with CaptureQueriesContext(connection) as captured:
        keyset.page(rows, lists.SORTS[0].order(descending=True), 50)
    (query,) = captured
    statement = str(query["sql"])
    return statement, "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))


@pytest.mark.parametrize("is_admin", [True, False])
@pytest.mark.parametrize("narrowed", ["nothing", "state", "kind", "project", "by"])
def test_a_page_of_jobs_is_found_by_an_index(
    crowd: tuple[Principal, str], narrowed: str, is_admin: bool
) -> None:
    somebody, project = crowd
    actor = people.SYSTEM if is_admin else somebody
    rows = browsing.noteworthy(queries.visible_runs(actor))
    rows = {
        "nothing": lambda: rows,
        "state": lambda: browsing.in_states(rows, ["failed", "partial"]),
        "kind": lambda: browsing.of_kinds(rows, ["tags.delete"]),
        "project": lambda: browsing.of_project(rows, project),
        "by": lambda: browsing.started_by(rows, somebody),
    }[narrowed]()
    statement, plan = plan_of(rows)
    assert not re.search(r"Seq Scan on job_run", plan), plan
    assert blocks_touched(statement) < 2_500, plan


def test_the_bell_reads_what_goes_on_and_not_what_has_ended(crowd: tuple[Principal, str]) -> None:
    somebody, _ = crowd
    with CaptureQueriesContext(connection) as captured:
        assert browsing.under_way(somebody) == 4
    (query,) = captured
    assert blocks_touched(str(query["sql"])) < 500, query["sql"]
