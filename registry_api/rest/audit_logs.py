"""The audit log in Harbor's two shapes: the one of today (AuditLogExt) and the older (AuditLog), of all and of a project.

Who may not read all of it gets what concerns the projects whose log he may read, and his own acts, as with Harbor.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from audit import operations
from audit.parts import Result
from audit.reading.entry import Entry
from audit.reading.scope import scope_of
from registry_api.rest import answers, audit_pages
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.named import IS_NAME, log_of

BY_NAME: Final = OpenApiParameter(
    IS_NAME,
    OpenApiTypes.BOOL,
    OpenApiParameter.HEADER,
    description="true where a project's name consists of digits and is meant as a name, not as an id.",
)


class AuditLog(serializers.Serializer[Entry]):
    """Harbor's older shape. Words are Harbor's where it has some, else ours."""

    id = serializers.IntegerField()
    username = serializers.CharField(source="actor_name")
    resource = serializers.CharField(source="resource_name")
    resource_type = serializers.SerializerMethodField()
    operation = serializers.SerializerMethodField()
    op_time = serializers.DateTimeField(source="ts")

    def get_resource_type(self, entry: Entry) -> str:
        return operations.find(entry.operation).in_harbors_words.resource_type

    def get_operation(self, entry: Entry) -> str:
        return operations.find(entry.operation).in_harbors_words.operation


class AuditLogExt(AuditLog):
    """Harbor's shape since 2.13."""

    operation_description = serializers.SerializerMethodField()
    operation_result = serializers.SerializerMethodField(help_text="False also for what was refused.")

    def get_operation_description(self, entry: Entry) -> str:
        """In English: what was done to which thing, and how many times (of pulls that are alike)."""
        label = operations.find(entry.operation).label
        times = entry.detail.get("n", 1)
        what = f"{label}: {entry.resource_name}" if entry.resource_name else label
        return what if times == 1 else f"{what} ({times} times)"

    def get_operation_result(self, entry: Entry) -> bool:
        return entry.result == Result.OK


class AuditLogEventType(serializers.Serializer[dict[str, Any]]):
    event_type = serializers.CharField(help_text="As /system/purgeaudit/schedule takes it.")


class AuditLogs(Endpoint):
    @audit_pages.documented("The audit log in Harbor's older shape, the newest first", AuditLog)
    def get(self, _request: Request) -> HttpResponse:
        return audit_pages.answer(self.http_request, self.actor, scope_of(self.actor), AuditLog)


class AuditLogExts(Endpoint):
    @audit_pages.documented("The audit log in Harbor's shape, the newest first", AuditLogExt)
    def get(self, _request: Request) -> HttpResponse:
        return audit_pages.answer(self.http_request, self.actor, scope_of(self.actor), AuditLogExt)


class EventTypes(Endpoint):
    @extend_schema(summary="The kinds of events of the audit log", responses=AuditLogEventType(many=True))
    def get(self, _request: Request) -> HttpResponse:
        kinds = ({"event_type": kind} for kind in operations.harbor_event_types())
        return answers.several(AuditLogEventType, kinds)


class ProjectLogs(Endpoint):
    @extend_schema(parameters=[BY_NAME])
    @audit_pages.documented("The log of a project in Harbor's older shape, the newest first", AuditLog)
    def get(self, _request: Request, project: str) -> HttpResponse:
        scope = log_of(self.actor, project, self.http_request)
        return audit_pages.answer(self.http_request, self.actor, scope, AuditLog)


class ProjectLogExts(Endpoint):
    @extend_schema(parameters=[BY_NAME])
    @audit_pages.documented("The log of a project in Harbor's shape, the newest first", AuditLogExt)
    def get(self, _request: Request, project: str) -> HttpResponse:
        scope = log_of(self.actor, project, self.http_request)
        return audit_pages.answer(self.http_request, self.actor, scope, AuditLogExt)
