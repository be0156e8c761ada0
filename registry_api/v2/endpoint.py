"""The one way through /v2: parse, authenticate, authorize, call, render; every answer carries the headers of the API.

A route is a table method -> Operation. An operation says what a token must grant for it; a view gets a `Request` whose caller
has been checked, and returns a response or raises a domain error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from django.core.exceptions import TooManyFieldsSent
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from access.check import registry_actions
from access.origin import external_origin, origin_of
from access.principal import Origin, Principal, ProjectRef
from accounts.gate import rates
from artifacts.repositories import Target
from core import request_facts
from core.errors import Denied, InvalidInput, TooManyRequests, Unauthenticated, Unavailable, WharfError
from core.oci.names import RepositoryName
from database.transactions import TRY_AGAIN
from projects import refused_scopes, registry_access
from projects.queries import find_ref
from registry_api.v2 import challenge, errors
from registry_api.v2.challenge import Challenge
from registry_api.v2.credentials import Caller, caller_of
from registry_api.v2.errors import InternalFault, MethodNotAllowed
from registry_api.v2.paths import parsed, repository_name

log = structlog.get_logger(__name__)

# A length there would be that of some other answer (RFC 9110 §8.6).
BODILESS = (204, 304)
ANSWERS_FOR = (DatabaseError, *TRY_AGAIN)


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed and authorized request. `target` is the repository named in the path, where there is one."""

    http: HttpRequest
    caller: Caller
    repository: RepositoryName | None = None
    project: ProjectRef | None = None

    @property
    def actor(self) -> Principal:
        return self.caller.principal

    @property
    def target(self) -> Target:
        """The repository of the path, in the project the caller was authorized for."""
        if self.repository is None or self.project is None:
            raise LookupError("this route names no repository")
        return Target(self.repository, self.project)


View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method does and what it takes: `needs` is the action a grant must hold, `asks` those a challenge names.

    `also_asks` names further scopes a challenge should hold (the source of a mount). `is_open`: whoever sends no credentials
    gets as far as the view too.
    """

    view: View
    needs: str = ""
    asks: str = ""
    also_asks: Callable[[HttpRequest, RepositoryName], list[str]] = lambda _request, _repository: []
    is_open: bool = False


def pull(view: View) -> Operation:
    return Operation(view, "pull", "pull")


def push(
    view: View, also_asks: Callable[[HttpRequest, RepositoryName], list[str]] | None = None
) -> Operation:
    return (
        Operation(view, "push", "pull,push", also_asks) if also_asks else Operation(view, "push", "pull,push")
    )


def delete(view: View) -> Operation:
    return Operation(view, "delete", "delete")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Django view over a method table."""

    operations: Mapping[str, Operation]

    def __call__(self, http: HttpRequest, **path: str) -> HttpResponseBase:
        origin = origin_of(http)
        try:
            response = self._serve(http, origin, path)
        except Exception as error:  # noqa: BLE001 - the outermost handler: every fault is rendered, foreseen or not
            response = answer(http, origin, error)
        return finished(http, origin, response)

    def _serve(self, http: HttpRequest, origin: Origin, path: dict[str, str]) -> HttpResponseBase:
        external_origin(http)  # a request under a foreign name is none of ours, whatever it carries
        operation = self.operations.get(http.method or "")
        if operation is None:
            raise MethodNotAllowed(", ".join(sorted(self.operations)))
        repository = repository_name(path.pop("name")) if "name" in path else None
        # Syntax errors of the rest of the path come before credentials too: they reveal nothing.
        arguments = parsed(path, http.method or "")
        request = authorize(http, origin, operation, repository)
        return operation.view(request, **arguments)


def authorize(
    http: HttpRequest, origin: Origin, operation: Operation, repository: RepositoryName | None
) -> Request:
    """The request with its caller's right checked. Raises Challenge, Denied, TooManyRequests."""
    rates.check_address(origin)
    scopes = _scopes(http, operation, repository)
    try:
        caller = caller_of(http, origin)
    except Unauthenticated as error:
        raise Challenge(error.message, scopes=scopes, error="invalid_token") from error
    if caller is None and operation.is_open:
        caller = Caller(Principal.anonymous(origin))
    if caller is None:
        raise Challenge("authentication required", scopes=scopes)
    request_facts.note_actor(http.META, caller.principal.name)
    rates.check_principal(caller.principal)
    if repository is None:
        return Request(http, caller)
    granted = _by_claims if caller.claims is not None else _by_roles
    return Request(http, caller, repository, granted(caller, operation, repository, scopes))


