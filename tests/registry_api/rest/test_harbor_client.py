"""A client written for Harbor by others (harborapi) against a whole server: it finds what it expects, in its own models."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from harborapi.exceptions import NotFound, Unauthorized

from tests.instances import Instance
from tests.registry_api.client import basic
from tests.registry_api.rest.harbor import Asked, asked, instance, sooner_or_later, with_client
from tests.wharf.running import admin

__all__ = ["asked", "instance"]

pytestmark = [
    pytest.mark.services,
    # The client's own: it asks pydantic's models in an old way.
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields':DeprecationWarning"),
]


def test_the_client_finds_a_healthy_harbor(asked: Asked) -> None:
    assert asked(lambda client: client.ping()) == "Pong"
    until = time.monotonic() + 30
    while (health := asked(lambda client: client.health_check())).status != "healthy":
        assert time.monotonic() < until, health
        time.sleep(1)
    assert {part.name for part in health.components} >= {
        "core",
        "database",
        "redis",
        "registry",
        "jobservice",
    }


def test_the_client_reads_the_system_information(asked: Asked, instance: Instance) -> None:
    told = asked(lambda client: client.get_system_info())
    assert told.auth_mode == "db_auth"
    assert told.harbor_version.startswith("v2.")
    assert told.external_url == f"http://127.0.0.1:{instance.port}"
    assert abs((datetime.now(UTC) - told.current_time).total_seconds()) < 60


def test_the_client_sees_wrong_credentials_and_missing_things_as_harbors(
    asked: Asked, instance: Instance
) -> None:
    with pytest.raises(Unauthorized) as refused:
        asyncio.run(with_client(instance, "admin", "wrong-password", lambda client: client.get("/schedules")))
    assert refused.value.errors[0].code == "UNAUTHORIZED"
    with pytest.raises(NotFound) as missing:
        asked(lambda client: client.get("/jobs/999999999"))
    assert missing.value.errors[0].code == "NOT_FOUND"


def test_the_client_follows_the_links_of_a_list(asked: Asked) -> None:
    at_once = asked(lambda client: client.get("/schedules", params={"page_size": 100}))
    in_pages = asked(lambda client: client.get("/schedules", params={"page_size": 1, "sort": "id"}))
    assert len(at_once) > 1
    assert [each["id"] for each in in_pages] == sorted(each["id"] for each in at_once)


def test_harbors_models_hold_what_the_job_service_tells(asked: Asked) -> None:
    from harborapi import models

    expected: dict[str, Any] = {
        "/jobservice/pools": models.WorkerPool,
        "/jobservice/pools/all/workers": models.Worker,
        "/jobservice/queues": models.JobQueue,
        "/schedules": models.ScheduleTask,
    }
    for path, model in expected.items():
        told = sooner_or_later(lambda path=path: asked(lambda client: client.get(path)))  # type: ignore[misc]
        assert told, path
        required = set(model.model_fields) - {"job_name", "job_id", "start_at", "check_in", "checkin_at"}
        for entry in told:
            parsed = model(**entry)
            assert all(getattr(parsed, name) is not None for name in required), (path, entry)
    status = models.SchedulerStatus(**asked(lambda client: client.get("/schedules/all/paused")))
    assert status.paused is False


def test_a_queue_is_paused_with_harbors_model(asked: Asked) -> None:
    from harborapi import models

    name = asked(lambda client: client.get("/jobservice/queues"))[0]["job_type"]
    for action, paused in ((models.Action.pause, True), (models.Action.resume, False)):
        request = models.ActionRequest(action=action)
        asked(lambda client, body=request: client.put(f"/jobservice/queues/{name}", json=body))  # type: ignore[misc]
        queues = {each["job_type"]: each for each in asked(lambda client: client.get("/jobservice/queues"))}
        assert queues[name]["paused"] is paused


def test_a_job_runs_and_its_log_is_read(asked: Asked) -> None:
    ended: dict[str, Any] = {"q": "state=succeeded", "page_size": 1}
    until = time.monotonic() + 60
    while not (found := asked(lambda client: client.get("/jobs", params=ended, follow_links=False))):
        assert time.monotonic() < until, "no job has ended"
        time.sleep(1)
    assert found[0]["end_time"] > found[0]["creation_time"]
    log = asked(lambda client: client.get_text(f"/jobservice/jobs/{found[0]['id']}/log"))
    assert log.count("\n") == found[0]["log_lines"]


def test_a_chunked_body_is_read_and_bounded(instance: Instance) -> None:
    login = admin(instance)
    for size, status in ((10, 200), (2 * 1024 * 1024, 413)):
        body = [b'{"action": "resume", "x": "', b"x" * size, b'"}']
        headers = {"Authorization": basic(login.username, login.password), "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(
                "PUT", "/api/v2.0/jobservice/queues/all", iter(body), headers, encode_chunked=True
            )
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Cache-Control"]) == (status, "private, no-store")


def test_the_client_reads_the_audit_log_to_its_end(asked: Asked) -> None:
    # Each page is a request whose sign-in is an event: the links go on by place, so that nothing is told twice.
    logs = asked(lambda client: client.get_audit_logs(sort="-op_time", page_size=2, limit=20))
    assert len(logs) > 2
    assert len({log.id for log in logs}) == len(logs)
    assert [log.op_time for log in logs] == sorted((log.op_time for log in logs), reverse=True)
    assert all(None not in (log.username, log.resource, log.resource_type, log.operation) for log in logs)
    query = "operation=create,resource_type=project"
    (made,) = asked(lambda client: client.get_audit_logs(query=f"{query},resource=library"))
    assert (made.resource, made.operation) == ("library", "create")
    (of_project,) = asked(lambda client: client.get_project_logs("library", query=query))
    assert of_project == made
    extended = asked(
        lambda client: client.get("/auditlog-exts", params={"q": "resource=library", "page_size": 1})
    )
    assert extended[0]["operation_result"] is True
    kinds = asked(lambda client: client.get("/auditlog-exts/events"))
    assert {"event_type": "create_project"} in kinds


def test_the_client_purges_the_audit_log(asked: Asked) -> None:
    from harborapi.models import Schedule, ScheduleObj
    from harborapi.models.models import Type

    parameters = {"audit_retention_hour": 720, "dry_run": True, "include_operations": "create,delete,pull"}
    by_hand = Schedule(parameters=parameters, schedule=ScheduleObj(type=Type.manual))
    location = asked(lambda client: client.create_purge_job_schedule(by_hand))
    purge_id = int(location.rpartition("/")[2])
    until = time.monotonic() + 60
    while (purge := asked(lambda client: client.get_purge_job(purge_id))).job_status != "Success":
        assert time.monotonic() < until, purge
        time.sleep(0.5)
    assert (purge.job_kind, purge.deleted) == ("MANUAL", False)
    history = asked(lambda client: client.get_purge_job_history(query="status=Success"))
    assert purge_id in {each.id for each in history}
    assert isinstance(asked(lambda client: client.get_purge_job_log(purge_id)), str)
    asked(lambda client: client.stop_purge_job(purge_id))
    by_itself = Schedule(parameters=parameters, schedule=ScheduleObj(type=Type.weekly, cron="0 0 0 * * 0"))
    asked(lambda client: client.update_purge_job_schedule(by_itself))
    told = asked(lambda client: client.get_purge_job_schedule())
    assert (told.schedule.type, told.schedule.cron) == (Type.weekly, "0 0 0 * * 0")
    assert told.schedule.next_scheduled_time.isoweekday() == 7
    asked(lambda client: client.update_purge_job_schedule(Schedule(schedule=ScheduleObj(type=Type.none))))
    assert asked(lambda client: client.get_purge_job_schedule()).schedule.type == Type.none
