"""JSON bodies, read with a limit and checked by a serializer of explicitly writable fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework.serializers import Serializer

from core.errors import InvalidInput, ManifestInvalid
from core.oci.strict_json import parse_json
from registry_api.rest.errors import BodyTooLarge, MediaTypeUnsupported
from registry_api.v2.body import Body

MAX_BYTES = 1024 * 1024
MAX_FAULTS = 5


def read(http: HttpRequest, shape: type[Serializer[Any]]) -> dict[str, Any]:
    """The validated fields of the body; what the shape does not name is ignored, as Harbor does.

    Raises InvalidInput (naming the fields that are wrong), MediaTypeUnsupported, BodyTooLarge, SizeInvalid.
    """
    given = shape(data=document(http))
    if not given.is_valid():
        raise InvalidInput("; ".join(_faults(given.errors)[:MAX_FAULTS]))
    fields: dict[str, Any] = given.validated_data
    return fields


def document(http: HttpRequest) -> dict[str, Any]:
    """The JSON object of the body. Raises as `read`."""
    _check_type(http.META.get("CONTENT_TYPE", ""))
    try:
        value = parse_json(_whole(http))
    except ManifestInvalid as error:  # the parser's name for a text that is no JSON
        raise InvalidInput(f"the body is no JSON object: {error.message}") from error
    if not isinstance(value, dict):
        raise InvalidInput("the body is no JSON object")
    return value


def _check_type(header: str) -> None:
    media_type = header.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise MediaTypeUnsupported("send the body as application/json")


def _whole(http: HttpRequest) -> bytes:
    body = Body(http)
    too_large = f"a body has at most {MAX_BYTES} bytes"
    if body.length is not None and body.length > MAX_BYTES:
        raise BodyTooLarge(too_large)
    content = bytearray()
    for piece in body.pieces():
        content += piece
        if len(content) > MAX_BYTES:
            raise BodyTooLarge(too_large)
    return bytes(content)


def _faults(errors: Any, path: str = "") -> list[str]:
    """DRF's nested errors as lines of "field: what is wrong"."""
    if isinstance(errors, Mapping):
        return [line for name, inner in errors.items() for line in _faults(inner, _below(path, str(name)))]
    if isinstance(errors, list | tuple):
        return [line for inner in errors for line in _faults(inner, path)]
    return [f"{path}: {errors}" if path else str(errors)]


def _below(path: str, name: str) -> str:
    if name == "non_field_errors":
        return path
    return f"{path}.{name}" if path else name
