"""/users/current/tokens and /users/current/sessions: what one proves oneself with. Wharf's own, in Harbor's style."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.allowances import from_json
from access.principal import Principal
from accounts import finding
from accounts.keys import permission_documents
from accounts.models import AccessToken
from accounts.services import access_tokens, sessions
from accounts.services.access_tokens import WantedToken
from accounts.services.sessions import Session
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.robot_shapes import MAX_DAYS, Permission
from registry_api.rest.schema import DONE, LOCATION


class TokenEntry(serializers.Serializer[AccessToken]):
    """No secret is ever among it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="pat: a personal access token, cli: the CLI secret.")
    permissions = Permission(many=True, allow_null=True, help_text="null: all that its owner may do.")
    networks = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)
    expired = serializers.BooleanField()
    creation_time = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)


class NewToken(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(trim_whitespace=False)
    permissions = serializers.ListField(
        child=serializers.DictField(),
        allow_null=True,
        help_text="As a robot's. null, which has to be said, for all that its owner may do.",
    )
    duration = serializers.IntegerField(
        default=None, allow_null=True, min_value=-1, max_value=MAX_DAYS, help_text="Days, -1 for ever."
    )
    networks = serializers.ListField(child=serializers.CharField(), default=list)


class TokenMade(serializers.Serializer[dict[str, Any]]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    secret = serializers.CharField(help_text="Shown this once.")
    creation_time = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class SessionEntry(serializers.Serializer[dict[str, Any]]):
    id = serializers.IntegerField()
    method = serializers.CharField(help_text="How it was signed in to.")
    ip = serializers.CharField(allow_null=True)
    agent = serializers.CharField(allow_blank=True)
    creation_time = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    current = serializers.BooleanField(help_text="Whether this very request came by it.")


TOKENS = Listing(
    TokenEntry,
    fields={"name": Text("name"), "creation_time": Time("created_at"), "expires_at": Time("expires_at")},
    sorts={"name": "name", "creation_time": "created_at", "expires_at": "expires_at"},
    default="name",
)


class Tokens(Endpoint):
    @TOKENS.documented("One's own access tokens, and the CLI secret")
    def get(self, _request: Request) -> HttpResponse:
        found = access_tokens.access_tokens_of(self.actor, finding.own_user(self.actor))
        return TOKENS.answer(self.http_request, self.query, found, show=_shown)

    @extend_schema(
        summary="Make an access token", request=NewToken, parameters=[LOCATION], responses={201: TokenMade}
    )
    def post(self, _request: Request) -> HttpResponse:
        """By password or a browser session: no key makes another key."""
        wanted = body.read(self.http_request, NewToken)
        user = finding.own_user(self.actor)
        token, secret = access_tokens.create_access_token(self.actor, user, _wanted(self.actor, wanted))
        told = {"id": token.pk, "name": token.name, "secret": secret}
        told |= {"creation_time": token.created_at, "expires_at": token.expires_at}
        response = answers.data(told, status=201)
        response["Location"] = f"/api/v2.0/users/current/tokens/{token.pk}"
        return response


class OneToken(Endpoint):
    @extend_schema(summary="One of one's own access tokens", responses=TokenEntry)
    def get(self, _request: Request, token_id: int) -> HttpResponse:
        return answers.data(_shown([_own(self.actor, token_id)])[0])

    @extend_schema(summary="Revoke one of one's own access tokens", responses=DONE)
    def delete(self, _request: Request, token_id: int) -> HttpResponse:
        """What was got by it ends within five seconds."""
        access_tokens.revoke_access_token(self.actor, _own(self.actor, token_id))
        return answers.done()


class Sessions(Endpoint):
    @extend_schema(summary="One's own browser sessions, at most 50", responses=SessionEntry(many=True))
    def get(self, request: Request) -> HttpResponse:
        found = sessions.sessions_of(self.actor, finding.own_user(self.actor))
        here = _session_id(request)
        return answers.data([_entry(each, here) for each in found])

    @extend_schema(summary="End all of one's own browser sessions but this one", responses=DONE)
    def delete(self, request: Request) -> HttpResponse:
        sessions.end_all(self.actor, finding.own_user(self.actor), but=_session_id(request))
        return answers.done()


class OneSession(Endpoint):
    @extend_schema(summary="End one of one's own browser sessions", responses=DONE)
    def delete(self, _request: Request, session_id: int) -> HttpResponse:
        sessions.end_one(self.actor, finding.own_user(self.actor), session_id)
        return answers.done()


def _wanted(actor: Principal, given: dict[str, Any]) -> WantedToken:
    permissions = given["permissions"]
    allowances = None if permissions is None else permission_documents.parsed(actor, permissions)
    return WantedToken(given["name"], allowances, given["duration"], given["networks"])


def _own(actor: Principal, token_id: int) -> AccessToken:
    """Raises AccessTokenUnknown, alike for somebody else's; Denied."""
    return access_tokens.access_token_by_id(actor, finding.own_user(actor), token_id)


def _shown(tokens: list[Any]) -> list[dict[str, Any]]:
    """One query."""
    permissions = permission_documents.written_each([from_json(each.allowances or ()) for each in tokens])
    return [
        {
            "id": token.pk,
            "name": token.name,
            "kind": token.kind,
            "permissions": None if token.allowances is None else documents,
            "networks": token.networks,
            "expires_at": token.expires_at,
            "expired": bool(token.expired),
            "creation_time": token.created_at,
            "last_used_at": token.last_used_at,
            "last_used_ip": token.last_used_ip,
        }
        for token, documents in zip(tokens, permissions, strict=True)
    ]


def _entry(session: sessions.Listed, here: int) -> dict[str, Any]:
    return {
        "id": session.id,
        "method": str(session.auth),
        "ip": session.ip,
        "agent": session.agent,
        "creation_time": session.created_at,
        "last_seen": session.seen_at,
        "current": session.id == here,
    }


def _session_id(request: Request) -> int:
    """Of the browser session the request came by, 0 for none."""
    session: object = request.auth
    return session.id if isinstance(session, Session) else 0
