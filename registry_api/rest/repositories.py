"""Repositories: of all projects, of one, and one with its description. Harbor's names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.table import P
from artifacts import places
from artifacts import repositories as services
from artifacts.browsing import repositories
from artifacts.browsing.repositories import Figures
from artifacts.models import Repository
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Number, Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.schema import DONE

MAX_DESCRIPTION = 64 * 1024


class RepositoryEntry(serializers.Serializer[Repository]):
    """`shown` writes it."""

    id = serializers.IntegerField()
    project_id = serializers.IntegerField()
    name = serializers.CharField(help_text="With the project's name in front.")
    description = serializers.CharField()
    artifact_count = serializers.IntegerField(
        help_text="Those that stand in lists: parts of an index and accessories do not count."
    )
    pull_count = serializers.IntegerField()
    creation_time = serializers.DateTimeField()
    update_time = serializers.DateTimeField(help_text="The last push.")


class RepositoryChange(serializers.Serializer[dict[str, Any]]):
    """Harbor's clients send the whole repository; this is what may be changed of it."""

    description = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_DESCRIPTION, trim_whitespace=False
    )


REPOSITORIES = Listing(
    RepositoryEntry,
    fields={
        "id": Number("id"),
        "name": Text("name"),
        "project_id": Number("project_id"),
        "description": Text("description"),
        "pull_count": Number("pulls"),
        "creation_time": Time("created_at"),
        "update_time": Time("changed_at"),
    },
    sorts={
        "id": "id",
        "name": "name",
        "pull_count": "pulls",
        "creation_time": "created_at",
        "update_time": "changed_at",
    },
    default="-creation_time",
)


class Repositories(Endpoint):
    anonymous = True

    @REPOSITORIES.documented("The repositories of all projects the caller may see")
    def get(self, _request: Request) -> HttpResponse:
        rows, count = repositories.everywhere(self.actor)
        return REPOSITORIES.answer(self.http_request, self.query, rows, total=lambda: count, show=shown)


class ProjectRepositories(Endpoint):
    anonymous = True

    @REPOSITORIES.documented("The repositories of a project")
    def get(self, _request: Request, project: str) -> HttpResponse:
        place, rows = repositories.in_project(self.actor, project)
        total = partial(repositories.total, self.actor, place)
        return REPOSITORIES.answer(self.http_request, self.query, rows, total=total, show=shown)


class OneRepository(Endpoint):
    anonymous = True

    @extend_schema(summary="A repository", responses=RepositoryEntry)
    def get(self, _request: Request, project: str, repository: str) -> HttpResponse:
        place = places.located(self.actor, f"{project}/{repository}", P.REPOSITORY_LIST, P.REPOSITORY_READ)
        return answers.data(shown([Repository.objects.get(pk=place.repository_id)])[0])

    @extend_schema(
        summary="Change the description of a repository",
        request=RepositoryChange,
        responses=DONE,
    )
    def put(self, _request: Request, project: str, repository: str) -> HttpResponse:
        wanted = body.read(self.http_request, RepositoryChange)
        target = places.target(f"{project}/{repository}")
        services.describe(self.actor, target, wanted.get("description"))
        return answers.done()

    @extend_schema(
        summary="Delete a repository with all it holds",
        responses=DONE,
    )
    def delete(self, _request: Request, project: str, repository: str) -> HttpResponse:
        services.delete(self.actor, places.target(f"{project}/{repository}"))
        return answers.done()


def shown(rows: Sequence[Repository]) -> list[dict[str, Any]]:
    """A page of them as `RepositoryEntry` says."""
    beside = repositories.figures(row.pk for row in rows)
    return [_entry(row, beside[row.pk]) for row in rows if row.pk in beside]


def _entry(row: Repository, beside: Figures) -> dict[str, Any]:
    return {
        "id": row.pk,
        "project_id": row.project_id,
        "name": row.name,
        "description": row.description,
        "artifact_count": beside.artifacts,
        "pull_count": beside.pulls,
        "creation_time": row.created_at,
        "update_time": beside.changed_at,
    }
