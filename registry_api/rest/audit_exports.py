"""Exports of the audit log: streamed at once, or made by a job and downloaded as Harbor's /export/cve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from audit.export import exporting
from audit.export.exporting import LARGEST_STREAM, Wish
from audit.export.formats import Format
from config import audit_export
from config.audit_export import Execution
from core.errors import InvalidInput
from jobs.models import Run
from registry_api.rest import answers, audit_filters, audit_pages, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.purge_words import STATUS, TRIGGER
from registry_api.rest.schema import parameter

FORMATS: Final = tuple(str(form) for form in Format)
SHOWN: Final = 100
PIECE: Final = 256 * 1024
# Each file that is handed out is an event: nothing is handed out for HEAD.
WITHOUT_HEAD: Final = ["get", "options"]
FILES: Final = {
    (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR),
    (200, "application/jsonl"): OpenApiResponse(OpenApiTypes.STR),
}


class AuditExportRequest(serializers.Serializer[dict[str, Any]]):
    q = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="As of /auditlog-exts: what to export."
    )
    format = serializers.ChoiceField(FORMATS, required=False, default=str(Format.CSV))
    own = serializers.BooleanField(required=False, default=False, help_text="The caller's own acts alone.")


class AuditExportStarted(serializers.Serializer[Run]):
    id = serializers.IntegerField(source="pk")


class AuditExportExecution(serializers.Serializer[Execution]):
    """Harbor's fields of an export, and ours."""

    id = serializers.IntegerField(source="run.pk")
    user_id = serializers.IntegerField(source="run.actor_id")
    user_name = serializers.CharField(source="run.actor_name")
    status = serializers.SerializerMethodField()
    status_text = serializers.CharField(source="run.error")
    trigger = serializers.SerializerMethodField()
    start_time = serializers.DateTimeField(source="run.created_at")
    end_time = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    file_present = serializers.SerializerMethodField()
    rows = serializers.IntegerField(source="run.done", help_text="Entries written so far.")
    file_name = serializers.CharField(source="output.name", required=False)
    size = serializers.IntegerField(source="output.size", required=False, help_text="Bytes.")
    sha256 = serializers.CharField(source="output.sha256", required=False)
    expire_time = serializers.DateTimeField(source="output.expires_at", required=False)

    def get_status(self, found: Execution) -> str:
        return STATUS[found.run.state]  # type: ignore[index]

    def get_trigger(self, found: Execution) -> str:
        return TRIGGER[found.run.trigger]  # type: ignore[index]

    def get_file_present(self, found: Execution) -> bool:
        return found.output is not None


class AuditExportExecutions(serializers.Serializer[dict[str, Any]]):
    items = AuditExportExecution(many=True)


class AuditExport(Endpoint):
    http_method_names = WITHOUT_HEAD

    @extend_schema(
        summary=f"What a search of the audit log finds, as a file, the oldest first; at most {LARGEST_STREAM} entries",
        parameters=[
            audit_pages.Q,
            parameter("format", f"{' or '.join(FORMATS)}; {Format.CSV} without.", enum=FORMATS),
            parameter("own", "The caller's own acts alone.", type=OpenApiTypes.BOOL),
        ],
        responses=FILES,
    )
    def get(self, _request: Request) -> HttpResponseBase:
        """For more entries have a file made: POST /export/audit-logs."""
        wish = Wish(
            audit_filters.wanted(self.actor, self.query),
            _format(self.query.get("format") or Format.CSV),
            own=_flag(self.query, "own"),
        )
        found = exporting.stream(self.actor, wish)
        return _file(found, found.name, found.media_type)


class AuditExports(Endpoint):
    @extend_schema(
        summary="Have a search of the audit log made into a file in the background",
        request=AuditExportRequest,
        responses={200: AuditExportStarted},
    )
    def post(self, _request: Request) -> HttpResponse:
        given = body.read(self.http_request, AuditExportRequest)
        query = QueryDict(mutable=True)
        query["q"] = given["q"]
        wish = Wish(audit_filters.wanted(self.actor, query), Format(given["format"]), own=given["own"])
        return answers.one(AuditExportStarted, audit_export.start(self.actor, wish))


class Executions(Endpoint):
    @extend_schema(
        summary=f"The caller's own exports, the newest {SHOWN}", responses={200: AuditExportExecutions}
    )
    def get(self, _request: Request) -> HttpResponse:
        runs = list(audit_export.executions(self.actor)[:SHOWN])
        found = [_shown(each) for each in audit_export.with_outputs(runs)]
        return answers.data({"items": found})


class OneExecution(Endpoint):
    @extend_schema(summary="One of the caller's own exports", responses={200: AuditExportExecution})
    def get(self, _request: Request, execution_id: int) -> HttpResponse:
        return answers.data(_shown(audit_export.execution(self.actor, execution_id)))


class Download(Endpoint):
    http_method_names = WITHOUT_HEAD

    @extend_schema(
        summary="The file of one of the caller's own exports, with its SHA-256",
        parameters=[
            OpenApiParameter("X-Content-SHA256", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200]),
        ],
        responses=FILES,
    )
    def get(self, _request: Request, execution_id: int) -> HttpResponseBase:
        output, opened = audit_export.download(self.actor, execution_id)
        response = _file(_Pieces(opened), output.name, output.media_type)
        response["Content-Length"] = str(output.size)
        response["X-Content-SHA256"] = output.sha256
        return response


class _Pieces:
    """An open file, a piece at a time, closed at its end or with the answer."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened = opened

    def __iter__(self) -> Iterator[bytes]:
        with self._opened:
            while piece := self._opened.read(PIECE):
                yield piece

    def close(self) -> None:
        self._opened.close()


def _file(pieces: Any, name: str, media_type: str) -> StreamingHttpResponse:
    """Saved, never shown: a browser runs nothing of what others wrote."""
    response = StreamingHttpResponse(pieces, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(found: Execution) -> dict[str, Any]:
    shown: dict[str, Any] = dict(AuditExportExecution(found).data)
    return shown


def _format(given: str) -> Format:
    if given not in FORMATS:
        raise InvalidInput(f"format is {' or '.join(FORMATS)}")
    return Format(given)


def _flag(query: QueryDict, name: str) -> bool:
    given = query.get(name) or "false"
    if given not in ("true", "false"):
        raise InvalidInput(f"{name} is true or false")
    return given == "true"
