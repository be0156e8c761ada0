"""Storage quotas, one a project, with its id. Harbor's names."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.errors import InvalidInput
from projects import quotas
from projects.models import Quota
from projects.services.projects import set_quota
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.listing import Listing
from registry_api.rest.named import id_of
from registry_api.rest.schema import DONE, parameter

PROJECT = "project"


class Storage(serializers.Serializer[dict[str, int]]):
    storage = serializers.IntegerField(help_text="Bytes; of a limit, -1 for none.")


class QuotaReference(serializers.Serializer[dict[str, Any]]):
    id = serializers.IntegerField(help_text="The project's.")
    name = serializers.CharField()
    owner_name = serializers.CharField()


class QuotaEntry(serializers.Serializer[Quota]):
    """Harbor's names; `shown` writes it."""

    id = serializers.IntegerField()
    ref = QuotaReference()
    hard = Storage()
    used = Storage()
    creation_time = serializers.DateTimeField()
    update_time = serializers.DateTimeField(help_text="When the limit was set.")


class QuotaLimit(serializers.Serializer[dict[str, int]]):
    storage = serializers.IntegerField(min_value=-1, max_value=2**63 - 1)


class QuotaChange(serializers.Serializer[dict[str, Any]]):
    hard = QuotaLimit()


QUOTAS = Listing(
    QuotaEntry,
    fields={},
    sorts={
        "id": "pk",
        "used": "used",
        "hard": "hard_limit",
        "used.storage": "used",
        "hard.storage": "hard_limit",
        "creation_time": "project__created_at",
        "update_time": "updated_at",
    },
    default="id",
)


class Quotas(Endpoint):
    @extend_schema(
        parameters=[
            parameter("reference", "What the quotas are for: project.", enum=[PROJECT]),
            parameter("reference_id", "The project's id.", type=OpenApiTypes.STR),
        ]
    )
    @QUOTAS.documented("The storage quotas of all projects")
    def get(self, _request: Request) -> HttpResponse:
        found = quotas.quotas(self.actor)
        if self.query.get("reference", PROJECT) not in ("", PROJECT):
            raise InvalidInput("reference is project: nothing else has a quota")
        if given := self.query.get("reference_id"):
            if (project_id := id_of(given)) is None:
                raise InvalidInput("reference_id is the number of a project")
            found = found.filter(pk=project_id)
        return QUOTAS.answer(
            self.http_request, self.query, found, show=lambda page: [shown(row) for row in page]
        )


class OneQuota(Endpoint):
    @extend_schema(summary="The storage quota of a project", responses=QuotaEntry)
    def get(self, _request: Request, quota_id: int) -> HttpResponse:
        return answers.data(shown(quotas.quota_of(self.actor, quota_id)))

    @extend_schema(
        summary="Set the storage quota of a project",
        request=QuotaChange,
        responses=DONE,
    )
    def put(self, _request: Request, quota_id: int) -> HttpResponse:
        """Below what is used it stops new content, and takes nothing away."""
        wanted = body.read(self.http_request, QuotaChange)
        set_quota(self.actor, quotas.quota_of(self.actor, quota_id).project, wanted["hard"]["storage"])
        return answers.done()


def shown(row: Quota) -> dict[str, Any]:
    """A quota as `QuotaEntry` says."""
    owner = row.project.owner
    return {
        "id": row.pk,
        "ref": {"id": row.pk, "name": row.project.name, "owner_name": owner.username if owner else ""},
        "hard": {"storage": row.hard_limit},
        "used": {"storage": row.used},
        "creation_time": row.project.created_at,
        "update_time": row.updated_at,
    }
