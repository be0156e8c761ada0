"""One search over the names of projects and repositories the caller may see. Harbor's names."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import F
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import Principal
from artifacts import search
from artifacts.search import Found
from projects.models import Project
from projects.queries import visible_projects
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.schema import parameter

MOST: Final = 100


class FoundMetadata(serializers.Serializer[dict[str, str]]):
    public = serializers.CharField(help_text="true or false.")


class FoundProject(serializers.Serializer[dict[str, Any]]):
    project_id = serializers.IntegerField()
    name = serializers.CharField()
    owner_id = serializers.IntegerField()
    owner_name = serializers.CharField()
    creation_time = serializers.DateTimeField()
    update_time = serializers.DateTimeField()
    deleted = serializers.BooleanField()
    repo_count = serializers.IntegerField()
    metadata = FoundMetadata()


class FoundRepository(serializers.Serializer[dict[str, Any]]):
    project_id = serializers.IntegerField()
    project_name = serializers.CharField()
    project_public = serializers.BooleanField()
    repository_name = serializers.CharField()
    pull_count = serializers.IntegerField()
    artifact_count = serializers.IntegerField()
    star_count = serializers.IntegerField()


class SearchResult(serializers.Serializer[dict[str, Any]]):
    project = FoundProject(many=True)
    repository = FoundRepository(many=True)


class Search(Endpoint):
    anonymous = True

    @extend_schema(
        summary="Projects and repositories by a part of their name",
        parameters=[parameter("q", f"A part of the name. At most {MOST} of each are shown, the best first.")],
        responses=SearchResult,
    )
    def get(self, _request: Request) -> HttpResponse:
        term = self.query.get("q", "").strip().lower()
        found, _ = search.repositories(self.actor, term, limit=MOST)
        return answers.data(
            {
                "project": [_project(row) for row in _projects(self.actor, term)],
                "repository": [_repository(each) for each in found],
            }
        )


def _projects(actor: Principal, term: str) -> list[Project]:
    if "\0" in term:
        return []  # no name has one, and PostgreSQL takes none
    rows = visible_projects(actor).filter(name__contains=term).select_related("owner")
    counted = rows.annotate(repositories=F("projectcontents__repository_count"))
    return list(counted[:MOST])


def _project(row: Project) -> dict[str, Any]:
    return {
        "project_id": row.pk,
        "name": row.name,
        "owner_id": row.owner_id or 0,
        "owner_name": row.owner.username if row.owner else "",
        "creation_time": row.created_at,
        "update_time": row.updated_at,
        "deleted": False,
        "repo_count": row.repositories or 0,  # type: ignore[attr-defined]  # annotated
        "metadata": {"public": "true" if row.public else "false"},
    }


def _repository(found: Found) -> dict[str, Any]:
    return {
        "project_id": found.project_id,
        "project_name": found.project,
        "project_public": found.public,
        "repository_name": found.name,
        "pull_count": found.pulls,
        "artifact_count": found.artifacts,
        "star_count": found.stars,
    }
