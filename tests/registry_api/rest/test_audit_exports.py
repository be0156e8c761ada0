"""Exports of the audit log over HTTP: streamed at once, or made in the background and downloaded, as Harbor's /export/cve."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace

import pytest

from audit.export import exporting
from audit.export.formats import COLUMNS
from audit.models import AuditEvent
from jobs.models import Run
from tests.people import SYSTEM, unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.exports import finished, made

EXPORT = "/auditlog-exts/export"


def test_a_search_comes_as_a_csv_file(world: World) -> None:
    event = world.event(by=replace(SYSTEM, name=unique("=cmd")))
    answer = world.admin.get(EXPORT, params={"q": f"username={event.actor_name}"})
    header, row = csv.reader(io.StringIO(answer.text, newline=""))
    assert (answer.status_code, header) == (200, list(COLUMNS))
    assert (row[header.index("id")], row[header.index("actor_name")]) == (
        str(event.pk),
        f"'{event.actor_name}",
    )
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')


def test_a_search_comes_as_lines_of_json(world: World) -> None:
    event = world.event(before={"digest": "sha256:1"})
    answer = world.admin.get(EXPORT, params={"q": f"resource={event.resource_name}", "format": "jsonl"})
    assert answer.headers["Content-Type"] == "application/jsonl"
    (line,) = answer.text.splitlines()
    assert (json.loads(line)["id"], json.loads(line)["detail"]["before"]) == (
        event.pk,
        {"digest": "sha256:1"},
    )


def test_who_may_not_read_all_gets_his_part(world: World) -> None:
    event = world.event()

    def seen(kind: str) -> bool:
        answer = world.caller(kind).get(
            EXPORT, params={"q": f"resource={event.resource_name}", "format": "jsonl"}
        )
        return str(event.pk) in answer.text

    assert {kind: seen(kind) for kind in ("auditor", "project_admin", "developer", "outsider")} == {
        "auditor": True,
        "project_admin": True,
        "developer": False,
        "outsider": False,
    }


def test_only_his_own_acts(world: World) -> None:
    world.event()
    world.project_admin.get(EXPORT)  # is an act of his own
    text = world.project_admin.get(EXPORT, params={"own": "true", "format": "jsonl"}).text
    names = {json.loads(line)["actor_name"] for line in text.splitlines()}
    assert names == {world.project_admin.principal.name}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"format": "xml"}, "format is csv or jsonl"),
        ({"own": "yes"}, "own is true or false"),
        ({"q": "color=red"}, "allowed are"),
        ({"q": "op_time=[nonsense~]"}, "is a time"),
    ],
)
def test_what_cannot_be_meant_is_refused(world: World, query: dict[str, str], told: str) -> None:
    status, message = world.admin.refused("GET", EXPORT, params=query)
    assert (status, told in message) == (400, True), message


def test_too_much_is_refused_with_the_way_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LARGEST_STREAM", 1)
    for _ in range(2):
        world.event()
    status, message = world.admin.refused("GET", EXPORT)
    assert (status, "/api/v2.0/export/audit-logs" in message) == (400, True)


def test_a_head_request_is_no_export_and_no_download(world: World) -> None:
    exports = AuditEvent.objects.filter(operation__in=("audit.export", "audit.export-download"))
    for path in (EXPORT, f"/export/audit-logs/download/{made(world)}"):
        before = exports.count()
        assert world.admin.call("HEAD", path).status_code == 405
        assert exports.count() == before


@pytest.mark.parametrize("times", ["[~0001-01-02]", "[9999-12-31~]", "[0001-01-01~0001-01-03]"])
def test_times_beyond_all_reckoning_are_empty_files(world: World, times: str) -> None:
    answer = world.admin.get(EXPORT, params={"q": f"op_time={times}", "format": "jsonl"})
    assert (answer.status_code, answer.text) == (200, "")
    asked = world.admin.call("POST", "/export/audit-logs", json={"q": f"op_time={times}"})
    Run.objects.filter(pk=asked.json()["id"]).update(state="stopped")
    assert asked.status_code == 200


def test_an_administrator_does_not_take_away_a_file_and_its_owner_stops_his_own(world: World) -> None:
    done = made(world, "developer")
    assert world.admin.refused("POST", f"/jobs/{done}/retry")[0] == 409
    assert world.developer.get(f"/export/audit-logs/executions/{done}").json()["file_present"]
    run = world.developer.call("POST", "/export/audit-logs", json={}).json()["id"]
    assert world.project_admin.refused("POST", f"/jobs/{run}/stop")[0] == 404
    assert world.developer.call("POST", f"/jobs/{run}/stop").status_code == 202
    assert Run.objects.get(pk=run).state == "stopped"


def test_a_file_is_asked_for_made_listed_and_downloaded(world: World) -> None:
    event = world.event()
    asked = {"q": f"resource={event.resource_name}", "format": "jsonl"}
    run = world.auditor.call("POST", "/export/audit-logs", json=asked).json()["id"]
    path = f"/export/audit-logs/executions/{run}"
    before = world.auditor.get(path).json()
    assert (before["status"], before["file_present"], "sha256" in before) == ("Pending", False, False)
    assert world.auditor.refused("GET", f"/export/audit-logs/download/{run}")[0] == 404
    finished(run)
    after = world.auditor.get(path).json()
    assert (after["status"], after["file_present"], after["rows"]) == ("Success", True, 1)
    assert world.auditor.get("/export/audit-logs/executions").json()["items"] == [after]
    file = world.auditor.get(f"/export/audit-logs/download/{run}")
    assert json.loads(file.content)["id"] == event.pk
    assert hashlib.sha256(file.content).hexdigest() == after["sha256"] == file.headers["X-Content-SHA256"]
    assert (file.headers["Content-Length"], after["file_name"] in file.headers["Content-Disposition"]) == (
        str(after["size"]),
        True,
    )


def test_nobody_else_knows_of_a_file(world: World) -> None:
    run = finished(world.auditor.call("POST", "/export/audit-logs", json={}).json()["id"])
    for path in (f"/export/audit-logs/executions/{run}", f"/export/audit-logs/download/{run}"):
        assert world.admin.refused("GET", path)[0] == 404
    assert world.admin.get("/export/audit-logs/executions").json() == {"items": []}
