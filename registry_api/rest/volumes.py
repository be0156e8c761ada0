"""GET /systeminfo/volumes: how much room the store of the blobs has."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from artifacts import room
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint


class Volume(serializers.Serializer[dict[str, int]]):
    total = serializers.IntegerField(help_text="Bytes.")
    free = serializers.IntegerField(help_text="Bytes that may be written.")


class SystemVolumes(serializers.Serializer[dict[str, Any]]):
    storage = Volume(many=True)


class Volumes(Endpoint):
    @extend_schema(summary="Room in the store of the blobs", responses=SystemVolumes)
    def get(self, _request: Request) -> HttpResponse:
        total, free = room.of_the_store(self.actor)
        return answers.data({"storage": [{"total": total, "free": free}]})
