"""Labels: global ones and those of a project, as Harbor's clients list, make, change and remove them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import Principal
from access.table import P
from core.errors import InvalidInput
from projects import labels, queries
from projects.models import Label
from projects.services import labels as services
from projects.services.labels import LabelText
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Number, Text, Time
from registry_api.rest.lenient import Choice
from registry_api.rest.listing import Listing
from registry_api.rest.named import LARGEST_ID, id_of
from registry_api.rest.schema import DONE, LOCATION, MADE, parameter

GLOBAL, IN_PROJECT = "g", "p"


class LabelEntry(serializers.Serializer[Label]):
    """Harbor's names. A global label has the project 0."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    color = serializers.CharField(help_text="#RRGGBB, or empty.")
    scope = serializers.SerializerMethodField(help_text="g: of all projects, p: of one.")
    project_id = serializers.SerializerMethodField()
    creation_time = serializers.DateTimeField(source="created_at")
    update_time = serializers.DateTimeField(source="updated_at")

    def get_scope(self, row: Label) -> str:
        return GLOBAL if row.project_id is None else IN_PROJECT

    def get_project_id(self, row: Label) -> int:
        return row.project_id or 0


class NewLabel(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(trim_whitespace=False)
    description = serializers.CharField(default="", allow_blank=True, allow_null=True, trim_whitespace=False)
    color = serializers.CharField(default="", allow_blank=True, allow_null=True)
    scope = Choice((GLOBAL, IN_PROJECT), help_text="g: of all projects, p: of one.")
    project_id = serializers.IntegerField(default=0, min_value=0, max_value=LARGEST_ID, allow_null=True)


class LabelChange(serializers.Serializer[dict[str, Any]]):
    """No name leaves the name; a description or colour that is not there is an empty one, which Go clients leave out.

    Scope and project of a label do not change.
    """

    name = serializers.CharField(required=False, allow_null=True, trim_whitespace=False)
    description = serializers.CharField(default="", allow_blank=True, allow_null=True, trim_whitespace=False)
    color = serializers.CharField(default="", allow_blank=True, allow_null=True)


LABELS = Listing(
    LabelEntry,
    fields={
        "id": Number("id"),
        "name": Text("name"),
        "color": Text("color"),
        "creation_time": Time("created_at"),
        "update_time": Time("updated_at"),
    },
    sorts={"id": "id", "name": "name", "creation_time": "created_at", "update_time": "updated_at"},
    default="name",
)


class Labels(Endpoint):
    anonymous = True

    @extend_schema(
        parameters=[
            parameter(
                "scope", "g for global labels (the default), p for those of a project.", enum=["g", "p"]
            ),
            parameter("project_id", "The project of the labels, with scope=p.", type=OpenApiTypes.STR),
            parameter("name", "A part of the name, whatever the case."),
        ]
    )
    @LABELS.documented("The global labels, or those of a project", 404)
    def get(self, _request: Request) -> HttpResponse:
        found = _chosen(self.actor, self.query)
        if (part := self.query.get("name")) is not None:
            # No label has a NUL, and PostgreSQL takes none.
            found = found.none() if "\0" in part else found.filter(name__icontains=part)
        return LABELS.answer(self.http_request, self.query, found)

    @extend_schema(
        summary="Make a label",
        request=NewLabel,
        parameters=[LOCATION],
        responses=MADE,
    )
    def post(self, _request: Request) -> HttpResponse:
        wanted = body.read(self.http_request, NewLabel)
        scope, project_id = wanted.pop("scope"), wanted.pop("project_id") or 0
        project = (
            queries.project_by_id(self.actor, project_id, P.LABEL_CREATE) if scope == IN_PROJECT else None
        )
        label = services.create_label(self.actor, project, LabelText(**_given(wanted)))
        return answers.created(f"/api/v2.0/labels/{label.pk}")


class OneLabel(Endpoint):
    @extend_schema(summary="A label", responses=LabelEntry)
    def get(self, _request: Request, label_id: int) -> HttpResponse:
        return answers.one(LabelEntry, labels.label_of(self.actor, label_id))

    @extend_schema(
        summary="Change a label's name, description or color",
        request=LabelChange,
        responses=DONE,
    )
    def put(self, _request: Request, label_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, LabelChange)
        label = labels.label_of(self.actor, label_id)
        text = LabelText(**{"name": label.name} | _given(wanted))
        services.change_label(self.actor, label, text)
        return answers.done()

    @extend_schema(
        summary="Remove a label, from all artifacts too",
        responses=DONE,
    )
    def delete(self, _request: Request, label_id: int) -> HttpResponse:
        services.delete_label(self.actor, labels.label_of(self.actor, label_id))
        return answers.done()


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    """Without what is null: some clients send every field they know."""
    return {name: value for name, value in wanted.items() if value is not None}


def _chosen(actor: Principal, query: QueryDict) -> QuerySet[Label]:
    scope = query.get("scope") or GLOBAL
    if scope == GLOBAL:
        return labels.global_labels(actor)
    if scope != IN_PROJECT:
        raise InvalidInput("scope is g for global labels or p for those of a project")
    project_id = id_of(query.get("project_id", ""))
    if project_id is None:
        raise InvalidInput("scope=p needs project_id, the number of the project")
    return labels.project_labels(actor, queries.project_by_id(actor, project_id, P.LABEL_LIST))
