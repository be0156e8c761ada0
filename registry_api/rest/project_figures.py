"""Figures: the summary of a project, and what the caller sees in all. Harbor's names."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.table import Role
from projects import browsing
from projects.browsing import Everything, Seen, Summary
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.named import project_of


class SpaceEntry(serializers.Serializer[dict[str, int]]):
    storage = serializers.IntegerField(help_text="Bytes; of a limit, -1 for none.")


class QuotaFigures(serializers.Serializer[dict[str, Any]]):
    hard = SpaceEntry()
    used = SpaceEntry()


class SummaryEntry(serializers.Serializer[Summary]):
    """Members are counted for who may list them, the quota is shown to who may read it."""

    repo_count = serializers.IntegerField()
    project_admin_count = serializers.IntegerField(required=False)
    maintainer_count = serializers.IntegerField(required=False)
    developer_count = serializers.IntegerField(required=False)
    guest_count = serializers.IntegerField(required=False)
    limited_guest_count = serializers.IntegerField(required=False)
    quota = QuotaFigures(required=False)


class StatisticEntry(serializers.Serializer[Seen]):
    """The totals are for who may list all projects."""

    public_project_count = serializers.IntegerField()
    private_project_count = serializers.IntegerField()
    public_repo_count = serializers.IntegerField()
    private_repo_count = serializers.IntegerField()
    total_project_count = serializers.IntegerField(required=False)
    total_repo_count = serializers.IntegerField(required=False)
    total_storage_consumption = serializers.IntegerField(
        required=False, help_text="Bytes, each blob once for each project that holds it."
    )


class ProjectSummary(Endpoint):
    anonymous = True

    @extend_schema(summary="The figures of a project", responses=SummaryEntry)
    def get(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request)
        return answers.data(_summary(browsing.summary(self.actor, place)))


class Statistics(Endpoint):
    @extend_schema(summary="How many projects and repositories the caller may see", responses=StatisticEntry)
    def get(self, _request: Request) -> HttpResponse:
        return answers.data(_statistic(browsing.seen(self.actor), browsing.everything(self.actor)))


def _summary(found: Summary) -> dict[str, Any]:
    told: dict[str, Any] = {"repo_count": found.repositories}
    if found.members is not None:
        told |= {f"{role.name.lower()}_count": found.members[role] for role in Role}
    if found.space is not None:
        told["quota"] = {"hard": {"storage": found.space.hard}, "used": {"storage": found.space.used}}
    return told


def _statistic(seen: Seen, everything: Everything | None) -> dict[str, int]:
    told = {
        "public_project_count": seen.public_projects,
        "private_project_count": seen.private_projects,
        "public_repo_count": seen.public_repositories,
        "private_repo_count": seen.private_repositories,
    }
    if everything is None:
        return told
    return told | {
        "total_project_count": everything.projects,
        "total_repo_count": everything.repositories,
        "total_storage_consumption": everything.used,
    }
