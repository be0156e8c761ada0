"""Stars of repositories: Harbor has none; these paths stand beside its own."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from artifacts import places, stars
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.schema import DONE


class StarEntry(serializers.Serializer[dict[str, Any]]):
    star_count = serializers.IntegerField(help_text="How many people starred the repository.")
    starred = serializers.BooleanField(help_text="Whether the caller is one of them.")


class Star(Endpoint):
    anonymous = True

    @extend_schema(summary="The stars of a repository", responses=StarEntry)
    def get(self, _request: Request, project: str, repository: str) -> HttpResponse:
        found = stars.stars_of(self.actor, places.target(f"{project}/{repository}"))
        return answers.data({"star_count": found.count, "starred": found.is_mine})

    @extend_schema(summary="Star a repository", request=None, responses=DONE)
    def put(self, _request: Request, project: str, repository: str) -> HttpResponse:
        stars.star(self.actor, places.target(f"{project}/{repository}"))
        return answers.done()

    @extend_schema(
        summary="Take a star back", responses={200: OpenApiResponse(description="Done, or there was none.")}
    )
    def delete(self, _request: Request, project: str, repository: str) -> HttpResponse:
        stars.unstar(self.actor, places.target(f"{project}/{repository}"))
        return answers.done()
