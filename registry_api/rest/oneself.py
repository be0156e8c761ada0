"""/users/current: who calls, and what he may do."""

from __future__ import annotations

import re

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts import finding
from core.errors import InvalidInput
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.permissions import PermissionEntry, listed
from registry_api.rest.schema import parameter
from registry_api.rest.user_shapes import UserEntry, shown

_IN_PROJECT = re.compile(r"/project/([0-9]{1,18})", re.ASCII)
_IN_SYSTEM = ("", "/", "/system")


class CurrentUser(Endpoint):
    @extend_schema(summary="The account of who calls", responses=UserEntry)
    def get(self, _request: Request) -> HttpResponse:
        return answers.data(shown(finding.own_user(self.actor)))


class CurrentPermissions(Endpoint):
    @extend_schema(
        summary="What the caller may do, in the system or in a project",
        parameters=[
            parameter(
                "scope", "/project/ with the id of one; /system, or absent, for the system as a whole."
            ),
            parameter("relative", "Resources without the scope before them.", type=OpenApiTypes.BOOL),
        ],
        responses=PermissionEntry(many=True),
    )
    def get(self, _request: Request) -> HttpResponse:
        scope = self.query.get("scope", "")
        project_id = _project_of(scope)
        where = f"/project/{project_id}" if project_id is not None else "/system"
        prefix = "" if self.query.get("relative") == "true" else f"{where}/"
        return answers.data(listed(finding.rights_of(self.actor, project_id), prefix))


def _project_of(scope: str) -> int | None:
    match = _IN_PROJECT.fullmatch(scope)
    if match is None and scope not in _IN_SYSTEM:
        raise InvalidInput("scope is /system, or /project/ with the id of a project")
    return int(match[1]) if match is not None else None
