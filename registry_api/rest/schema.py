"""What the OpenAPI document says of every operation without its view having to: credentials, refusals, parameters of lists."""

from __future__ import annotations

import inspect
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from accounts import browser
from registry_api.rest.errors import TABLE

ANONYMOUS_SECURITY: dict[str, list[str]] = {}
# What most operations that change something answer.
DONE = {200: OpenApiResponse(description="Done.")}
MADE = {201: OpenApiResponse(description="Made; Location tells where.")}
LOCATION = OpenApiParameter("Location", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[201])


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
        """A view that lets the anonymous read says so by an empty alternative."""
        auth: list[dict[str, Any]] = super().get_auth()
        is_anybodys = self.method == "GET" and getattr(self.view, "anonymous", False)
        return [*auth, ANONYMOUS_SECURITY] if is_anybodys else auth


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
    """What may be refused, by status, in one form (drf-spectacular's post-processing hook). Faults of ours are left out."""
    components = result["components"]
    components.setdefault("schemas", {})["Errors"] = _ERRORS
    components["responses"] = {name: _refusal(described) for name, described in REFUSALS.values()}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status in _refusals(method, operation):
                if operation["responses"].get(str(status), {}).get("content"):
                    continue  # its view has a form of its own for it
                name, _described = REFUSALS[status]
                operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    return result


# As docs/rest.md tells them.
REFUSALS: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "Malformed; repeating it unchanged cannot succeed."),
    401: ("Unauthorized", "No credentials, or wrong ones."),
    403: ("Forbidden", "You may know of it, and may not do this to it."),
    404: ("NotFound", "It does not exist, or you may not know that it does."),
    409: ("Conflict", "The name is taken, or the present state forbids it."),
    412: ("Precondition", "Something else has to be changed first."),
    413: ("TooLarge", "The body is too large."),
    415: ("NoJson", "The body does not say that it is JSON."),
    429: ("TooManyRequests", "Retry-After says when to come back."),
    503: ("Unavailable", "It passes: Retry-After says when to come back."),
}


def _refusals(method: str, operation: dict[str, Any]) -> list[int]:
    """The statuses by which an operation refuses; its view may name further ones."""
    is_anybodys = ANONYMOUS_SECURITY in operation["security"]
    has_body = "requestBody" in operation
    names_something = any(each["in"] == "path" for each in operation.get("parameters", ()))
    changes = method != "get"
    found = {400, 401, 429, 503}
    found |= set() if is_anybodys and not names_something else {403}
    found |= {404} if names_something or has_body else set()
    found |= {409, 412} if changes else set()
    found |= {413, 415} if has_body else set()
    said = {int(status) for status in operation["responses"]} & set(REFUSALS)
    return sorted(found | said)


def _refusal(described: str) -> dict[str, Any]:
    return {
        "description": described,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}},
    }


_ERRORS = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string", "enum": sorted({code for *_, code in TABLE})},
                    "message": {"type": "string"},
                },
            },
        }
    },
}


def parameter(name: str, description: str, **more: Any) -> OpenApiParameter:
    """A query parameter that may be left out."""
    return OpenApiParameter(name, more.pop("type", OpenApiTypes.STR), description=description, **more)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).strip("_")
