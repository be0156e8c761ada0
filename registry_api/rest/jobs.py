"""Background jobs for everybody who has some: /jobs, /jobs/{id}, its failed items, its log, stop and retry.

Harbor shows jobs to administrators alone (jobservice.py); these paths show each caller the jobs he started and those of the
projects he may edit. The names are in Harbor's style.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import Principal
from jobs import queries, services
from jobs.models import Level as LogLevel
from jobs.models import LogLine, Run, State, Task, Trigger
from registry_api.rest import answers, job_log
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.errors import JSON
from registry_api.rest.filters import Choice, Number, Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.schema import parameter

TEXT = "text/plain"


class Job(serializers.Serializer[Run]):
    """A run. `version` moves with every change anybody can see; counts are those of the present phase."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    queue = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    trigger = serializers.ChoiceField(Trigger.choices)
    actor_kind = serializers.CharField()
    actor_id = serializers.IntegerField()
    actor_name = serializers.CharField()
    project_id = serializers.IntegerField(allow_null=True)
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    subject_name = serializers.CharField()
    arguments = serializers.DictField()
    parent_id = serializers.IntegerField(allow_null=True)
    phase = serializers.CharField()
    current = serializers.CharField(help_text="What it works on at this moment.")
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    bytes_done = serializers.IntegerField()
    bytes_total = serializers.IntegerField(allow_null=True)
    failed = serializers.IntegerField(help_text="Items that failed, see /jobs/{id}/tasks.")
    items_per_second = serializers.SerializerMethodField()
    bytes_per_second = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    retry_time = serializers.DateTimeField(source="retry_at", allow_null=True)
    error = serializers.CharField(help_text="What went wrong and what to do about it.")
    result = serializers.DictField()
    log_lines = serializers.IntegerField()
    is_stopping = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    creation_time = serializers.DateTimeField(source="created_at")
    start_time = serializers.DateTimeField(source="started_at", allow_null=True)
    end_time = serializers.DateTimeField(source="finished_at", allow_null=True)

    def get_items_per_second(self, run: Run) -> float:
        return round(queries.rate(run).items_per_second, 3)

    def get_bytes_per_second(self, run: Run) -> float:
        return round(queries.rate(run).bytes_per_second, 3)

    def get_seconds_left(self, run: Run) -> int | None:
        """Once a tenth of the phase is done."""
        left = queries.rate(run).left
        return None if left is None else round(left.total_seconds())

    def get_is_stopping(self, run: Run) -> bool:
        return run.is_active and run.stop_requested_at is not None


class JobTask(serializers.Serializer[Task]):
    """An item of a job that failed at some time."""

    key = serializers.CharField(help_text="Names the item.")
    state = serializers.ChoiceField(State.choices)
    attempts = serializers.IntegerField()
    error = serializers.CharField()
    update_time = serializers.DateTimeField(source="updated_at")


class JobLogLine(serializers.Serializer[LogLine]):
    n = serializers.IntegerField(help_text="From 1, without gaps.")
    time = serializers.DateTimeField(source="at")
    level = serializers.ChoiceField(LogLevel.choices)
    message = serializers.CharField()
    fields = serializers.DictField()  # type: ignore[assignment]


JOBS = Listing(
    Job,
    fields={
        "id": Number("id"),
        "kind": Text("kind"),
        "queue": Text("queue"),
        "state": Choice("state", tuple(State.values)),
        "trigger": Choice("trigger", tuple(Trigger.values)),
        "actor_kind": Text("actor_kind"),
        "actor_name": Text("actor_name"),
        "project_id": Number("project_id"),
        "subject_type": Text("subject_type"),
        "subject_id": Text("subject_id"),
        "subject_name": Text("subject_name"),
        "creation_time": Time("created_at"),
        "start_time": Time("started_at"),
        "end_time": Time("finished_at"),
    },
    sorts={
        "id": "id",
        "kind": "kind",
        "state": "state",
        "creation_time": "created_at",
        "start_time": "started_at",
        "end_time": "finished_at",
    },
    default="-creation_time",
)
TASKS = Listing(
    JobTask,
    fields={"key": Text("key"), "state": Choice("state", tuple(State.values))},
    sorts={"key": "key", "update_time": "updated_at"},
    default="key",
)
LOG = Listing(
    JobLogLine,
    fields={
        "n": Number("n"),
        "time": Time("at"),
        "level": Choice("level", tuple(LogLevel.values)),
        "message": Text("message"),
    },
    sorts={"n": "n"},
    default="n",
)


