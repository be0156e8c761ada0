"""Harbor's job service: pools, workers, queues, and what may be done to them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db.models.functions import Now

from audit.models import AuditEvent
from jobs import kinds
from jobs.models import LogLine, QueueControl, Run, Worker
from tests.registry_api.rest.api import World


@pytest.fixture
def worker(world: World) -> Worker:
    """A worker process with two slots, alive."""
    return Worker.objects.create(name=f"w-{uuid4().hex[:8]}@host", host="host", pid=4711, slots=2)


@pytest.fixture
def queue(world: World) -> str:
    """A queue of its own."""
    name = f"q{uuid4().hex[:8]}"
    kinds.queues()
    kinds.register(queues=[kinds.Queue(name)])
    return name


def test_a_pool_is_a_living_worker_process(world: World, worker: Worker) -> None:
    pools = world.admin.get("/jobservice/pools").json()
    (pool,) = [pool for pool in pools if pool["worker_pool_id"] == worker.name]
    assert (pool["pid"], pool["host"], pool["concurrency"]) == (4711, "host", 2)
    assert set(pool) == {"worker_pool_id", "pid", "host", "concurrency", "start_at", "heartbeat_at"}
    Worker.objects.filter(pk=worker.pk).update(heartbeat_at="2020-01-01T00:00:00Z")
    assert worker.name not in world.admin.get("/jobservice/pools").text


def test_its_workers_are_its_slots_busy_ones_first(world: World, worker: Worker) -> None:
    run = world.run(state="running", lease_owner=f"{worker.name}/1", sent_at=Now(), current="alpine:3")
    workers = world.admin.get(f"/jobservice/pools/{worker.name}/workers").json()
    busy, idle = workers
    assert (busy["job_id"], busy["job_name"], busy["check_in"]) == (str(run.pk), "test.kind", "alpine:3")
    assert set(idle) == {"id", "pool_id"}
    everywhere = world.admin.get("/jobservice/pools/all/workers").json()
    assert [each for each in everywhere if each["pool_id"] == worker.name] == workers
    Run.objects.filter(pk=run.pk).update(state="stopped")


def test_the_name_of_a_real_process_is_one_part_of_a_path(world: World) -> None:
    """It has slashes, and a client writes those as %2F, which is a slash again when it gets here."""
    made = Worker.objects.create(name=f"h/{uuid4().hex[:8]}/1-2", host="h", pid=1, slots=1)
    pool_id = made.name.replace("/", ":")
    assert pool_id in {each["worker_pool_id"] for each in world.admin.get("/jobservice/pools").json()}
    (idle,) = world.admin.get(f"/jobservice/pools/{pool_id}/workers").json()
    assert (idle["id"], idle["pool_id"]) == (f"{pool_id}:0", pool_id)


def test_an_unknown_pool_has_no_workers(world: World) -> None:
    assert world.admin.refused("GET", "/jobservice/pools/nobody/workers")[0] == 404


def test_a_queue_tells_how_much_waits_and_for_how_long(world: World, queue: str) -> None:
    world.run(state="queued", queue=queue, created_at="2020-01-01T00:00:00Z")
    (told,) = [each for each in world.admin.get("/jobservice/queues").json() if each["job_type"] == queue]
    assert set(told) == {"job_type", "count", "latency", "paused"}
    assert (told["count"], told["paused"]) == (1, False)
    assert told["latency"] > 86_400


def test_a_queue_is_paused_and_resumed(world: World, queue: str) -> None:
    # Harbor writes job types in capitals.
    answer = world.admin.call("PUT", f"/jobservice/queues/{queue.upper()}", json={"action": "pause"})
    assert (answer.status_code, answer.content) == (200, b"")
    control = QueueControl.objects.get(pk=queue)
    assert control.paused_at is not None
    assert control.paused_by == world.admin.principal.name
    assert (
        world.admin.call("PUT", f"/jobservice/queues/{queue}", json={"action": "resume"}).status_code == 200
    )
    assert QueueControl.objects.get(pk=queue).paused_at is None


def test_what_waits_in_a_queue_is_stopped(world: World, queue: str) -> None:
    states = {state: world.run(state=state, queue=queue).pk for state in ("queued", "retrying", "running")}
    world.admin.call("PUT", f"/jobservice/queues/{queue}", json={"action": "stop"})
    after = dict(Run.objects.filter(queue=queue).values_list("pk", "state"))
    assert after == {states["queued"]: "stopped", states["retrying"]: "stopped", states["running"]: "running"}
    Run.objects.filter(queue=queue).update(state="stopped")


@pytest.mark.parametrize(
    "body", [{"action": "explode"}, {"action": ""}, {"action": None}, {"action": ["stop"]}, {"action": {}}]
)
@pytest.mark.parametrize("path", ["/jobservice/queues/all", "/jobservice/jobs/1"])
def test_another_action_is_refused_by_naming_the_field(world: World, path: str, body: object) -> None:
    status, message = world.admin.refused("PUT", path, json=body)
    assert status == 400
    assert message.startswith("action: ")


def test_an_unknown_queue_is_none(world: World) -> None:
    assert world.admin.refused("PUT", "/jobservice/queues/nonsense", json={"action": "pause"})[0] == 404


def test_a_refused_act_is_recorded(world: World, queue: str) -> None:
    status, _ = world.developer.refused("PUT", f"/jobservice/queues/{queue}", json={"action": "pause"})
    assert status == 403
    event = AuditEvent.objects.get(actor_name=world.developer.principal.name, operation="queue.pause")
    assert event.result == "denied"


def test_a_job_is_stopped_without_a_word(world: World) -> None:
    """Harbor's client in Go sends no body."""
    run = world.run(state="running")
    assert world.admin.call("PUT", f"/jobservice/jobs/{run.pk}").status_code == 200
    assert Run.objects.get(pk=run.pk).stop_requested_at is not None
    assert world.admin.refused("PUT", "/jobservice/queues/all", json={})[0] == 400


def test_a_job_is_stopped_by_its_number(world: World) -> None:
    run = world.run(state="running")
    answer = world.admin.call("PUT", f"/jobservice/jobs/{run.pk}", json={"action": "stop"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert Run.objects.get(pk=run.pk).stop_requested_at is not None
    for unknown in ("x", "-1", "1" * 40, "0", "%C2%B2"):
        assert world.admin.refused("PUT", f"/jobservice/jobs/{unknown}", json={"action": "stop"})[0] == 404
    Run.objects.filter(pk=run.pk).update(state="stopped")


def test_all_running_jobs_are_stopped_by_who_may(world: World) -> None:
    run = world.run(state="running", sent_at=Now())
    assert world.maintainer.refused("PUT", "/jobservice/jobs/all", json={"action": "stop"})[0] == 403
    assert world.admin.call("PUT", "/jobservice/jobs/all", json={"action": "stop"}).status_code == 200
    assert Run.objects.get(pk=run.pk).stop_requested_at is not None
    Run.objects.filter(pk=run.pk).update(state="stopped")


def test_a_log_is_text_as_harbor_sends_it(world: World) -> None:
    run = world.run()
    LogLine.objects.create(run=run, n=1, level="warning", message="slow")
    answer = world.admin.get(f"/jobservice/jobs/{run.pk}/log")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.endswith(" WARNING slow\n")
