"""GET /icons/{digest}: the picture of a kind of artifact, named in lists by the digest of its bytes, as Harbor does it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.errors import NotFound
from core.oci.digest import Digest
from registry_api.rest import answers
from registry_api.rest.artifact_icons import PICTURES
from registry_api.rest.endpoint import Endpoint

SVG = "image/svg+xml"


class Icon(serializers.Serializer[dict[str, Any]]):
    """`content` is base64."""

    content = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """And Harbor's name with a hyphen in it."""
        return {**super().get_fields(), "content-type": serializers.CharField()}


class Icons(Endpoint):
    anonymous = True

    @extend_schema(summary="The picture of a kind of artifact", responses=Icon)
    def get(self, _request: Request, digest: str) -> HttpResponse:
        picture = PICTURES.get(str(Digest.parse(digest)))
        if picture is None:
            raise NotFound(f"no icon {digest}: lists of artifacts name those there are")
        return answers.data({"content": b64encode(picture).decode(), "content-type": SVG})
