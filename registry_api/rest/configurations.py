"""/configurations: the settings, under Harbor's keys where Harbor has them. Secrets go in and never come out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from config import queries, services
from config.catalogue import CATALOGUE
from config.catalogue.setting import Setting
from core.errors import InvalidInput
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.schema import DONE

# Settings of Harbor's that are as they are here. Terraform's provider changes no quota unless it reads the first, and asks for
# the second again and again unless it reads it.
FIXED: Final = {"quota_per_project_enable": True, "project_creation_restriction": "adminonly"}
_ITEM = {
    "type": "object",
    "required": ["value", "editable"],
    "properties": {
        "value": {"description": "As the setting's kind is."},
        "editable": {"type": "boolean", "description": "Not where the environment fixes the value."},
    },
}


def _described(setting: Setting[Any]) -> str:
    return f"{setting.description} ({setting.kind.takes})"


SHOWN = {
    "type": "object",
    "properties": {key: _ITEM for key, setting in CATALOGUE.items() if not setting.secret}
    | dict.fromkeys(FIXED, _ITEM),
}
TAKEN = {
    "type": "object",
    "description": "What is absent, or null, stays as it is.",
    "properties": {key: {"description": _described(setting)} for key, setting in CATALOGUE.items()},
}


class Configurations(Endpoint):
    @extend_schema(summary="All settings but secrets", responses={200: SHOWN})
    def get(self, _request: Request) -> HttpResponse:
        seen = (each for each in queries.visible_settings(self.actor) if not each.setting.secret)
        told = {each.setting.key: {"value": each.value, "editable": each.editable} for each in seen}
        return answers.data(told | {key: {"value": value, "editable": False} for key, value in FIXED.items()})

    @extend_schema(
        summary="Change settings, all of those that are given or none",
        request={"application/json": TAKEN},
        responses=DONE,
    )
    def put(self, _request: Request) -> HttpResponse:
        """Keys that are no settings here are ignored, as clients of Harbor send all of Harbor's."""
        given = body.document(self.http_request)
        _check_fixed(given)
        services.change(
            self.actor,
            {key: value for key, value in given.items() if key in CATALOGUE and value is not None},
        )
        return answers.done()


def _check_fixed(given: Mapping[str, Any]) -> None:
    """Raises InvalidInput: to take another value in and do nothing would be a promise nobody keeps."""
    for key, value in FIXED.items():
        if given.get(key) not in (None, value):
            raise InvalidInput(f"{key} is {json.dumps(value)} here and cannot be changed: leave it out")
