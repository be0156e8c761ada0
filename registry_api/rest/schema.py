"""What the OpenAPI document says of every operation without its view having to: credentials, refusals, parameters of lists."""

from __future__ import annotations

import inspect
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from accounts import browser

ANONYMOUS_SECURITY: dict[str, list[str]] = {}


class Schema(AutoSchema):
    """Operations are named by their view and method (`jobs_get`), grouped by the noun's module."""

    def get_operation_id(self) -> str:
        return f"{_snake(type(self.view).__name__)}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.rpartition(".")[2]]

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular's signature, not DRF's
        """The method's own docstring; what the class says is for who reads the source."""
        method = getattr(self.view, self.method.lower(), None)
        return inspect.cleandoc(getattr(method, "__doc__", None) or "")

    def get_auth(self) -> list[dict[str, Any]]:
        """A view that takes the anonymous says so by an empty alternative."""
        auth: list[dict[str, Any]] = super().get_auth()
        return [*auth, ANONYMOUS_SECURITY] if getattr(self.view, "anonymous", False) else auth


class BasicScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Registers itself by being defined."""

    target_class = "registry_api.rest.authentication.BasicAuthentication"
    name = "basic"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - its signature
        return {"type": "http", "scheme": "basic"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Registers itself by being defined."""

    target_class = "registry_api.rest.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - its signature
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": browser.HOST_PREFIX + browser.SESSION_COOKIE,
            "description": f"A browser session. What changes something needs the header {browser.CSRF_HEADER} as well.",
        }


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation may be refused, in one form (drf-spectacular's post-processing hook)."""
    result["components"].setdefault("schemas", {})["Errors"] = _ERRORS
    refusal = {
        "description": "A refusal.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = refusal
    return result


_ERRORS = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            },
        }
    },
}


def parameter(name: str, description: str, **more: Any) -> OpenApiParameter:
    """A query parameter that may be left out."""
    return OpenApiParameter(name, more.pop("type", OpenApiTypes.STR), description=description, **more)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).strip("_")
