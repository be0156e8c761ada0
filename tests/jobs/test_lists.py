"""Lists of very many runs: by index, in a constant number of queries; and what housekeeping leaves of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext

from access.principal import Principal
from access.table import Role
from database import sql
from jobs import housekeeping, leases, queries, services
from jobs.models import LogLine, Run, State
from jobs.progress import Progress
from tests import people

SYSTEM = Principal.system("tests", people.ORIGIN)

_FILL = """
    INSERT INTO job_run (kind, queue, state, actor_kind, actor_id, actor_name, project_id, created_at, started_at, finished_at)
    SELECT (ARRAY['demo.mark', 'demo.items', 'demo.scan', 'demo.copy'])[1 + n %% 4], 'demo',
      CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'succeeded' END, 'user', n %% 100, 'someone',
      CASE WHEN n %% 3 = 0 THEN %(project)s::bigint END,
      now() - n * interval '1 second', now() - n * interval '1 second', now() - n * interval '1 second'
    FROM generate_series(1, %(count)s) n
"""


def fill(count: int, project: int = 0) -> None:
    sql.execute(_FILL, {"count": count, "project": project})
    sql.execute("ANALYZE job_run")


def plan(queryset: QuerySet[Run]) -> list[dict[str, Any]]:
    """Every node of the plan of its first page."""
    explained = json.loads(queryset[:50].explain(format="json"))
    nodes, found = [explained[0]["Plan"]], []
    while nodes:
        node = nodes.pop()
        found.append(node)
        nodes += node.get("Plans", [])
    return found


def check_pages_by_index(count: int) -> None:
    project = people.make_project()
    member = people.principal(people.make_member(project, Role.MAINTAINER))
    fill(count, project.pk)
    everything = queries.visible_runs(SYSTEM)
    middle = everything[count // 2]
    after = Q(created_at__lt=middle.created_at) | Q(created_at=middle.created_at, pk__lt=middle.pk)
    pages = {
        "all": everything,
        "deep": everything.filter(after, created_at__lte=middle.created_at),
        "state": everything.filter(state=State.FAILED),
        "deep of a state": everything.filter(after, created_at__lte=middle.created_at, state=State.FAILED),
        "kind": everything.filter(kind="demo.scan"),
        "own": everything.filter(actor_kind="user", actor_id=7),
        "project": everything.filter(project_id=project.pk),
        "of a member": queries.visible_runs(member),
    }
    for name, page in pages.items():
        big = [
            node
            for node in plan(page)
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "job_run"
        ]
        assert big == [], name
        with CaptureQueriesContext(connection) as captured:
            assert len(list(page[:50])) == 50, name
        assert len(captured) == 1, name
    with CaptureQueriesContext(connection) as captured:
        queries.queues(SYSTEM)
        queries.workers(SYSTEM)
    assert len(captured) == 6


@pytest.mark.django_db
def test_pages_of_two_hundred_thousand_runs_come_by_index() -> None:
    check_pages_by_index(200_000)


@pytest.mark.stress
@pytest.mark.django_db
def test_pages_of_a_million_runs_come_by_index() -> None:
    check_pages_by_index(1_000_000)


def clean(**limits: int) -> int:
    """As the job does it: a run of its own, carried out here."""
    run = services.start("jobs.housekeeping", actor=SYSTEM)
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run.pk])
    claimed = leases.claim(run.pk)
    assert claimed is not None
    return int(housekeeping.clean(Progress.of(*claimed), **limits)["runs"])


@pytest.mark.django_db
def test_old_runs_leave_with_their_logs_but_the_latest_of_each_kind_stay() -> None:
    fill(4_000)
    Run.objects.filter(kind="demo.scan").update(finished_at="2020-01-01T00:00:00Z")
    old = Run.objects.filter(kind="demo.scan").order_by("created_at")[0]
    LogLine.objects.create(run=old, n=1, level="info", message="long ago")
    assert clean(days=30, latest=100) == 900
    assert Run.objects.filter(kind="demo.scan").count() == 100
    assert Run.objects.filter(kind="demo.mark").count() == 1000
    assert not LogLine.objects.exists()


@pytest.mark.django_db
def test_of_what_runs_every_few_seconds_only_the_latest_and_the_failed_stay() -> None:
    fill(1_000)
    Run.objects.filter(kind="demo.scan").update(kind="statistics.fold")
    newest = Run.objects.filter(kind="statistics.fold", state="succeeded").order_by("-created_at")[:5]
    expected = {run.pk for run in newest}
    assert clean() == 250 - 10 - 5
    left = Run.objects.filter(kind="statistics.fold")
    assert {run.pk for run in left.filter(state="succeeded")} == expected
    assert left.filter(state="failed").count() == 10
