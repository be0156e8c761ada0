"""Jobs on pages: who sees which, how one stands, its log, and its brakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from access.models import Member
from access.table import Role
from jobs.models import LogLine, Run, Task
from projects.models import Project
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, make_user
from tests.registry_api.client import HOST, PASSWORD

HOSTILE = '<script>alert("x")</script>'
KIND = "audit.partitions"


def made(project: Project | None = None, actor: Any = None, **more: Any) -> Run:
    """A run of the project, or one of the system."""
    about = {
        "kind": KIND,
        "queue": "maintenance",
        "actor_kind": "user" if actor else "system",
        "actor_id": actor.pk if actor else 0,
        "actor_name": actor.username if actor else "tests",
        "project_id": project.pk if project else None,
    }
    return Run.objects.create(**{**about, **more})


@pytest.fixture
def mine(ann: Visitor) -> Project:
    """A private project in which Ann is a maintainer."""
    project = make_project("jobs")
    Member.objects.create(project=project, user=ann.user, role_id=Role.MAINTAINER)
    return project


def post(visitor: Visitor, path: str) -> int:
    sent = {"csrfmiddlewaretoken": visitor.token}
    return visitor.http.post(path, data=sent, headers={"Origin": f"http://{HOST}"}).status_code


def fragment(visitor: Visitor, path: str) -> Any:
    return visitor.get(path, headers={"HX-Request": "true"})


def test_one_sees_the_jobs_of_ones_projects_and_no_others(ann: Visitor, mine: Project) -> None:
    seen, hidden, of_system = made(mine), made(make_project("other")), made()
    page = ann.page(f"/jobs?project={mine.name}")
    assert f"/jobs/{seen.pk}" in page.links
    assert ann.get(f"/jobs/{seen.pk}").status_code == 200
    for run in (hidden, of_system):
        assert ann.get(f"/jobs/{run.pk}").status_code == 404
        assert ann.get(f"/jobs/{run.pk}/log").status_code == 404
        assert post(ann, f"/jobs/{run.pk}/stop") == 404


def test_nobody_signed_in_is_asked_to_sign_in(visitor: Visitor) -> None:
    run = made()
    for path in ("/jobs", f"/jobs/{run.pk}", f"/jobs/{run.pk}/log"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/auth/login")
    assert visitor.get("/jobs/running").text.strip() == ""


def test_a_card_says_how_far_the_job_is_and_when_it_may_be_done(ann: Visitor, mine: Project) -> None:
    now = timezone.now()
    run = made(
        mine, state="running", phase="folding", done=300, total=1200, bytes_done=3 * 1024**2, attempts=1, max_attempts=3,
        started_at=now - timedelta(seconds=30), phase_started_at=now - timedelta(seconds=30), heartbeat_at=now,
    )  # fmt: skip
    text = ann.page(f"/jobs/{run.pk}").text
    for words in (
        "running",
        "300 of 1,200",
        "25 %",
        "3.00 MiB",
        "attempt 1 of 3",
        "about 1 min left",
        "Stop",
    ):
        assert words in text, words


def test_one_that_waits_for_another_attempt_has_not_failed(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="retrying", retry_at=timezone.now() + timedelta(minutes=5), error="no luck")
    text = ann.page(f"/jobs/{run.pk}").text
    assert "will be tried again" in text
    assert "in 5 min" in text
    assert "no luck" in text


def test_a_script_gets_the_card_alone_and_nothing_while_nothing_changed(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="running", started_at=timezone.now())
    assert fragment(ann, f"/jobs/{run.pk}?version={run.version}").status_code == 204
    Run.objects.filter(pk=run.pk).update(version=2, done=7)
    answer = fragment(ann, f"/jobs/{run.pk}?version=1")
    assert "<html" not in answer.text
    assert f'hx-get="/jobs/{run.pk}?version=2"' in answer.text
    assert 'hx-trigger="every 2s"' in answer.text
    Run.objects.filter(pk=run.pk).update(version=3, state="succeeded", finished_at=timezone.now())
    last = fragment(ann, f"/jobs/{run.pk}?version=2").text
    assert "hx-trigger" not in last
    assert "success" in last


def test_an_old_job_is_looked_at_less_often(ann: Visitor, mine: Project) -> None:
    ages = {"2s": 10, "5s": 300, "15s": 3600}
    for every, seconds in ages.items():
        run = made(mine, state="running", started_at=timezone.now() - timedelta(seconds=seconds))
        assert f"every {every}" in ann.get(f"/jobs/{run.pk}").text


def test_the_brakes_are_for_who_may_use_them(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="queued")
    Member.objects.filter(project=mine, user=ann.user).update(role_id=Role.DEVELOPER)
    assert post(ann, f"/jobs/{run.pk}/stop") == 404
    own = made(mine, ann.user, state="queued")
    assert f"/jobs/{own.pk}/stop" in [form.action for form in ann.page(f"/jobs/{own.pk}").forms]
    assert post(ann, f"/jobs/{own.pk}/stop") == 303
    ended = ann.page(f"/jobs/{own.pk}")
    assert "stopped" in ended.text
    # Who has lost a right has nothing done again by having started it once.
    assert f"/jobs/{own.pk}/retry" not in [form.action for form in ended.forms]
    Member.objects.filter(project=mine, user=ann.user).update(role_id=Role.MAINTAINER)
    assert post(ann, f"/jobs/{own.pk}/retry") == 303
    assert "queued" in ann.page(f"/jobs/{own.pk}").text


def test_what_failed_is_listed_and_can_be_done_again_alone(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="partial", failed=1, done=3, total=3, finished_at=timezone.now())
    Task.objects.create(run=run, key=HOSTILE, state="failed", attempts=2, error=HOSTILE)
    answer = ann.get(f"/jobs/{run.pk}")
    assert "<script>alert" not in answer.text
    assert HOSTILE in Page(answer.text).text
    assert "1 item failed" in Page(answer.text).text
    assert post(ann, f"/jobs/{run.pk}/retry-failed") == 303
    assert Run.objects.get(pk=run.pk).only_failed


def test_the_log_is_found_in_filtered_followed_and_taken_along(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="running", log_lines=3, started_at=timezone.now())
    for number, (level, message) in enumerate(
        [("info", "begun"), ("warning", "slow"), ("error", HOSTILE)], 1
    ):
        LogLine.objects.create(run_id=run.pk, n=number, level=level, message=message, fields={"a": 1})
    path = f"/jobs/{run.pk}"
    assert "<script>alert" not in ann.get(path).text
    assert "begun" in ann.page(path).text
    assert "begun" not in ann.page(f"{path}?level=warning").text
    assert "slow" in ann.page(f"{path}?level=warning").text
    assert "slow" not in ann.page(f"{path}?find=ALERT").text
    assert fragment(ann, f"{path}/log?after=3").status_code == 204
    LogLine.objects.create(run_id=run.pk, n=4, level="info", message="further")
    newer = fragment(ann, f"{path}/log?after=3").text
    assert "further" in newer
    assert "slow" not in newer
    assert "after=4" in newer
    file = ann.get(f"{path}/log")
    assert file.headers["Content-Disposition"] == f'attachment; filename="job-{run.pk}.log"'
    assert len(file.text.splitlines()) == 4


def test_a_log_of_many_lines_is_read_page_by_page(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="succeeded", log_lines=700)
    LogLine.objects.bulk_create(
        LogLine(run_id=run.pk, n=n, level="info", message=f"line {n}") for n in range(1, 701)
    )
    page = ann.page(f"/jobs/{run.pk}")
    assert "line 201 " in page.text
    assert "line 200 " not in page.text
    earlier = next(link for link in page.links if "before=" in link)
    first = ann.page(earlier.partition("#")[0])
    assert "line 200 " in first.text
    assert not [link for link in first.links if "before=" in link]
    later = next(link for link in first.links if "after=" in link).partition("#")[0]
    last = ann.page(later)
    assert "line 201 " in last.text
    assert "line 700 " in last.text
    assert "line 200 " not in last.text
    assert not [link for link in last.links if "after=" in link]


def test_who_reads_earlier_lines_of_a_job_that_runs_follows_it_no_more(ann: Visitor, mine: Project) -> None:
    run = made(mine, state="running", log_lines=600, started_at=timezone.now())
    LogLine.objects.bulk_create(
        LogLine(run_id=run.pk, n=n, level="info", message=f"line {n}") for n in range(1, 601)
    )
    path = f"/jobs/{run.pk}"
    assert "log-tail" in ann.get(path).text
    assert "data-follow" in ann.get(path).text
    for page in (f"{path}?before=101", f"{path}?after=50"):
        assert "log-tail" not in ann.get(page).text
        assert "data-follow" not in ann.get(page).text
    assert "log-tail" in ann.get(f"{path}?after=550").text


def test_the_bell_counts_ones_own_jobs_that_are_under_way(ann: Visitor, mine: Project) -> None:
    made(mine, ann.user, state="running")
    made(mine, ann.user, state="retrying")
    made(mine, ann.user, state="failed")
    made(mine, state="running")
    assert "2 jobs are under way" in fragment(ann, "/jobs/running").text


def test_an_administrator_narrows_the_list_of_all(visitor: Visitor) -> None:
    root = make_user("root", password=PASSWORD, is_admin=True)
    visitor.sign_in(root.username, PASSWORD)
    project = make_project("all")
    failed, done = made(project, state="failed"), made(project, root, state="succeeded", kind="ldap.sync")
    queries = {
        "state=failed": failed,
        "kind=ldap.sync": done,
        "by=me": done,
        "state=failed&state=queued": failed,
    }
    for query, run in queries.items():
        found = [
            link for link in visitor.page(f"/jobs?project={project.name}&{query}").links if "/jobs/" in link
        ]
        assert f"/jobs/{run.pk}" in found
        assert len(set(found)) == 1, query
