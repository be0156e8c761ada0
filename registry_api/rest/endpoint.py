"""The one way through the REST API: known host, allowed method, caller, view, errors, headers.

A view is a subclass of Endpoint with a method per HTTP method. It turns input into arguments, calls a service or query with
`self.actor`, and returns one of `answers`. Rights are checked below it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from access.origin import external_origin, origin_of
from access.principal import ActorKind, Origin, Principal
from accounts.gate import rates
from core import request_facts
from core.errors import Unauthenticated
from registry_api.rest import answers, errors
from registry_api.rest.authentication import AUTHENTICATION, SAFE, refuse_foreign_pages
from registry_api.rest.errors import MethodNotAllowed, NoSuchPath
from registry_api.rest.schema import Schema


class Endpoint(APIView):
    """`anonymous`: whether the anonymous get as far as the view to read; else they are asked for credentials before it."""

    anonymous = False
    schema = Schema()
    authentication_classes = AUTHENTICATION
    permission_classes = ()
    # Bodies are read by `body.read` and written by `answers`: these two tell the OpenAPI document what they are.
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)

    @property
    def http_request(self) -> HttpRequest:
        """Django's request, below DRF's."""
        return self.request._request  # noqa: SLF001 - DRF's own name for it

    @property
    def origin(self) -> Origin:
        return origin_of(self.http_request)

    @cached_property
    def actor(self) -> Principal:
        """Who calls. Raises Unauthenticated for credentials that prove nothing."""
        found: object = self.request.user
        return found if isinstance(found, Principal) else Principal.anonymous(self.origin)

    @property
    def query(self) -> QueryDict:
        """The query parameters. Raises TooManyFieldsSent."""
        return self.http_request.GET

    def initial(self, request: Request, *_args: Any, **path: Any) -> None:
        """Before the view. Raises HostUnknown, MethodNotAllowed, TooManyRequests, Unauthenticated, NoSuchPath."""
        external_origin(
            self.http_request
        )  # a request under a foreign name is none of ours, whatever it carries
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(", ".join(self.allowed_methods))
        if any(isinstance(part, str) and "\0" in part for part in path.values()):
            raise NoSuchPath("no name has a NUL character")
        if request.method == "OPTIONS":
            return
        refuse_foreign_pages(self.http_request)
        rates.check_address(self.origin)  # before the first look at the caller: proving him costs a hash
        request_facts.note_actor(self.http_request.META, self.actor.name)
        rates.check_principal(self.actor)
        is_anybodys = self.anonymous and request.method in SAFE
        if self.actor.kind is ActorKind.ANONYMOUS and not is_anybodys:
            raise Unauthenticated("authentication required")

    def options(self, _request: Request, *_args: Any, **_path: Any) -> HttpResponse:  # type: ignore[override]
        response = answers.done(204)
        response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def handle_exception(self, error: Exception) -> HttpResponse:  # type: ignore[override]
        """Every fault is rendered, foreseen or not."""
        actor = self.__dict__.get("actor")  # nobody yet where proving him is what failed
        return errors.answer(error, self.origin, path=self.http_request.path, actor=actor)

    def finalize_response(  # type: ignore[override]
        self, _request: Request, response: HttpResponseBase, *_args: Any, **_path: Any
    ) -> HttpResponseBase:
        return answers.finished(self.http_request, self.origin, response)


class Nothing(Endpoint):
    """Every other path under /api, whatever the method."""

    anonymous = True

    def initial(self, request: Request, *_args: Any, **_path: Any) -> None:  # noqa: ARG002 - DRF's signature
        external_origin(self.http_request)
        raise NoSuchPath("nothing lies at this path of the API: see /api/docs")
