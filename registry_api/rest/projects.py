"""Projects: the list of those the caller may see, and making, changing and removing one. Harbor's names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import Principal
from access.table import ROLES_BY_POWER, P, Role
from core.errors import InvalidInput
from projects import browsing, metadata, queries
from projects.models import Project
from projects.services import projects as services
from projects.services.projects import Changes
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Flag, Number, Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.named import project_of
from registry_api.rest.schema import DONE, LOCATION, MADE, parameter

NAMED_LOCATION = "X-Resource-Name-In-Location"
# What holds pulls back at Harbor. To take one in and do nothing would be a promise nobody keeps.
GATES = ("prevent_vul", "enable_content_trust", "enable_content_trust_cosign")
WORDS = {"true": True, "1": True, "false": False, "0": False}


class MetadataEntry(serializers.Serializer[dict[str, str]]):
    public = serializers.ChoiceField(("true", "false"))
    pull_log = serializers.ChoiceField(("all", "coalesced", "off"), required=False)


class ProjectEntry(serializers.Serializer[Project]):
    """`shown` writes it."""

    project_id = serializers.IntegerField()
    name = serializers.CharField()
    owner_id = serializers.IntegerField(help_text="0 where the owner is no person, or is gone.")
    owner_name = serializers.CharField()
    creation_time = serializers.DateTimeField()
    update_time = serializers.DateTimeField()
    deleted = serializers.BooleanField()
    current_user_role_id = serializers.IntegerField(help_text="The caller's highest role, 0 for none.")
    current_user_role_ids = serializers.ListField(child=serializers.IntegerField())
    repo_count = serializers.IntegerField()
    metadata = MetadataEntry()


class MetadataBody(serializers.Serializer[dict[str, Any]]):
    """Harbor's names; other keys are not looked at."""

    public = serializers.ChoiceField(("true", "false"), required=False, allow_null=True, allow_blank=True)
    prevent_vul = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    enable_content_trust = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    enable_content_trust_cosign = serializers.CharField(required=False, allow_null=True, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if asked := [name for name in GATES if str(attrs.get(name)).lower() == "true"]:
            raise serializers.ValidationError(
                f"{asked[0]}: nothing holds pulls back here yet, leave it out or false"
            )
        return attrs


class NewProject(serializers.Serializer[dict[str, Any]]):
    project_name = serializers.CharField(trim_whitespace=False)
    public = serializers.BooleanField(required=False, allow_null=True, help_text="As metadata.public.")
    metadata = MetadataBody(required=False, allow_null=True)
    storage_limit = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=-1,
        max_value=2**63 - 1,
        help_text="Bytes, -1 for no limit; without it, or 0, what storage_per_project says. For who may set quotas.",
    )
    registry_id = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=0,
        help_text="There are no proxy projects.",
        error_messages={"max_value": "there are no proxy projects here: leave it out"},
    )


class ProjectChange(serializers.Serializer[dict[str, Any]]):
    """Harbor's clients send the whole project; this is what may be changed of it."""

    metadata = MetadataBody(required=False, allow_null=True)


class Deletable(serializers.Serializer[dict[str, Any]]):
    deletable = serializers.BooleanField()
    message = serializers.CharField(help_text="Why not; empty if it is.")


PROJECTS = Listing(
    ProjectEntry,
    fields={
        "project_id": Number("id"),
        "name": Text("name"),
        "public": Flag("public"),
        "owner_id": Number("owner_id"),
        "owner_name": Text("owner__username"),
        "repo_count": Number("repositories"),
        "creation_time": Time("created_at"),
        "update_time": Time("updated_at"),
    },
    sorts={
        "project_id": "id",
        "name": "name",
        "owner_name": "owner__username",
        "repo_count": "repositories",
        "creation_time": "created_at",
        "update_time": "updated_at",
    },
    default="name",
)


