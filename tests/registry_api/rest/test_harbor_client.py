"""A client written for Harbor by others (harborapi) against a whole server: it finds what it expects, in its own models."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from harborapi import HarborAsyncClient
from harborapi.exceptions import NotFound, Unauthorized

from tests.instances import Instance
from tests.registry_api.client import basic
from tests.wharf.running import admin, running

pytestmark = [
    pytest.mark.services,
    # The client's own: it asks pydantic's models in an old way.
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields':DeprecationWarning"),
]

T = TypeVar("T")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def asked(instance: Instance) -> Callable[[Callable[[HarborAsyncClient], Awaitable[T]]], T]:
    """What the client finds out as the administrator."""
    login = admin(instance)

    def ask(question: Callable[[HarborAsyncClient], Awaitable[T]]) -> T:
        return asyncio.run(_with_client(instance, login.username, login.password, question))

    return ask


async def _with_client(
    instance: Instance, username: str, secret: str, question: Callable[[HarborAsyncClient], Awaitable[T]]
) -> T:
    url = f"http://127.0.0.1:{instance.port}/api/v2.0"
    client = HarborAsyncClient(url=url, username=username, secret=secret)
    try:
        return await question(client)
    finally:
        await client.client.aclose()


def _sooner_or_later(ask: Callable[[], T]) -> T:
    """The first answer that holds something: a worker makes itself known some seconds after the start."""
    deadline = time.monotonic() + 30
    while not (told := ask()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return told


Asked = Callable[[Callable[[HarborAsyncClient], Awaitable[Any]]], Any]


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
        asyncio.run(
            _with_client(instance, "admin", "wrong-password", lambda client: client.get("/schedules"))
        )
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
        told = _sooner_or_later(lambda path=path: asked(lambda client: client.get(path)))  # type: ignore[misc]
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
