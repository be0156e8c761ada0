"""Domain errors as Harbor's API tells them: status and code in one table, the body `{"errors": [{"code", "message"}]}`.

A database that is away is a 503, anything nobody foresaw a 500 that says nothing but the request id.
"""

from __future__ import annotations

import orjson
import structlog
from django.core.exceptions import SuspiciousOperation
from django.db import DataError
from django.http import HttpResponse
from rest_framework.exceptions import APIException

from access.principal import ActorKind, Origin, Principal
from core import errors as e
from database.transactions import TRY_AGAIN

JSON = "application/json"
CHALLENGE = 'Basic realm="wharf", charset="UTF-8"'

log = structlog.get_logger(__name__)


class MethodNotAllowed(e.WharfError):
    """The path exists, the method on it does not. `allow` lists those that do."""

    def __init__(self, allow: str) -> None:
        super().__init__(f"the method is not allowed here; allowed: {allow}")
        self.allow = allow


class NoSuchPath(e.NotFound):
    """Nothing of the API lies at this path."""


class MediaTypeUnsupported(e.InvalidInput):
    """A body that does not say it is JSON."""


class BodyTooLarge(e.InvalidInput):
    """A body above the limit of the API."""


class InternalFault(e.WharfError):
    """A fault of ours that nobody foresaw; logged with the request id, never described to the client."""


# The first class that matches decides; subclasses stand before their bases.
TABLE: tuple[tuple[type[e.WharfError], int, str], ...] = (
    (InternalFault, 500, "UNKNOWN"),
    (MethodNotAllowed, 405, "METHOD_NOT_ALLOWED"),
    (e.Unauthenticated, 401, "UNAUTHORIZED"),
    (e.TooManyRequests, 429, "TOOMANYREQUESTS"),
    (e.DirectoryUnused, 412, "PRECONDITION"),
    (e.Unavailable, 503, "UNKNOWN"),
    (MediaTypeUnsupported, 415, "BAD_REQUEST"),
    (BodyTooLarge, 413, "BAD_REQUEST"),
    (e.InvalidInput, 400, "BAD_REQUEST"),
    (e.NotFound, 404, "NOT_FOUND"),
    # As Harbor: what stands in the way is a state somebody can change first.
    (e.ProjectNotEmpty, 412, "PRECONDITION"),
    (e.ChildOfIndex, 412, "PRECONDITION"),
    (e.TagImmutable, 412, "PRECONDITION"),
    (e.PreconditionFailed, 412, "PRECONDITION"),
    (e.ReadOnly, 403, "FORBIDDEN"),
    (e.Conflict, 409, "CONFLICT"),
    (e.ConfirmationNeeded, 403, "FORBIDDEN"),
    (e.Denied, 403, "FORBIDDEN"),
    (e.WharfError, 400, "BAD_REQUEST"),
)


def answer(error: Exception, origin: Origin, *, path: str, actor: Principal | None) -> HttpResponse:
    """The response to whatever a view raised. `actor` is None where the caller was not known yet."""
    return render(_asked_who(_known(error, origin, path), actor))


def render(error: e.WharfError) -> HttpResponse:
    """The error's response; the caller adds the headers every answer carries."""
    status, code = next((status, code) for kind, status, code in TABLE if isinstance(error, kind))
    body = {"errors": [{"code": code, "message": printable(error.message)}]}
    response = HttpResponse(orjson.dumps(body), status=status, content_type=JSON)
    if status in (429, 503) and isinstance(error, e.Unavailable):
        response["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        response["Allow"] = error.allow
    if status == 401:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def _asked_who(error: e.WharfError, actor: Principal | None) -> e.WharfError:
    """Who has not said who he is, is asked: for what is forbidden and for a project that is hidden or does not exist alike."""
    is_anonymous = actor is not None and actor.kind is ActorKind.ANONYMOUS
    if is_anonymous and isinstance(error, e.Denied | e.ProjectUnknown):
        return e.Unauthenticated("authentication required")
    return error


def _known(error: Exception, origin: Origin, path: str) -> e.WharfError:
    if isinstance(error, e.Unavailable) and not isinstance(error, e.TooManyRequests):
        log.warning("unavailable", request_id=origin.request_id, path=path, reason=error.message)
    if isinstance(error, e.WharfError):
        return error
    if isinstance(error, SuspiciousOperation):
        return e.InvalidInput("the request has too many parameters or is malformed")
    if isinstance(error, APIException) and error.status_code < 500:
        return e.InvalidInput(str(error.detail))
    if isinstance(error, DataError):
        return e.InvalidInput("a value is out of the range that can be stored or compared")
    if isinstance(error, TRY_AGAIN):
        log.warning("database unavailable", request_id=origin.request_id, path=path, error=str(error))
        return e.Unavailable("the database is not available: try again")
    log.error("unforeseen fault", request_id=origin.request_id, path=path, exc_info=error)
    return InternalFault(f"an internal fault, see the log of the registry for request {origin.request_id}")


def printable(text: str) -> str:
    """A message may quote what the client sent; lone surrogates would break the JSON of our answer."""
    return text.encode("utf-8", "replace").decode()
