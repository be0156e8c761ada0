"""`wharf schedule`, and `wharf jobs schedules`."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from database import sql
from jobs import beat, schedules
from jobs.models import Run, Schedule
from tests.jobs import demonstration
from tests.people import SYSTEM
from tests.wharf.talking import Talking

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talking:
    demonstration.install()
    return Talking(capsys, monkeypatch)


def test_a_schedule_is_created_changed_run_switched_and_removed(shell: Talking) -> None:
    made = shell.json(
        "schedule",
        "create",
        "demo.slow",
        "30 2 * * *",
        "--time-zone",
        "Europe/Berlin",
        "--arguments",
        '{"seconds": 0}',
    )
    row = str(made["id"])
    assert (made["cron"], made["time_zone"], made["enabled"], made["arguments"]) == (
        "30 2 * * *",
        "Europe/Berlin",
        True,
        {"seconds": 0},
    )
    assert len(made["upcoming"]) == 5
    shown = shell.ok("schedule", "change", row, "--cron", "@every 10m")
    assert "when:      @every 10m  (every 10 minutes)" in shown
    assert "state:     off" in shell.ok("schedule", "disable", row)
    assert "next:" not in shell.ok("schedule", "show", row)
    assert "state:     on" in shell.ok("schedule", "enable", row)
    run = shell.json("schedule", "run", row)
    assert (run["kind"], run["trigger"]) == ("demo.slow", "manual")
    assert shell.ok("schedule", "remove", row) == f"schedule {row} removed\n"
    assert not Schedule.objects.exists()
    assert Run.objects.filter(pk=run["id"]).exists()
    assert AuditEvent.objects.filter(resource_type="schedule", resource_id=row, auth="cli").count() == 6


def test_the_list_says_when_and_what_came_of_it(shell: Talking) -> None:
    row = schedules.create(SYSTEM, "demo.once", cron="@every 1h")
    schedules.create(SYSTEM, "demo.noop", cron="0 9 * * mon-fri", time_zone="Asia/Tokyo", enabled=False)
    for _ in range(2):
        sql.execute("UPDATE job_schedule SET next_at = now() WHERE id = %s", [row.pk])
        beat.fire_due()
    header, off, on = shell.ok("schedule", "list").splitlines()
    assert header.split() == [
        "id",
        "kind",
        "subject",
        "when",
        "time",
        "zone",
        "on",
        "next",
        "last",
        "job",
        "note",
    ]
    assert "0 9 * * mon-fri  Asia/Tokyo  no" in off
    assert "skipped: 'One at a time' is under way already" in on
    assert shell.ok("jobs", "schedules") == shell.ok("schedule", "list")
    assert [found["kind"] for found in shell.json("jobs", "schedules")] == ["demo.noop", "demo.once"]


def test_an_expression_can_be_tried(shell: Talking) -> None:
    table = shell.ok(
        "schedule", "next", "0 2 29 2 *", "--time-zone", "America/New_York", "--count", "3"
    ).splitlines()
    assert len(table) == 4
    assert all(line.endswith("-02-29 02:00:00 -0500") for line in table[1:])
    assert len(shell.json("schedule", "next", "@every 90s")) == 5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "999"), "no schedule 999"),
        (("change", "999", "--cron", "@daily"), "no schedule 999"),
        (("change", "999"), "nothing to change: give --cron or --time-zone"),
        (("create", "demo.nosuch", "@daily"), "no kind of job is named 'demo.nosuch'"),
        (("create", "demo.noop", "61 * * * *"), "minute '61' is not understood: numbers are 0 to 59"),
        (
            ("create", "demo.noop", "@daily", "--time-zone", "Bonn"),
            "'Bonn' is no time zone: write an IANA name",
        ),
        (("create", "demo.noop", "@daily", "--arguments", "{"), "--arguments is no JSON"),
        (("create", "demo.noop", "@daily", "--arguments", "[1]"), "--arguments must be an object"),
        (("next", "* * *"), "this one has 3"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    shell: Talking, arguments: tuple[str, ...], complaint: str
) -> None:
    assert complaint in shell.refused("schedule", *arguments)


def test_what_is_part_of_wharf_is_not_removed_and_what_exists_not_made_twice(shell: Talking) -> None:
    (row,) = schedules.install(SYSTEM, [schedules.Default("demo.noop", "@daily")])
    assert "switch it off instead" in shell.refused("schedule", "remove", str(row.pk))
    assert "has a schedule already: change that one" in shell.refused(
        "schedule", "create", "demo.noop", "@hourly"
    )
