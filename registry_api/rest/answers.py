"""Bodies and headers of answers that went well."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.serializers import Serializer

from access.principal import Origin
from registry_api.rest.errors import JSON

# A length there would be that of some other answer (RFC 9110 §8.6).
BODILESS = (204, 304)
# Logs are text that others wrote: a browser that is shown one runs nothing of it.
POLICY = "default-src 'none'; frame-ancestors 'none'"


def data(value: Any, *, status: int = 200) -> HttpResponse:
    """JSON of plain values; datetimes become RFC 3339 in UTC."""
    return HttpResponse(_encoded(value), status=status, content_type=JSON)


def _encoded(value: Any) -> bytes:
    """What somebody once wrote may hold a whole number that orjson finds too large."""
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def one(shape: type[Serializer[Any]], value: Any, *, status: int = 200) -> HttpResponse:
    """`value` as the serializer shows it."""
    return data(shape(value).data, status=status)


def several(shape: type[Serializer[Any]], values: Iterable[Any]) -> HttpResponse:
    """A list of what the serializer shows."""
    return data(shape(list(values), many=True).data)


def text(value: str) -> HttpResponse:
    return HttpResponse(value.encode("utf-8", "replace"), content_type="text/plain; charset=utf-8")


def done(status: int = 200) -> HttpResponse:
    """Nothing to say but that it is done (Harbor answers updates and deletions with an empty 200)."""
    return HttpResponse(status=status)


def created(location: str) -> HttpResponse:
    """201 with the path of what was made."""
    response = HttpResponse(status=201)
    response["Location"] = location
    return response


def finished(http: HttpRequest, origin: Origin, response: HttpResponseBase) -> HttpResponseBase:
    """Headers of every answer under /api; HEAD keeps all headers and loses the body."""
    response["X-Request-Id"] = origin.request_id
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    if isinstance(response, HttpResponse):
        _measured(response)
    if http.method == "HEAD":
        _emptied(response)
    return response


def _emptied(response: HttpResponseBase) -> None:
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    elif isinstance(response, HttpResponse):
        response.content = b""


def _measured(response: HttpResponse) -> None:
    if not response.content:
        # Django's own, put where no view named a type: an answer without content has none.
        response.headers.pop("Content-Type", None)
    if response.status_code not in BODILESS:
        response["Content-Length"] = str(len(response.content))