class Projects(Endpoint):
    anonymous = True

    @extend_schema(
        parameters=[
            parameter("name", "A part of the name."),
            parameter("public", "true for public projects alone, false for private ones.", enum=list(WORDS)),
            parameter("owner", "The name of the owner."),
            parameter("with_detail", "Every entry is whole, whatever this says."),
        ]
    )
    @PROJECTS.documented("The projects the caller may see")
    def get(self, _request: Request) -> HttpResponse:
        rows = _chosen(browsing.listed(self.actor), self.query)
        return PROJECTS.answer(self.http_request, self.query, rows, show=partial(shown, self.actor))

    def head(self, _request: Request) -> HttpResponse:
        """Whether there is a project of the name `project_name`: 200, or 404."""
        name = self.query.get("project_name")
        if not name:
            raise InvalidInput("project_name is missing: the name to look for")
        queries.project_with(self.actor, name, P.PROJECT_READ)
        return answers.done()

    @extend_schema(
        summary="Make a project",
        request=NewProject,
        parameters=[
            LOCATION,
            OpenApiParameter(
                NAMED_LOCATION,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="true: Location names the project by its name.",
            ),
        ],
        responses=MADE,
    )
    def post(self, _request: Request) -> HttpResponse:
        given = body.read(self.http_request, NewProject)
        name, limit = given["project_name"], given.get("storage_limit") or None
        made = services.create_project(self.actor, name, public=_is_public(given), quota=limit)
        by_name = _is_set(self.http_request, NAMED_LOCATION)
        return answers.created(f"/api/v2.0/projects/{made.name if by_name else made.pk}")


class OneProject(Endpoint):
    anonymous = True

    @extend_schema(summary="A project", responses=ProjectEntry)
    def get(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request)
        return answers.data(shown(self.actor, [browsing.with_figures(place)])[0])

    @extend_schema(
        summary="Change who sees a project",
        request=ProjectChange,
        responses=DONE,
    )
    def put(self, _request: Request, project: str) -> HttpResponse:
        given = body.read(self.http_request, ProjectChange)
        place = project_of(self.actor, project, self.http_request, P.PROJECT_UPDATE)
        word = (given.get("metadata") or {}).get("public")
        services.change_project(self.actor, place, Changes(public=WORDS[word] if word else None))
        return answers.done()

    @extend_schema(
        summary="Delete a project without repositories",
        responses=DONE,
    )
    def delete(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.PROJECT_DELETE)
        services.delete_project(self.actor, place)
        return answers.done()


class ProjectDeletable(Endpoint):
    @extend_schema(summary="Whether a project can be deleted", responses=Deletable)
    def get(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.PROJECT_DELETE)
        why_not = browsing.hindrance(self.actor, place)
        return answers.data({"deletable": not why_not, "message": why_not})


def shown(actor: Principal, rows: Sequence[Project]) -> list[dict[str, Any]]:
    """A page of rows of `browsing.listed` as `ProjectEntry` says."""
    held = browsing.roles_of(actor, [row.pk for row in rows])
    return [_entry(actor, row, held.get(row.pk, frozenset())) for row in rows]


def _entry(actor: Principal, row: Project, role_ids: frozenset[int]) -> dict[str, Any]:
    return {
        "project_id": row.pk,
        "name": row.name,
        "owner_id": row.owner_id or 0,
        "owner_name": row.owner.username if row.owner else "",
        "creation_time": row.created_at,
        "update_time": row.updated_at,
        "deleted": False,
        "current_user_role_id": Role.PROJECT_ADMIN if actor.is_admin else _highest(role_ids),
        "current_user_role_ids": sorted(role_ids),
        "repo_count": row.repositories,  # type: ignore[attr-defined]  # annotated
        "metadata": metadata.visibility(row),
    }


def _highest(role_ids: frozenset[int]) -> int:
    return next((int(role) for role in ROLES_BY_POWER if role in role_ids), 0)


def _chosen(rows: QuerySet[Project], query: QueryDict) -> QuerySet[Project]:
    """Narrowed by the parameters that stand beside `q`. Raises InvalidInput."""
    name, owner, public = (query.get(each, "") for each in ("name", "owner", "public"))
    if "\0" in name + owner:
        return rows.none()  # no name has one, and PostgreSQL takes none
    if public and public.lower() not in WORDS:
        raise InvalidInput("public is true or false")
    if name:
        rows = rows.filter(name__contains=name.lower())
    if owner:
        rows = rows.filter(owner__username=owner)
    return rows.filter(public=WORDS[public.lower()]) if public else rows


def _is_public(given: dict[str, Any]) -> bool:
    word = (given.get("metadata") or {}).get("public")
    return WORDS[word] if word else bool(given.get("public"))


def _is_set(http: HttpRequest, header: str) -> bool:
    return bool(http.headers.get(header, "").strip().lower() == "true")
