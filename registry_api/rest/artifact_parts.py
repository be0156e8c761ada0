"""What hangs on an artifact: tags, labels, accessories, the history of its build. Harbor's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.table import P
from artifacts import labels, new_tags, places, restoring, tags
from artifacts.browsing import artifacts, history
from artifacts.browsing import parts as rows_of
from artifacts.browsing.details import ShownTag
from artifacts.models import ArtifactAccessory
from artifacts.models import Tag as TagRow
from core.oci.digest import Digest
from core.oci.reference import Tag, parse_reference
from registry_api.rest import answers, artifact_pages, artifact_shapes, body
from registry_api.rest.artifact_entries import AccessoryEntry, HistoryEntry, TagEntry
from registry_api.rest.artifact_filters import Kinds
from registry_api.rest.artifact_pages import IMMUTABLE
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Flag, Number, Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.paths import artifacts_of
from registry_api.rest.schema import DONE, LOCATION

TAGS = Listing(
    TagEntry,
    fields={
        "id": Number("id"),
        "name": Text("name"),
        "immutable": Flag("immutable"),
        "push_time": Time("pushed_at"),
        "pull_time": Time("last_pull_at"),
    },
    sorts={"id": "id", "name": "name", "push_time": "pushed_at", "pull_time": "last_pull_at"},
    default="-push_time",
)
ACCESSORIES = Listing(
    AccessoryEntry,
    fields={"type": Kinds(), "artifact_id": Number("artifact_id")},
    sorts={"id": "artifact_id", "type": "kind", "creation_time": "artifact__pushed_at"},
    default="creation_time",
)


class Restored(serializers.Serializer[dict[str, Any]]):
    replaces = serializers.CharField(
        max_length=200,
        required=False,
        help_text="The digest that the tag names now; left out for a tag that is gone.",
    )


class NewTag(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=128)


class LabelToAdd(serializers.Serializer[dict[str, Any]]):
    """Harbor's clients send the whole label; its id says which."""

    id = serializers.IntegerField(min_value=0, max_value=10**18 - 1)


class ArtifactTags(Endpoint):
    anonymous = True

    @TAGS.documented("The tags of an artifact")
    @extend_schema(parameters=[IMMUTABLE])
    def get(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        is_asked = artifact_pages.flag(self.query, "with_immutable_status")
        place = places.located(self.actor, f"{project}/{repository}", P.TAG_LIST)
        row = artifacts.one(place, parse_reference(reference))
        names = {place.repository_id: str(place.target.name)}

        def show(rows: Sequence[TagRow]) -> list[dict[str, Any]]:
            found = [_shown_tag(each) for each in rows]
            fixed = artifact_pages.fixed(place.target.project, {row.pk: found}, names) if is_asked else None
            return [artifact_shapes.tag(each, fixed) for each in found]

        return TAGS.answer(self.http_request, self.query, rows_of.tags(row), show=show)

    @extend_schema(
        summary="Give an artifact another tag",
        request=NewTag,
        parameters=[LOCATION],
        responses={201: OpenApiResponse(description="Made; Location names the artifact by it.")},
    )
    def post(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        tag = Tag.parse(body.read(self.http_request, NewTag)["name"])
        target = places.target(f"{project}/{repository}")
        new_tags.create(self.actor, target, tag, reference=parse_reference(reference))
        return answers.created(f"{artifacts_of(project, repository)}/{tag}")


class OneTag(Endpoint):
    @extend_schema(
        summary="Point a tag back at an artifact that it named before",
        description="A tag that points elsewhere than `replaces` says has moved meanwhile: 412, and nothing is changed.",
        request=Restored,
        responses=DONE,
    )
    def put(
        self, _request: Request, project: str, repository: str, *, reference: str, tag: str
    ) -> HttpResponse:
        replaces = body.read(self.http_request, Restored).get("replaces")
        place = places.located(self.actor, f"{project}/{repository}", P.ARTIFACT_READ)
        digest = Digest.from_bytes(bytes(artifacts.one(place, parse_reference(reference)).digest))
        now = Digest.parse(replaces) if replaces else None
        restoring.restore(self.actor, place.target, Tag.parse(tag), digest, now=now)
        return answers.done()

    @extend_schema(summary="Remove a tag; the artifact stays", responses=DONE)
    def delete(
        self, _request: Request, project: str, repository: str, *, reference: str, tag: str
    ) -> HttpResponse:
        target = places.target(f"{project}/{repository}")
        tags.delete(self.actor, target, Tag.parse(tag), of=parse_reference(reference))
        return answers.done()


class ArtifactLabels(Endpoint):
    @extend_schema(summary="Put a label on an artifact", request=LabelToAdd, responses=DONE)
    def post(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        label_id = body.read(self.http_request, LabelToAdd)["id"]
        target = places.target(f"{project}/{repository}")
        labels.add(self.actor, target, parse_reference(reference), label_id)
        return answers.done()


class OneArtifactLabel(Endpoint):
    @extend_schema(summary="Take a label off an artifact", responses=DONE)
    def delete(
        self, _request: Request, project: str, repository: str, *, reference: str, worn_id: int
    ) -> HttpResponse:
        target = places.target(f"{project}/{repository}")
        labels.remove(self.actor, target, parse_reference(reference), worn_id)
        return answers.done()


class Accessories(Endpoint):
    anonymous = True

    @ACCESSORIES.documented("Signatures, SBOMs and whatever else belongs to an artifact")
    def get(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        place = places.located(self.actor, f"{project}/{repository}", P.ACCESSORY_LIST)
        row = artifacts.one(place, parse_reference(reference))

        def show(rows: Sequence[ArtifactAccessory]) -> list[dict[str, Any]]:
            name = str(place.target.name)
            return [artifact_shapes.accessory(rows_of.accessory(row, each), name) for each in rows]

        return ACCESSORIES.answer(self.http_request, self.query, rows_of.accessories(row), show=show)


class BuildHistory(Endpoint):
    anonymous = True

    @extend_schema(summary="How an image was built, the first step first", responses=HistoryEntry(many=True))
    def get(self, _request: Request, project: str, repository: str, reference: str) -> HttpResponse:
        place = places.located(self.actor, f"{project}/{repository}", P.ARTIFACT_ADDITION_READ)
        row = artifacts.one(place, parse_reference(reference))
        return answers.several(HistoryEntry, history.steps(row))


def _shown_tag(row: TagRow) -> ShownTag:
    columns = ("id", "repository_id", "artifact_id", "name", "pushed_at", "last_pull_at", "immutable")
    return ShownTag(*(getattr(row, column) for column in columns))
