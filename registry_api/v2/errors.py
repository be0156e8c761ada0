"""Domain errors as the distribution API tells them: status, code and body in one table (distribution spec, "Error Codes")."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse

from core import errors as e

JSON = "application/json"


class MethodNotAllowed(e.WharfError):
    """The path exists, the method on it does not. `allow` lists those that do."""

    def __init__(self, allow: str) -> None:
        super().__init__(f"the method is not allowed here; allowed: {allow}")
        self.allow = allow


class NoSuchPath(e.NotFound):
    """Nothing of the distribution API lies at this path."""


class InternalFault(e.WharfError):
    """A fault of ours that nobody foresaw; logged with the request id, never described to the client."""


# The first class that matches decides; subclasses stand before their bases.
TABLE: tuple[tuple[type[e.WharfError], int, str], ...] = (
    (InternalFault, 500, "UNKNOWN"),
    (MethodNotAllowed, 405, "UNSUPPORTED"),
    (e.Unauthenticated, 401, "UNAUTHORIZED"),
    (e.TooManyRequests, 429, "TOOMANYREQUESTS"),
    (e.Unavailable, 503, "UNAVAILABLE"),
    (e.NameInvalid, 400, "NAME_INVALID"),
    (e.DigestInvalid, 400, "DIGEST_INVALID"),
    (e.ManifestTooLarge, 413, "MANIFEST_INVALID"),
    (e.TooManyTags, 414, "MANIFEST_INVALID"),
    (e.ManifestInvalid, 400, "MANIFEST_INVALID"),
    (e.ReferenceInvalid, 400, "MANIFEST_INVALID"),
    (e.SizeInvalid, 400, "SIZE_INVALID"),
    (e.RangeInvalid, 400, "BLOB_UPLOAD_INVALID"),
    (e.UploadOutOfOrder, 416, "BLOB_UPLOAD_INVALID"),
    (e.PaginationInvalid, 400, "UNSUPPORTED"),
    (e.InvalidInput, 400, "UNSUPPORTED"),
    (e.ManifestBlobUnknown, 400, "MANIFEST_BLOB_UNKNOWN"),
    (e.ManifestUnknown, 404, "MANIFEST_UNKNOWN"),
    (e.BlobUnknown, 404, "BLOB_UNKNOWN"),
    (e.UploadUnknown, 404, "BLOB_UPLOAD_UNKNOWN"),
    (e.NotFound, 404, "NAME_UNKNOWN"),
    (e.PreconditionFailed, 412, "DENIED"),
    (e.Conflict, 405, "UNSUPPORTED"),
    (e.Denied, 403, "DENIED"),
    (e.WharfError, 400, "UNSUPPORTED"),
)


def render(error: e.WharfError) -> HttpResponse:
    """The error's response; the caller adds the headers every /v2 response carries."""
    status, code = next((status, code) for kind, status, code in TABLE if isinstance(error, kind))
    response = HttpResponse(orjson.dumps({"errors": _entries(error, code)}), status=status, content_type=JSON)
    if isinstance(error, e.Unavailable):
        response["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        response["Allow"] = error.allow
    return response


def _entries(error: e.WharfError, code: str) -> list[dict[str, Any]]:
    if isinstance(error, e.ManifestBlobUnknown):
        return [_entry(code, f"unknown blob {digest}", {"digest": str(digest)}) for digest in error.missing]
    return [_entry(code, error.message, error.detail)]


def _entry(code: str, message: str, detail: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"code": code, "message": _printable(message)}
    return entry | {"detail": {key: _jsonable(value) for key, value in detail.items()}} if detail else entry


def _jsonable(value: Any) -> Any:
    return value if isinstance(value, int | bool | list | None) else _printable(str(value))


def _printable(text: str) -> str:
    """A message may quote what the client sent; lone surrogates would break the JSON of our answer."""
    return text.encode("utf-8", "replace").decode()
