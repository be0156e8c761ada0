"""GET /ping: whether anybody is there."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint


class Ping(Endpoint):
    anonymous = True

    @extend_schema(
        summary="Whether the API answers", responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR)}
    )
    def get(self, _request: Request) -> HttpResponse:
        return answers.text("Pong")
