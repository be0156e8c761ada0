"""GET /permissions: what a robot may be given at all, in the system and in projects."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.robots import IN_PROJECT, IN_SYSTEM
from access.table import Permissions as Given
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint


class PermissionEntry(serializers.Serializer[dict[str, str]]):
    resource = serializers.CharField()
    action = serializers.CharField()


class PermissionLists(serializers.Serializer[dict[str, Any]]):
    """Harbor's names."""

    system = PermissionEntry(many=True)
    project = PermissionEntry(many=True)


class Permissions(Endpoint):
    @extend_schema(summary="What a robot may be given", responses=PermissionLists)
    def get(self, _request: Request) -> HttpResponse:
        return answers.data({"system": listed(IN_SYSTEM), "project": listed(IN_PROJECT)})


def listed(permissions: Given, prefix: str = "") -> list[dict[str, str]]:
    """By name; `prefix` stands before each resource."""
    pairs = (each.split(":") for each in sorted(permissions))
    return [{"resource": f"{prefix}{resource}", "action": action} for resource, action in pairs]