def _scopes(http: HttpRequest, operation: Operation, repository: RepositoryName | None) -> list[str]:
    if repository is None:
        return [operation.asks] if operation.asks else []
    return [f"repository:{repository}:{operation.asks}", *operation.also_asks(http, repository)]


def _by_claims(
    caller: Caller, operation: Operation, repository: RepositoryName, scopes: list[str]
) -> ProjectRef:
    """What the token says, and nothing else: private, deleted and never-existing repositories look alike."""
    claims = caller.claims
    if claims is None or operation.needs not in claims.repositories.get(str(repository), frozenset()):
        message = f"the token does not allow '{operation.needs}' on {repository}"
        raise Challenge(message, scopes=scopes, error="insufficient_scope")
    project = registry_access.project_of(claims, repository.project)
    if project is None:
        raise Challenge(
            "the token's rights have changed since it was issued", scopes=scopes, error="invalid_token"
        )
    return project


def _by_roles(
    caller: Caller, operation: Operation, repository: RepositoryName, scopes: list[str]
) -> ProjectRef:
    """Roles of this moment; the anonymous is asked who he is, everybody else is refused in one way."""
    project = find_ref(repository.project)
    if project is not None and operation.needs in registry_actions(
        caller.principal, project, repository=str(repository)
    ):
        return project
    if caller.principal.kind == "anonymous":
        raise Challenge("authentication required", scopes=scopes)
    refused_scopes.note(caller.principal, str(repository), asked=[operation.needs], given=(), project=project)
    raise Denied(f"requested access to {repository} is denied", name=str(repository), action=operation.needs)


def answer(http: HttpRequest, origin: Origin, error: Exception) -> HttpResponse:
    """The response to an exception: a domain error as its table says, a database that is away as 503, anything else as 500."""
    if isinstance(error, Challenge):
        return _challenged(http, error)
    # Whoever asks too often is told so, and recorded as a refusal: it is no fault of ours.
    if isinstance(error, Unavailable) and not isinstance(error, TooManyRequests):
        log.warning(
            "unavailable",
            request_id=origin.request_id,
            path=http.path,
            reason=error.message,
            cause=repr(error.__cause__),
        )
    if isinstance(error, WharfError):
        return errors.render(error)
    if isinstance(error, TooManyFieldsSent):
        return errors.render(InvalidInput("the request has too many parameters"))
    if isinstance(error, ANSWERS_FOR):
        log.warning("database unavailable", request_id=origin.request_id, error=str(error), path=http.path)
        return errors.render(
            Unavailable("the registry's database is not available: try again", request_id=origin.request_id)
        )
    log.error("unforeseen fault", request_id=origin.request_id, path=http.path, exc_info=error)
    return errors.render(
        InternalFault("an internal fault, see the log of the registry", request_id=origin.request_id)
    )


def _challenged(http: HttpRequest, error: Challenge) -> HttpResponse:
    try:
        header = challenge.header(http, error)
    except InvalidInput as unknown_host:
        return errors.render(unknown_host)
    response = errors.render(error)
    response["WWW-Authenticate"] = header
    return response


def finished(http: HttpRequest, origin: Origin, response: HttpResponseBase) -> HttpResponseBase:
    """Headers of every response under /v2; HEAD keeps all headers and loses the body."""
    response["Docker-Distribution-Api-Version"] = "registry/2.0"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Request-Id"] = origin.request_id
    if response.get("Content-Type", "").startswith("text/html"):
        # Django's own, put where no view named a type: an answer without content has none.
        del response["Content-Type"]
    if isinstance(response, HttpResponse):
        if "Content-Length" not in response and response.status_code not in BODILESS:
            response["Content-Length"] = str(len(response.content))
        if http.method == "HEAD":
            response.content = b""
    return response
