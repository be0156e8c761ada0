"""The Authorization header of a /v2 or token request, turned into a principal."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from django.http import HttpRequest

from access.principal import AuthMethod, Origin, Principal
from accounts import gate, registry_tokens
from accounts.registry_tokens import Claims
from core.errors import Unauthenticated
from projects import registry_access

MAX_HEADER = 16 * 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `claims` of a registry token, or None when roles are looked up live (Basic, anonymous)."""

    principal: Principal
    claims: Claims | None = None


def caller_of(request: HttpRequest, origin: Origin) -> Caller | None:
    """The caller, or None without an Authorization header. Raises Unauthenticated for credentials that prove nothing."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(value.strip(), origin)
    if scheme.lower() == "basic":
        return Caller(basic(value, origin))
    raise Unauthenticated("the Authorization header is neither Bearer nor Basic")


def basic(value: str, origin: Origin) -> Principal:
    """Whom RFC 7617 credentials prove. Empty name and password are the anonymous: docker search and others send them.

    Raises as accounts.gate.prove.
    """
    username, password = _decode(value)
    if not username and not password:
        return Principal.anonymous(origin)
    return gate.prove(username, password, origin)


def _decode(value: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated("the Basic credentials are not base64 of name:password") from error
    username, colon, password = text.partition(":")
    if not colon:
        raise Unauthenticated("the Basic credentials are not base64 of name:password")
    return username, password


def _by_token(token: str, origin: Origin) -> Caller:
    if len(token) > MAX_HEADER:
        raise Unauthenticated("the token is malformed")
    claims = registry_tokens.verify(token)
    standing = registry_access.standing(claims)
    if standing is None or not standing.may_come_from(origin.ip):
        # Got by a key that is for some networks, it is no good in others, and is told the same there as one that has ended.
        raise Unauthenticated("the token's rights have changed since it was issued")
    principal = Principal(
        claims.bearer.kind,
        claims.bearer.id,
        claims.bearer.name or "anonymous",
        is_admin=standing.is_admin,
        is_auditor=standing.is_auditor,
        auth=AuthMethod.TOKEN,
        token_id=claims.token_id,
        origin=origin,
        grants=claims.repositories,
        allowances=standing.allowances,
        key_id=claims.bearer.key_id,
        via=claims.bearer.via,
    )
    return Caller(principal, claims)
