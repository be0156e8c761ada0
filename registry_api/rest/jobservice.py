"""Harbor's job service: worker pools, their workers, queues, and stopping jobs.

Pools and queues are for who holds `jobservice-monitor`; a job is found by who may see it (jobs.py). A pool is a worker
process, a worker one of its slots, a job type one of our queues.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import Principal
from core.errors import NotFound
from jobs import queries, services
from jobs.queries import QueueFacts, RunUnknown, WorkerFacts
from registry_api.rest import answers, body, job_log
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.named import id_of
from registry_api.rest.schema import DONE

ALL = "all"


class PoolUnknown(NotFound):
    """No living worker process of that name."""


class WorkerPool(serializers.Serializer[WorkerFacts]):
    worker_pool_id = serializers.SerializerMethodField()
    pid = serializers.IntegerField()
    host = serializers.CharField()
    concurrency = serializers.IntegerField(source="slots")
    start_at = serializers.DateTimeField(source="started_at")
    heartbeat_at = serializers.DateTimeField()

    def get_worker_pool_id(self, pool: WorkerFacts) -> str:
        return _id(pool)


class Worker(serializers.Serializer[dict[str, Any]]):
    """A slot of a pool; the job is absent while it is idle."""

    id = serializers.CharField()
    pool_id = serializers.CharField()
    job_name = serializers.CharField(required=False)
    job_id = serializers.CharField(required=False)
    start_at = serializers.DateTimeField(required=False)
    check_in = serializers.CharField(required=False)
    checkin_at = serializers.DateTimeField(required=False)


class JobQueue(serializers.Serializer[dict[str, Any]]):
    job_type = serializers.CharField()
    count = serializers.IntegerField(help_text="Jobs that wait.")
    latency = serializers.IntegerField(help_text="Seconds the first in line has been waiting.")
    paused = serializers.BooleanField()


class StopRequest(serializers.Serializer[dict[str, str]]):
    action = serializers.ChoiceField(["stop"], default="stop")


class QueueRequest(serializers.Serializer[dict[str, str]]):
    action = serializers.ChoiceField(["stop", "pause", "resume"])


class Pools(Endpoint):
    @extend_schema(summary="Worker processes that are alive", responses=WorkerPool(many=True))
    def get(self, _request: Request) -> HttpResponse:
        return answers.several(WorkerPool, _alive(self.actor))


class PoolWorkers(Endpoint):
    @extend_schema(summary="What a worker process, or all of them, work on", responses=Worker(many=True))
    def get(self, _request: Request, pool_id: str) -> HttpResponse:
        pools = [pool for pool in _alive(self.actor) if pool_id in (_id(pool), ALL)]
        if not pools and pool_id != ALL:
            raise PoolUnknown("no living worker process has that name")
        return answers.several(Worker, (slot for pool in pools for slot in _slots(pool)))


class MonitoredJob(Endpoint):
    @extend_schema(
        summary="Stop a job, or all that are running",
        request=StopRequest,
        responses=DONE,
    )
    def put(self, _request: Request, job_id: str) -> HttpResponse:
        """Harbor's client in Go sends no body: there is nothing else to ask for."""
        if self.http_request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
            body.read(self.http_request, StopRequest)
        if job_id == ALL:
            services.stop_running(self.actor)
        else:
            services.stop(self.actor, _number(job_id))
        return answers.done()


class MonitoredLog(Endpoint):
    @extend_schema(
        summary="The log of a job", responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR)}
    )
    def get(self, _request: Request, job_id: str) -> HttpResponseBase:
        return job_log.download(queries.run(self.actor, _number(job_id)))


class Queues(Endpoint):
    @extend_schema(summary="What waits in each queue", responses=JobQueue(many=True))
    def get(self, _request: Request) -> HttpResponse:
        return answers.several(JobQueue, map(_queue, queries.queues(self.actor)))


class OneQueue(Endpoint):
    @extend_schema(
        summary="Pause or resume a queue, or stop all that waits in it; job_type may be all",
        request=QueueRequest,
        responses=DONE,
    )
    def put(self, _request: Request, job_type: str) -> HttpResponse:
        action = body.read(self.http_request, QueueRequest)["action"]
        for name in _named(self.actor, job_type):
            ACTIONS[action](self.actor, name)
        return answers.done()


ACTIONS = {
    "pause": services.pause_queue,
    "resume": services.resume_queue,
    "stop": services.stop_waiting,
}


def _alive(actor: Principal) -> list[WorkerFacts]:
    return [pool for pool in queries.workers(actor) if pool.alive]


def _id(pool: WorkerFacts) -> str:
    """The name of the process as one part of a path: clients write a slash as %2F, which is a slash again when it gets here."""
    return pool.name.replace("/", ":")


def _slots(pool: WorkerFacts) -> Iterator[dict[str, Any]]:
    """The busy ones first."""
    for number in range(max(pool.slots, len(pool.runs))):
        slot: dict[str, Any] = {"id": f"{_id(pool)}:{number}", "pool_id": _id(pool)}
        if number < len(pool.runs):
            run = pool.runs[number]
            slot |= {"job_name": run.kind, "job_id": str(run.pk), "start_at": run.started_at}
            slot |= {"check_in": run.current, "checkin_at": run.heartbeat_at}
        yield slot


def _named(actor: Principal, job_type: str) -> list[str]:
    """Harbor writes job types in capitals; the services refuse what is none of ours."""
    name = job_type.lower()
    return [facts.name for facts in queries.queues(actor)] if name == ALL else [name]


def _queue(facts: QueueFacts) -> dict[str, Any]:
    return {
        "job_type": facts.name,
        "count": facts.waiting,
        "latency": int(facts.oldest_waiting.total_seconds()) if facts.oldest_waiting else 0,
        "paused": facts.paused_at is not None,
    }


def _number(job_id: str) -> int:
    number = id_of(job_id)
    if number is None:
        raise RunUnknown("no such job")
    return number
