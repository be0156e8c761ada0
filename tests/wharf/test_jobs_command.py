"""`wharf jobs`: what people read, what programs read, and what is said when something is wrong."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from audit.models import AuditEvent
from database import sql
from jobs import kinds, services
from jobs.models import LogLine, Run, State, Task, Worker
from jobs.subjects import Subject
from tests.jobs import demonstration
from tests.people import SYSTEM
from tests.wharf.talking import Talking

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talking:
    demonstration.install()
    return Talking(capsys, monkeypatch)


def run(kind: str = "demo.slow", **changes: object) -> Run:
    """A run in the state that `changes` give it."""
    made = services.start(
        kind, actor=SYSTEM, arguments={"seconds": 1}, subject=Subject("repository", "7", "library/alpine")
    )
    Run.objects.filter(pk=made.pk).update(**changes)
    return Run.objects.get(pk=made.pk)


def ids(shell: Talking, *arguments: str) -> list[int]:
    return [row["id"] for row in shell.json("jobs", "list", *arguments)]


def test_the_list_is_a_table_with_the_newest_first(shell: Talking) -> None:
    old = run(state=State.RUNNING, done=30, total=120)
    new = run(state=State.FAILED, error="the disk is full\nTraceback …")
    header, first, second = shell.ok("jobs", "list").splitlines()
    assert header.split() == ["id", "kind", "subject", "state", "progress", "created", "took", "by", "error"]
    assert first.split()[0] == str(new.pk)
    assert first.endswith("the disk is full")
    assert "library/alpine" in first
    assert second.startswith(str(old.pk))
    assert "30 of 120 (25 %)" in second


def test_the_list_is_narrowed_by_state_kind_queue_and_time(shell: Talking) -> None:
    now = sql.value("SELECT now()")
    active, retrying = run(state=State.RUNNING), run(state=State.RETRYING)
    failed = run("demo.copy", state=State.FAILED)
    old = run(state=State.SUCCEEDED, created_at=now - timedelta(days=3))
    assert ids(shell) == [failed.pk, retrying.pk, active.pk, old.pk]
    assert ids(shell, "--state", "active") == [retrying.pk, active.pk]
    assert ids(shell, "--state", "failed", "--state", "succeeded") == [failed.pk, old.pk]
    assert ids(shell, "--kind", "demo.copy") == ids(shell, "--queue", "copies") == [failed.pk]
    assert old.pk not in ids(shell, "--since", "2d")
    assert old.pk in ids(shell, "--since", (now - timedelta(days=4)).date().isoformat())
    assert ids(shell, "--limit", "1") == [failed.pk]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ("list", "--state", "broken"),
            "no state is named 'broken': choose from active, failed, partial, queued",
        ),
        (("list", "--kind", "demo.nosuch"), "no kind is named 'demo.nosuch': choose from"),
        (("list", "--queue", "nosuch"), "no queue is named 'nosuch': choose from"),
        (("list", "--limit", "0"), "--limit is at least 1"),
        (("show", "999999"), "no job 999999"),
        (("log", "999999"), "no job 999999"),
        (("stop", "999999"), "no job 999999"),
        (("pause", "nosuch"), "no queue is named 'nosuch'"),
        (("limit", "copies", "0"), "pause it instead"),
    ],
)
def test_what_does_not_exist_is_said_in_one_line(
    shell: Talking, arguments: tuple[str, ...], complaint: str
) -> None:
    assert complaint in shell.refused("jobs", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "x"),
        ("show", "9" * 30),
        ("show", "-1"),
        ("list", "--since", "soon"),
        ("limit", "copies", "many"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(shell: Talking, arguments: tuple[str, ...]) -> None:
    assert shell.status("jobs", *arguments) == 2


def test_a_job_is_shown_whole_with_what_to_do_next(shell: Talking) -> None:
    made = run(
        state=State.PARTIAL, done=10, total=10, failed=1, attempts=1, log_lines=1, error="1 of 10 items failed",
        started_at=sql.value("SELECT now() - interval '75 seconds'"), finished_at=sql.value("SELECT now()"),
    )  # fmt: skip
    Task.objects.create(
        run=made, key="library/busybox", state=State.FAILED, attempts=3, error="no such manifest"
    )
    shown = shell.ok("jobs", "show", str(made.pk))
    for part in (
        "state:      partial",
        "10 of 10 (100 %)",
        "1 min",
        "library/busybox: no such manifest",
        "tests (manual)",
    ):
        assert part in shown, shown
    assert shown.splitlines()[-3:] == [
        f"  wharf jobs {verb} {made.pk}" for verb in ("log", "retry", "retry-failed")
    ]
    facts = shell.json("jobs", "show", str(made.pk))
    assert facts["failed_items"] == [{"item": "library/busybox", "attempts": 3, "error": "no such manifest"}]
    assert facts["arguments"] == {"seconds": 1}


def test_the_log_is_text_for_people_and_a_line_of_json_each_for_programs(shell: Talking) -> None:
    made = run(state=State.SUCCEEDED, log_lines=2)
    LogLine.objects.create(run=made, n=1, level="info", message="begun", fields={"items": 3})
    LogLine.objects.create(run=made, n=2, level="error", message="ended", fields={})
    text = shell.ok("jobs", "log", str(made.pk)).splitlines()
    assert text[0].endswith("  info     begun  items=3")
    lines = [
        json.loads(line) for line in shell.ok("jobs", "log", str(made.pk), "--json", "--follow").splitlines()
    ]
    assert [(line["n"], line["level"], line["fields"]) for line in lines] == [
        (1, "info", {"items": 3}),
        (2, "error", {}),
    ]


def test_stopping_says_what_will_happen(shell: Talking) -> None:
    waiting, running, ended = run(), run(state=State.RUNNING), run(state=State.FAILED)
    assert shell.ok("jobs", "stop", str(waiting.pk)) == f"job {waiting.pk} is stopped\n"
    assert "will stop at its next step" in shell.ok("jobs", "stop", str(running.pk))
    assert shell.ok("jobs", "stop", str(ended.pk)) == f"job {ended.pk} had ended already: failed\n"
    assert "running, stopping" in shell.ok("jobs", "show", str(running.pk))


def test_what_has_ended_is_queued_again_and_what_has_not_is_refused(shell: Talking) -> None:
    made = run(state=State.PARTIAL)
    assert "no item of job" in shell.refused("jobs", "retry-failed", str(made.pk))
    Task.objects.create(run=made, key="a", state=State.FAILED)
    assert "queued again" in shell.ok("jobs", "retry-failed", str(made.pk))
    assert "stop it first" in shell.refused("jobs", "retry", str(made.pk))
    Run.objects.filter(pk=made.pk).update(state=State.FAILED)
    assert shell.json("jobs", "retry", str(made.pk))["state"] == "queued"


def test_queues_are_paused_limited_and_resumed_by_name_and_the_audit_log_knows(shell: Talking) -> None:
    run("demo.copy")
    shell.ok("jobs", "pause", "copies")
    assert "jobs at once" in shell.ok("jobs", "limit", "copies", "7")
    row = {queue["queue"]: queue for queue in shell.json("jobs", "queues")}["copies"]
    assert (row["waiting"], row["limit"], row["oldest"] is not None, row["paused"] is not None) == (
        1,
        7,
        True,
        True,
    )
    shell.ok("jobs", "resume", "copies")
    shell.ok("jobs", "limit", "copies", "default")
    table = shell.ok("jobs", "queues").splitlines()
    assert len(table) == len(kinds.queues()) + 1
    acts = AuditEvent.objects.filter(resource_type="queue", resource_id="copies").order_by("id")
    assert [act.operation for act in acts] == ["queue.pause", "queue.limit", "queue.resume", "queue.limit"]


def test_workers_are_shown_with_what_they_do(shell: Talking) -> None:
    Worker.objects.create(name="host-a/1-1/77-7", host="host-a", pid=77, slots=4)
    made = run(state=State.RUNNING, lease_owner="host-a/1-1/77-7/78-8", sent_at=sql.value("SELECT now()"))
    assert f"{made.pk} demo.slow" in shell.ok("jobs", "workers")
    (worker,) = shell.json("jobs", "workers")
    assert (worker["alive"], worker["processes"], worker["jobs"]) == (True, 4, [made.pk])
