"""The metadata of a project, all or one by its name. Harbor's names; values are "true" and "false"."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from access.table import P
from core.errors import InvalidInput
from projects import metadata
from projects.services.projects import change_project
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.named import project_of
from registry_api.rest.projects import MetadataEntry
from registry_api.rest.schema import DONE


class Metadatas(Endpoint):
    @extend_schema(summary="The metadata of a project", responses=MetadataEntry)
    def get(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, *metadata.READING)
        return answers.data(metadata.all_of(self.actor, place))

    @extend_schema(summary="Set metadata of a project", request=MetadataEntry, responses=DONE)
    def post(self, _request: Request, project: str) -> HttpResponse:
        """A name that nothing acts on is refused."""
        place = project_of(self.actor, project, self.http_request, P.METADATA_CREATE)
        wanted = metadata.wanted(body.document(self.http_request))
        change_project(self.actor, place, wanted, by=P.METADATA_CREATE)
        return answers.done()


class OneMetadata(Endpoint):
    @extend_schema(summary="One of the metadata of a project", responses=MetadataEntry)
    def get(self, _request: Request, project: str, key: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.METADATA_READ)
        return answers.data(metadata.one_of(self.actor, place, key))

    @extend_schema(summary="Change one of the metadata of a project", request=MetadataEntry, responses=DONE)
    def put(self, _request: Request, project: str, key: str) -> HttpResponse:
        """The body names it once more, with its value."""
        place = project_of(self.actor, project, self.http_request, P.METADATA_UPDATE)
        given = body.document(self.http_request)
        if key not in given:
            raise InvalidInput(f'the body has no value of that name: {{"{key[:64]}": "true"}}')
        change_project(self.actor, place, metadata.wanted({key: given[key]}), by=P.METADATA_UPDATE)
        return answers.done()

    @extend_schema(summary="Take one of the metadata of a project back to its default", responses=DONE)
    def delete(self, _request: Request, project: str, key: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.METADATA_DELETE)
        change_project(self.actor, place, metadata.default_of(key), by=P.METADATA_DELETE)
        return answers.done()
