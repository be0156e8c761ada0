"""The token service: GET and POST /service/token (distribution token specification; OAuth2 form of it for POST)."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from access.origin import external_origin, origin_of
from access.principal import ActorKind, Origin, Principal
from accounts import gate, registry_tokens, signing_keys
from accounts.gate import rates
from accounts.registry_tokens import SERVICE, Issued
from core import request_facts
from core.errors import InvalidInput, Unauthenticated, WharfError
from core.oci.scope import parse_scopes
from projects import registry_access
from registry_api.v2.body import Body
from registry_api.v2.credentials import basic
from registry_api.v2.endpoint import answer, finished
from registry_api.v2.errors import JSON, MethodNotAllowed

MAX_FORM_BYTES = 64 * 1024


class GrantTypeUnsupported(InvalidInput):
    """RFC 6749 §5.2: unsupported_grant_type."""


def token(http: HttpRequest) -> HttpResponseBase:
    """A token for what was asked and is allowed. Wrong credentials are a 401, never an anonymous token."""
    origin = origin_of(http)
    try:
        response = _serve(http, origin)
    except Exception as error:  # noqa: BLE001 - as the endpoint: every fault is rendered
        response = _refused(error) if isinstance(error, GrantTypeUnsupported) else answer(http, origin, error)
    if response.status_code == 401:
        response["WWW-Authenticate"] = 'Basic realm="wharf"'
    response["Cache-Control"] = "no-store"
    return finished(http, origin, response)


def jwks(http: HttpRequest) -> HttpResponseBase:
    """The public keys, for whoever verifies registry tokens elsewhere (RFC 7517)."""
    origin = origin_of(http)
    try:
        response = HttpResponse(orjson.dumps({"keys": signing_keys.jwks()}), content_type=JSON)
    except Exception as error:  # noqa: BLE001 - as the endpoint: every fault is rendered
        response = answer(http, origin, error)
    return finished(http, origin, response)


def _serve(http: HttpRequest, origin: Origin) -> HttpResponse:
    external_origin(http)
    rates.check_address(origin)
    if http.method in ("GET", "HEAD"):
        return _get(http, origin)
    if http.method == "POST":
        return _post(http, QueryDict(Body(http).whole(MAX_FORM_BYTES)), origin)
    raise MethodNotAllowed("GET, HEAD, POST")


def _get(http: HttpRequest, origin: Origin) -> HttpResponse:
    _check_service(http.GET)
    header = http.META.get("HTTP_AUTHORIZATION")
    principal = Principal.anonymous(origin) if header is None else _by_header(header, origin)
    scopes = http.GET.getlist("scope")
    if principal.kind is ActorKind.ANONYMOUS and not scopes:
        raise Unauthenticated("authentication required")
    return _rendered(_issue(http, principal, scopes))


def _by_header(header: str, origin: Origin) -> Principal:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise Unauthenticated("the token service takes Basic credentials")
    return basic(value, origin)


def _post(http: HttpRequest, form: QueryDict, origin: Origin) -> HttpResponse:
    _check_service(form)
    if form.get("grant_type") != "password":
        raise GrantTypeUnsupported("grant_type must be password: refresh tokens are not issued here")
    principal = gate.prove(form.get("username", ""), form.get("password", ""), origin)
    issued = _issue(http, principal, form.getlist("scope"))
    granted = " ".join(
        f"{grant.type}:{grant.name}:{','.join(grant.actions)}" for grant in issued.grants if grant.actions
    )
    return _rendered(issued, scope=granted)


def _check_service(parameters: QueryDict) -> None:
    if parameters.get("service", SERVICE) != SERVICE:
        raise InvalidInput(f"this token service serves '{SERVICE}' alone")


def _issue(http: HttpRequest, principal: Principal, scopes: list[str]) -> Issued:
    request_facts.note_actor(http.META, principal.name)
    rates.check_principal(principal)
    bearer = registry_access.bearer_of(principal)
    if bearer is None:
        raise Unauthenticated("user name or password is wrong")
    granted = registry_access.grant(principal, parse_scopes(scopes))
    return registry_tokens.issue(bearer, granted.grants, granted.projects)


def _rendered(issued: Issued, **more: str) -> HttpResponse:
    issued_at = datetime.fromtimestamp(issued.issued_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {
        "token": issued.token,
        "access_token": issued.token,
        "expires_in": issued.expires_in,
        "issued_at": issued_at,
    }
    return HttpResponse(orjson.dumps(body | more), content_type=JSON)


def _refused(error: WharfError) -> HttpResponse:
    """OAuth2 clients read `error`, docker reads `errors`."""
    body = {"error": "unsupported_grant_type", "errors": [{"code": "UNSUPPORTED", "message": error.message}]}
    return HttpResponse(orjson.dumps(body), status=400, content_type=JSON)
