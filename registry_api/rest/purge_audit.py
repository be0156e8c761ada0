"""Harbor's purge of the audit log: /system/purgeaudit, its runs and its schedule, over our job `audit.purge` and its schedule.

Harbor deletes rows of chosen kinds that are so many hours old. Ours drops whole months of events and days of pulls
(audit/purge.py): hours are rounded up to days, and kinds of events are chosen all together, or pulls alone.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from access.table import P
from config import audit_purge
from config.audit_purge import Wish
from core.errors import InvalidInput
from registry_api.rest import answers, body, job_log
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Number, Time, Words
from registry_api.rest.listing import Listing
from registry_api.rest.purge_words import (
    MANUAL,
    NONE,
    STATUS,
    TRIGGER,
    ExecHistory,
    PurgeRequest,
    PurgeRun,
    cron_of,
    shown,
    wanted,
)
from registry_api.rest.schema import DONE, LOCATION

RUNS = Listing(
    PurgeRun,
    fields={
        "id": Number("id"),
        "status": Words("state", {str(state): word for state, word in STATUS.items()}),
        "trigger": Words("trigger", {str(trigger): word for trigger, word in TRIGGER.items()}),
        "creation_time": Time("created_at"),
        "start_time": Time("started_at"),
        "end_time": Time("finished_at"),
    },
    sorts={"id": "id", "creation_time": "created_at", "start_time": "started_at", "end_time": "finished_at"},
    default="-creation_time",
)


class Purges(Endpoint):
    @RUNS.documented("The purges of the audit log that were started, the newest first")
    def get(self, _request: Request) -> HttpResponse:
        return RUNS.answer(self.http_request, self.query, audit_purge.runs(self.actor))


class OnePurge(Endpoint):
    @extend_schema(summary="A purge of the audit log", responses=PurgeRun)
    def get(self, _request: Request, purge_id: int) -> HttpResponse:
        return answers.one(PurgeRun, audit_purge.run(self.actor, purge_id))

    @extend_schema(summary="Stop a purge, before the next part is dropped", request=None, responses=DONE)
    def put(self, _request: Request, purge_id: int) -> HttpResponse:
        audit_purge.stop(self.actor, purge_id)
        return answers.done()


class PurgeLog(Endpoint):
    @extend_schema(
        summary="The log of a purge", responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR)}
    )
    def get(self, _request: Request, purge_id: int) -> HttpResponseBase:
        return job_log.download(audit_purge.run(self.actor, purge_id))


class PurgeSchedule(Endpoint):
    @extend_schema(
        summary="When the audit log is purged by itself; the type None: never", responses=ExecHistory
    )
    def get(self, _request: Request) -> HttpResponse:
        return answers.one(ExecHistory, shown(audit_purge.schedule(self.actor)))

    @extend_schema(
        summary="Purge the audit log now (type Manual), or say when it is purged by itself",
        request=PurgeRequest,
        parameters=[LOCATION],
        responses={201: OpenApiResponse(description="Started, or noted; Location tells where.")},
    )
    def post(self, _request: Request) -> HttpResponse:
        made = self._do(P.PURGE_AUDIT_CREATE)
        return answers.created(f"{self.http_request.path.rpartition('/')[0]}/{made}")

    @extend_schema(
        summary="Change when the audit log is purged by itself, and what of it; the type None: never",
        request=PurgeRequest,
        responses=DONE,
    )
    def put(self, _request: Request) -> HttpResponse:
        self._do(P.PURGE_AUDIT_UPDATE)
        return answers.done()

    def _do(self, permission: P) -> int | str:
        """What the body asks for; the id of the run, or "schedule"."""
        asked = body.read(self.http_request, PurgeRequest)
        times, parameters = asked["schedule"], asked.get("parameters")
        if times["type"] == NONE:
            audit_purge.drop_schedule(self.actor, permission)
            return "schedule"
        if parameters is None:
            raise InvalidInput("parameters: audit_retention_hour and include_event_types are needed")
        if times["type"] == MANUAL:
            return audit_purge.start(self.actor, **wanted(parameters)).pk
        cron = cron_of(times)
        wish = Wish(**wanted(parameters, times))
        audit_purge.put_schedule(self.actor, permission, cron=cron, wish=wish)
        return "schedule"