class Jobs(Endpoint):
    @JOBS.documented("The jobs the caller may see, the newest first")
    def get(self, _request: Request) -> HttpResponse:
        return JOBS.answer(self.http_request, self.query, queries.visible_runs(self.actor))


class OneJob(Endpoint):
    @extend_schema(
        summary="A job, or 304 while it is as If-None-Match says",
        parameters=[
            OpenApiParameter("If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER),
            OpenApiParameter("ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200, 304]),
        ],
        responses={200: Job, 304: OpenApiResponse(description="Nothing has changed.")},
    )
    def get(self, _request: Request, run_id: int) -> HttpResponse:
        run = queries.run(self.actor, run_id)
        tag = f'"{run.pk}-{run.version}"'
        unchanged = tag in _tags(self.http_request.META.get("HTTP_IF_NONE_MATCH", ""))
        response = answers.done(304) if unchanged else answers.one(Job, run)
        response["ETag"] = tag
        return response


class JobTasks(Endpoint):
    @TASKS.documented("The items of a job that failed at some time")
    def get(self, _request: Request, run_id: int) -> HttpResponse:
        run = queries.run(self.actor, run_id)
        return TASKS.answer(self.http_request, self.query, Task.objects.filter(run=run))


class JobLog(Endpoint):
    @extend_schema(
        parameters=[
            parameter("download", "The whole log as a text file.", type=OpenApiTypes.BOOL),
            # Of the pages alone, not of the text.
            OpenApiParameter("X-Total-Count", OpenApiTypes.INT, OpenApiParameter.HEADER, response=[200]),
        ],
        responses={(200, JSON): JobLogLine(many=True), (200, TEXT): OpenApiResponse(OpenApiTypes.STR)},
    )
    @LOG.documented(
        "The log of a job, as pages of JSON, or whole as text for Accept: text/plain or download=true"
    )
    def get(self, _request: Request, run_id: int) -> HttpResponseBase:
        run = queries.run(self.actor, run_id)
        if self.query.get("download") == "true" or self.http_request.META.get("HTTP_ACCEPT") == TEXT:
            return job_log.download(run)
        return LOG.answer(self.http_request, self.query, LogLine.objects.filter(run=run))


class _Act(Endpoint):
    """POST does one thing to the job and answers with it as it is then."""

    act: Callable[[Principal, int], Run]

    def _done(self, run_id: int) -> HttpResponse:
        return answers.one(Job, type(self).act(self.actor, run_id), status=202)


class StopJob(_Act):
    act = staticmethod(services.stop)

    @extend_schema(
        summary="Stop a job: at once, or at its next checkpoint", request=None, responses={202: Job}
    )
    def post(self, _request: Request, run_id: int) -> HttpResponse:
        return self._done(run_id)


class RetryJob(_Act):
    act = staticmethod(services.retry)

    @extend_schema(summary="Do a finished job again from its beginning", request=None, responses={202: Job})
    def post(self, _request: Request, run_id: int) -> HttpResponse:
        return self._done(run_id)


class RetryFailed(_Act):
    act = staticmethod(services.retry_failed)

    @extend_schema(summary="Do the failed items of a job again", request=None, responses={202: Job})
    def post(self, _request: Request, run_id: int) -> HttpResponse:
        return self._done(run_id)


def _tags(header: str) -> list[str]:
    return [part.strip().removeprefix("W/") for part in header.split(",")]
