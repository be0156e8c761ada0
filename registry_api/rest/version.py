"""GET /api/version: by which clients find the base path of the API."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint

API_VERSION = "v2.0"


class ApiVersion(serializers.Serializer[dict[str, str]]):
    version = serializers.CharField(help_text="The base path is /api/ and this.")


class Version(Endpoint):
    anonymous = True

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> HttpResponse:
        return answers.one(ApiVersion, {"version": API_VERSION})
