"""A project's pulls are a row each, one for those alike, or none; counted are they in all three ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Agent, AuditEvent, Pull, Usage
from audit.pull_log import PullLog, different
from audit.spool.lines import Gap
from audit.spool.shipper import Shipper
from projects.models import Project
from projects.services.projects import Changes, change_project
from tests.audit.spools import NOON, counted, events, leave, line, logged, text
from tests.people import SYSTEM, make_project

pytestmark = pytest.mark.django_db(transaction=True)


def logging(mode: PullLog) -> int:
    """A project that has its pulls logged so; its id."""
    project = make_project()
    change_project(SYSTEM, project, Changes(pull_log=mode))
    return project.pk


def pull(folder: Path, project_id: int, *, times: int, name: str = "host.1.1", tag: str = "1.0") -> None:
    leave(folder, text(line(tag, seconds=n, project_id=project_id) for n in range(times)), name)


@pytest.mark.parametrize(
    ("mode", "rows"), [(PullLog.ALL, [1, 1, 1]), (PullLog.COALESCED, [3]), (PullLog.OFF, [])]
)
def test_alike_pulls_are_as_many_rows_as_the_project_wants_and_counted(
    tmp_path: Path, mode: PullLog, rows: list[int]
):
    pull(tmp_path, logging(mode), times=3)
    shipped = Shipper(tmp_path).step()
    assert (shipped.lines, shipped.rows) == (3, len(rows))
    assert list(Pull.objects.values_list("n", flat=True)) == rows
    assert counted() == (3, 3)
    assert Usage.objects.get().pulls == 3
    assert list(tmp_path.iterdir()) == []


def test_projects_of_one_batch_are_each_logged_their_own_way(tmp_path: Path):
    made = {mode: logging(mode) for mode in PullLog}
    for mode, project_id in made.items():
        pull(tmp_path, project_id, times=4, name=f"host.1.{project_id}", tag=mode.value)
    with CaptureQueriesContext(connection) as queries:
        assert Shipper(tmp_path).step().lines == 12
    asked = [each["sql"] for each in queries.captured_queries if "pull_log" in each["sql"]]
    assert len(asked) == 1, asked
    found = {mode: Pull.objects.filter(project_id=project_id).count() for mode, project_id in made.items()}
    assert found == {PullLog.ALL: 4, PullLog.COALESCED: 1, PullLog.OFF: 0}
    assert counted() == (12, 12)


def test_a_change_holds_for_what_is_shipped_from_then_on(tmp_path: Path):
    project = make_project()
    shipper = Shipper(tmp_path)
    for number, mode in enumerate((PullLog.OFF, PullLog.COALESCED, PullLog.ALL)):
        change_project(SYSTEM, project, Changes(pull_log=mode))
        pull(tmp_path, project.pk, times=2, name=f"host.1.{number}", tag=str(number))
        shipper.step()
    assert list(Pull.objects.order_by("id").values_list("tag", "n")) == [("1", 2), ("2", 1), ("2", 1)]
    assert counted() == (6, 6)


def test_a_project_without_rows_leaves_no_agent_and_no_partition(tmp_path: Path):
    project_id = logging(PullLog.OFF)
    far = line(seconds=-20 * 86400, project_id=project_id, agent="of nobody")
    leave(tmp_path, text([far]))
    before = partitions()
    Shipper(tmp_path).step()
    assert not Agent.objects.filter(agent="of nobody").exists()
    assert partitions() == before
    assert Usage.objects.get().day == (NOON - timedelta(days=20)).date()


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_pull'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def test_gaps_are_told_whatever_the_project_wants(tmp_path: Path):
    project_id = logging(PullLog.OFF)
    gap = Gap(7, NOON, NOON)
    said = f'{{"gap": {gap.lost}, "since": "{gap.since.isoformat()}", "until": "{gap.until.isoformat()}"}}\n'
    leave(tmp_path, text([line(project_id=project_id)]) + said.encode())
    Shipper(tmp_path).step()
    assert (logged(), counted()) == (0, (1, 1))
    assert [event["lost"] for event in events("audit.gap")] == [7]


def test_a_deleted_project_keeps_its_way(tmp_path: Path):
    project_id = logging(PullLog.OFF)
    Project.objects.filter(pk=project_id).update(deleted_at=NOON)
    leave(tmp_path, text([replace(line(), project_id=project_id)]))
    Shipper(tmp_path).step()
    assert (logged(), counted()) == (0, (1, 1))


def test_the_change_is_an_event_with_before_and_after():
    project = make_project()
    assert project.pull_log == "coalesced"
    assert change_project(SYSTEM, project, Changes(pull_log=PullLog.OFF)).pull_log == "off"
    event = AuditEvent.objects.get(project_id=project.pk, operation="project.update")
    assert event.detail == {"before": {"pull_log": "coalesced"}, "after": {"pull_log": "off"}}
    change_project(SYSTEM, project, Changes(pull_log=PullLog.OFF))
    assert AuditEvent.objects.filter(project_id=project.pk, operation="project.update").count() == 1
    assert different()[project.pk] is PullLog.OFF


def test_the_database_takes_no_other_word():
    project = make_project()
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(pull_log="sometimes")
