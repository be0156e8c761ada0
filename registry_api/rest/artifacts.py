"""Artifacts of a repository and of a project: lists, one by tag or digest, copies, deletion. Harbor's names."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from access.table import P
from artifacts import copying, manifests, places
from artifacts.browsing import artifacts, listed
from core.errors import InvalidInput
from core.oci.digest import Digest
from core.oci.names import check_external
from core.oci.reference import Reference, parse_reference
from projects.queries import ref
from registry_api.rest import answers, artifact_pages
from registry_api.rest.artifact_entries import ArtifactEntry
from registry_api.rest.artifact_pages import ARTIFACTS, PARAMETERS, Wanted
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.named import project_of
from registry_api.rest.paths import artifacts_of
from registry_api.rest.schema import DONE, LOCATION, parameter


class Artifacts(Endpoint):
    anonymous = True

    @ARTIFACTS.documented("The artifacts of a repository, the one pushed last first")
    @extend_schema(parameters=PARAMETERS)
    def get(self, _request: Request, project: str, repository: str) -> HttpResponse:
        wanted = Wanted.of(self.query)
        place = places.located(self.actor, f"{project}/{repository}", P.ARTIFACT_LIST)
        names = {place.repository_id: str(place.target.name)}
        return ARTIFACTS.answer(
            self.http_request,
            self.query,
            artifacts.in_repository(place),
            total=partial(listed.count, [place.repository_id]),
            show=lambda rows: artifact_pages.shown(rows, wanted, place.target.project, names),
        )

    @extend_schema(
        summary="Copy an artifact here, with its parts and accessories",
        request=None,
        parameters=[
            parameter("from", "What: project/repository:tag or project/repository@digest.", required=True),
            LOCATION,
        ],
        responses={201: OpenApiResponse(description="Copied; Location tells where.")},
    )
    def post(self, _request: Request, project: str, repository: str) -> HttpResponse:
        """Named by a tag, it gets that tag here; named by its digest, all the tags it has there."""
        name, reference = source(self.query.get("from", ""))
        target = places.target(f"{project}/{repository}")
        check_external(target.name, self.http_request.META.get("HTTP_HOST", ""))
        digest = copying.copy(self.actor, target, source=name, reference=reference)
        return answers.created(f"{artifacts_of(project, repository)}/{digest}")


class OneArtifact(Endpoint):
    anonymous = True

    @extend_schema(summary="An artifact, by tag or digest", parameters=PARAMETERS, responses=ArtifactEntry)
    def get(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        wanted = Wanted.of(self.query)
        place = places.located(self.actor, f"{project}/{repository}", P.ARTIFACT_READ, P.ARTIFACT_LIST)
        row = artifacts.one(place, parse_reference(reference))
        names = {place.repository_id: str(place.target.name)}
        return answers.data(artifact_pages.shown([row], wanted, place.target.project, names)[0])

    @extend_schema(summary="Delete an artifact with all its tags", responses=DONE)
    def delete(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        target = places.target(f"{project}/{repository}")
        manifests.delete(self.actor, target, parse_reference(reference))
        return answers.done()


class ProjectArtifacts(Endpoint):
    anonymous = True

    @ARTIFACTS.documented("The artifacts of all repositories of a project")
    @extend_schema(
        parameters=[
            *PARAMETERS,
            parameter(
                "latest_in_repository",
                "Of each repository the one pushed last alone.",
                type=OpenApiTypes.BOOL,
            ),
        ]
    )
    def get(self, _request: Request, project: str) -> HttpResponse:
        wanted = Wanted.of(self.query)
        is_latest = artifact_pages.flag(self.query, "latest_in_repository")
        place = ref(project_of(self.actor, project, self.http_request, P.ARTIFACT_LIST, P.REPOSITORY_LIST))
        held = artifacts.of_project(self.actor, place)
        rows = artifacts.latest_in(held) if is_latest else artifacts.in_repositories(held)
        total = None if is_latest else partial(artifacts.total, held)

        def show(rows: list[Any]) -> list[dict[str, Any]]:
            return artifact_pages.shown(rows, wanted, place, artifacts.repositories_of(rows))

        return ARTIFACTS.answer(self.http_request, self.query, rows, total=total, show=show)


def source(text: str) -> tuple[str, Reference]:
    """`project/repository:tag`, `project/repository@digest` or both, of which the digest counts. Raises InvalidInput."""
    name, at, digest = text.partition("@")
    path, colon, tag = name.rpartition(":")
    if at:
        return (path if colon else name), Digest.parse(digest)
    if not colon or "/" in tag:
        raise InvalidInput("from is what to copy: project/repository:tag or project/repository@digest")
    return path, parse_reference(tag)
