"""/jobs: who sees which, how one looks, polling, stopping, retrying, failed items, the log."""

from __future__ import annotations

import pytest
from django.db.models import F

from jobs.models import LogLine, Run, Task
from tests import people
from tests.registry_api.rest.api import World


def test_everybody_sees_his_own_and_those_of_projects_he_may_edit(world: World) -> None:
    of_project = world.run(by="developer").pk
    own = world.run(by="outsider", project_id=None).pk
    for kind, expected in {
        "admin": {of_project, own},
        "maintainer": {of_project},
        "project_admin": {of_project},
        "developer": {of_project},  # his own
        "guest": set(),
        "outsider": {own},
        "auditor": set(),
    }.items():
        answer = world.caller(kind).get(f"/jobs?page_size=100&q=id={{{of_project} {own}}}")
        assert {entry["id"] for entry in answer.json()} == expected, kind
        assert answer.headers["X-Total-Count"] == str(len(expected))


@pytest.mark.parametrize(
    "path", ["", "/tasks", "/log", "/log?download=true", "/stop", "/retry", "/retry-failed"]
)
def test_a_job_of_others_looks_like_none(world: World, path: str) -> None:
    run = world.run()
    method = "POST" if path.lstrip("/").startswith(("stop", "retry")) else "GET"
    hidden = world.outsider.refused(method, f"/jobs/{run.pk}{path}")
    missing = world.outsider.refused(method, f"/jobs/{10**17}{path}")
    assert hidden == (404, f"no job {run.pk}")
    assert missing == (404, f"no job {10**17}")
    assert Run.objects.get(pk=run.pk).version == 1


def test_children_are_found_through_their_own_job_alone(world: World) -> None:
    mine, other = world.run(), World(world.http, people.make_project()).run()
    Task.objects.create(run=other, key="secret-item", state="failed")
    LogLine.objects.create(run=other, n=1, level="info", message="secret-line")
    for path in ("tasks", "log", "log?download=true", f"tasks?q=run={other.pk}", f"log?q=run_id={other.pk}"):
        assert "secret" not in world.maintainer.get(f"/jobs/{mine.pk}/{path}").text


def test_a_job_tells_how_far_it_is(world: World) -> None:
    run = world.run(state="running", done=25, total=100, phase="copy", current="alpine:3")
    Run.objects.filter(pk=run.pk).update(
        started_at=F("created_at"), phase_started_at=F("created_at"), heartbeat_at=F("created_at")
    )
    told = world.maintainer.get(f"/jobs/{run.pk}").json()
    assert told["id"] == run.pk
    assert (told["done"], told["total"], told["phase"], told["current"]) == (25, 100, "copy", "alpine:3")
    assert told["seconds_left"] == 0
    assert told["is_stopping"] is False
    assert told["creation_time"] == told["start_time"]
    assert told["creation_time"].endswith("Z")
    assert told["end_time"] is None
    assert not {"lease_owner", "single_key", "heartbeat_at"} & set(told)


def test_an_unchanged_job_is_not_sent_again(world: World) -> None:
    run = world.run(state="running")
    first = world.maintainer.get(f"/jobs/{run.pk}")
    tag = first.headers["ETag"]
    for condition in (tag, f"W/{tag}", f'"x", {tag}'):
        again = world.maintainer.get(f"/jobs/{run.pk}", headers={"If-None-Match": condition})
        assert (again.status_code, again.headers["ETag"]) == (304, tag)
    Run.objects.filter(pk=run.pk).update(version=2)
    assert world.maintainer.get(f"/jobs/{run.pk}", headers={"If-None-Match": tag}).status_code == 200
    hidden = world.outsider.get(f"/jobs/{run.pk}", headers={"If-None-Match": tag})
    assert hidden.status_code == 404


def test_a_queued_job_is_stopped_at_once_and_a_running_one_asked_to(world: World) -> None:
    queued, running = world.run(state="queued"), world.run(state="running")
    stopped = world.maintainer.call("POST", f"/jobs/{queued.pk}/stop")
    assert (stopped.status_code, stopped.json()["state"]) == (202, "stopped")
    asked = world.maintainer.call("POST", f"/jobs/{running.pk}/stop").json()
    assert (asked["state"], asked["is_stopping"]) == ("running", True)


def test_a_finished_job_is_done_again(world: World) -> None:
    run = world.run(state="failed", kind="audit.partitions", project_id=None, by="admin")
    again = world.admin.call("POST", f"/jobs/{run.pk}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    assert world.admin.refused("POST", f"/jobs/{run.pk}/retry")[0] == 409
    Run.objects.filter(pk=run.pk).update(state="stopped")


def test_only_failed_items_are_done_again_where_there_are_any(world: World) -> None:
    run = world.run(state="partial", kind="audit.partitions")
    assert world.maintainer.refused("POST", f"/jobs/{run.pk}/retry-failed")[0] == 409
    Task.objects.create(run=run, key="alpine:3", state="failed", error="refused", attempts=3)
    (task,) = world.maintainer.get(f"/jobs/{run.pk}/tasks?q=state=failed").json()
    assert {key: task[key] for key in ("key", "state", "error", "attempts")} == {
        "key": "alpine:3",
        "state": "failed",
        "error": "refused",
        "attempts": 3,
    }
    again = world.maintainer.call("POST", f"/jobs/{run.pk}/retry-failed")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    Run.objects.filter(pk=run.pk).update(state="stopped")


@pytest.fixture
def logged(world: World) -> Run:
    run = world.run()
    LogLine.objects.bulk_create(
        LogLine(run=run, n=n, level="error" if n % 10 == 0 else "info", message=f"line {n}", fields={"n": n})
        for n in range(1, 26)
    )
    return run


def test_a_log_comes_in_pages(world: World, logged: Run) -> None:
    answer = world.maintainer.get(f"/jobs/{logged.pk}/log?page=3")
    assert [line["n"] for line in answer.json()] == [21, 22, 23, 24, 25]
    assert answer.headers["X-Total-Count"] == "25"
    errors = world.maintainer.get(f"/jobs/{logged.pk}/log?q=level=error").json()
    assert [line["message"] for line in errors] == ["line 10", "line 20"]
    tail = world.maintainer.get(f"/jobs/{logged.pk}/log?q=n=[24~]").json()
    assert tail[-1]["fields"] == {"n": 25}


def test_a_log_is_downloaded_as_text(world: World, logged: Run) -> None:
    by_name = world.maintainer.get(f"/jobs/{logged.pk}/log?download=true")
    by_type = world.maintainer.get(f"/jobs/{logged.pk}/log", headers={"Accept": "text/plain"})
    assert by_name.headers["Content-Disposition"] == f'attachment; filename="job-{logged.pk}.log"'
    assert by_name.text == by_type.text
    assert by_name.text.count("\n") == 25
    assert world.maintainer.call("HEAD", f"/jobs/{logged.pk}/log?download=true").status_code == 200
    assert ' ERROR line 20 {"n":20}\n' in by_name.text


def test_a_line_of_a_log_cannot_pretend_to_be_two(world: World) -> None:
    run = world.run()
    LogLine.objects.create(run=run, n=1, level="info", message="a\n2030 ERROR b\x1b[2J")
    text = world.maintainer.get(f"/jobs/{run.pk}/log?download=true").text
    assert text.count("\n") == 1
    assert "\x1b" not in text
