"""Schedules: Harbor's list and brake, and with them what Harbor lacks: making, changing, switching and running one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.errors import InvalidInput
from jobs import schedules
from jobs.models import Schedule
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Flag, Number, Text, Time
from registry_api.rest.jobs import Job
from registry_api.rest.listing import Listing
from registry_api.rest.schema import DONE, LOCATION, MADE

SHOWN = 5
NO_VENDOR = -1


class ScheduleTask(serializers.Serializer[Schedule]):
    """Harbor's five names first: the vendor is the kind of job and the id of what it is about, -1 for nothing."""

    id = serializers.IntegerField()
    vendor_type = serializers.CharField(source="kind")
    vendor_id = serializers.SerializerMethodField()
    cron = serializers.CharField()
    update_time = serializers.DateTimeField(source="changed_at")
    time_zone = serializers.CharField()
    in_words = serializers.CharField()
    enabled = serializers.BooleanField()
    project_id = serializers.IntegerField(allow_null=True)
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    subject_name = serializers.CharField()
    arguments = serializers.DictField()
    is_system = serializers.BooleanField(
        source="system", help_text="Made by Wharf itself: cannot be deleted."
    )
    next_run_time = serializers.DateTimeField(source="next_at", allow_null=True)
    last_due_time = serializers.DateTimeField(source="due_at", allow_null=True)
    last_job_id = serializers.IntegerField(source="last_run", allow_null=True)
    note = serializers.CharField(help_text="Why nothing was started the last time.")
    creation_time = serializers.DateTimeField(source="created_at")
    changed_by = serializers.CharField()

    def get_vendor_id(self, row: Schedule) -> int:
        return int(row.subject_id) if row.subject_id.isascii() and row.subject_id.isdigit() else NO_VENDOR


class ScheduleDetail(ScheduleTask):
    """One schedule, with the times it will start a job."""

    next_run_times = serializers.SerializerMethodField()

    def get_next_run_times(self, row: Schedule) -> list[str]:
        return [moment.isoformat().replace("+00:00", "Z") for moment in schedules.upcoming(row, SHOWN)]


class NewSchedule(serializers.Serializer[dict[str, Any]]):
    kind = serializers.CharField(help_text="The kind of job.")
    cron = serializers.CharField(help_text="Five fields, or @hourly, @daily, @weekly, @monthly, @every 10m.")
    time_zone = serializers.CharField(default="UTC")
    arguments = serializers.DictField(default=dict)
    enabled = serializers.BooleanField(default=True)


class ScheduleChange(serializers.Serializer[dict[str, Any]]):
    """What is absent stays as it is."""

    cron = serializers.CharField(required=False)
    time_zone = serializers.CharField(required=False)
    enabled = serializers.BooleanField(required=False)


class SchedulerStatus(serializers.Serializer[dict[str, bool]]):
    paused = serializers.BooleanField()


SCHEDULES = Listing(
    ScheduleTask,
    fields={
        "id": Number("id"),
        "vendor_type": Text("kind"),
        "enabled": Flag("periodic__enabled"),
        "project_id": Number("project_id"),
        "subject_type": Text("subject_type"),
        "subject_id": Text("subject_id"),
        "subject_name": Text("subject_name"),
        "update_time": Time("changed_at"),
        "next_run_time": Time("next_at"),
    },
    sorts={
        "id": "id",
        "vendor_type": "kind",
        "update_time": "changed_at",
        "next_run_time": "next_at",
        "creation_time": "created_at",
    },
    default="id",
)


class Schedules(Endpoint):
    @SCHEDULES.documented("The schedules the caller may see")
    def get(self, _request: Request) -> HttpResponse:
        return SCHEDULES.answer(self.http_request, self.query, schedules.visible_schedules(self.actor))

    @extend_schema(
        summary="Make a schedule",
        request=NewSchedule,
        parameters=[LOCATION],
        responses=MADE,
    )
    def post(self, _request: Request) -> HttpResponse:
        wanted = body.read(self.http_request, NewSchedule)
        row = schedules.create(self.actor, wanted.pop("kind"), **wanted)
        return answers.created(f"{self.http_request.path}/{row.pk}")


class OneSchedule(Endpoint):
    @extend_schema(summary="A schedule and its next times", responses=ScheduleDetail)
    def get(self, _request: Request, schedule_id: int) -> HttpResponse:
        return answers.one(ScheduleDetail, schedules.schedule(self.actor, schedule_id))

    @extend_schema(
        summary="Change when a schedule starts jobs, or switch it on or off",
        request=ScheduleChange,
        responses=DONE,
    )
    def put(self, _request: Request, schedule_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, ScheduleChange)
        enabled = wanted.pop("enabled", None)
        if wanted:
            schedules.update(self.actor, schedule_id, **wanted)
        if enabled is not None:
            switch = schedules.enable if enabled else schedules.disable
            switch(self.actor, schedule_id)
        if not wanted and enabled is None:
            schedules.schedule(self.actor, schedule_id)
        return answers.done()

    @extend_schema(summary="Remove a schedule", responses=DONE)
    def delete(self, _request: Request, schedule_id: int) -> HttpResponse:
        schedules.delete(self.actor, schedule_id)
        return answers.done()


class RunSchedule(Endpoint):
    @extend_schema(
        summary="Start now what a schedule starts", request=None, parameters=[LOCATION], responses={201: Job}
    )
    def post(self, _request: Request, schedule_id: int) -> HttpResponse:
        run = schedules.run_now(self.actor, schedule_id)
        response = answers.one(Job, run, status=201)
        response["Location"] = f"/api/v2.0/jobs/{run.pk}"
        return response


class Paused(Endpoint):
    @extend_schema(
        summary="Whether schedules are paused: whether all are switched off", responses=SchedulerStatus
    )
    def get(self, _request: Request, job_type: str) -> HttpResponse:
        if job_type.lower() != "all":
            raise InvalidInput("the type of schedules to ask for is all")
        return answers.one(SchedulerStatus, {"paused": schedules.are_paused()})
