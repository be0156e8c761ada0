"""The OpenAPI 3 document of the REST API, made of the views: `wharf openapi > registry_api/rest/openapi.yaml`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings

SETTINGS: dict[str, Any] = {
    "TITLE": "Wharf",
    "DESCRIPTION": "A container registry. Compatible with Harbor's API v2.0; see docs/rest.md.",
    "VERSION": "2.0",
    "SCHEMA_PATH_PREFIX": "/api/v2.0",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "SERVERS": [{"url": "/api/v2.0"}],
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
        "repository": {"type": "string", "description": "The path below the project, slashes as %252F."},
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "registry_api.rest.schema.add_refusals",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}


class Incomplete(Exception):
    """A view says too little of itself to be described."""


def document() -> str:
    """The document as YAML, the same for the same source. Raises Incomplete."""
    from registry_api.rest.urls import described

    with patched_settings(SETTINGS):
        schema = SchemaGenerator(patterns=described()).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    if GENERATOR_STATS:
        GENERATOR_STATS.emit_summary()
        raise Incomplete("the OpenAPI document would be incomplete, see above")
    text: bytes = OpenApiYamlRenderer().render(schema)  # type: ignore[no-untyped-call]
    return text.decode()
