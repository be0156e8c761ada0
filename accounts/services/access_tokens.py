"""Keys of people's own: personal access tokens and the CLI secret. Made by their owner alone, shown once, kept as digests.

What one may do is always what its owner may do at that moment, within the bounds it was made with. A key that is gone ends the
registry tokens that were got by it within five seconds (accounts.standing).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower, Now
from psycopg.errors import UniqueViolation

from access.allowances import Allowances
from access.check import permissions_of, require
from access.principal import Principal, ProjectRef
from access.table import TABLE, P, Permissions, Subject
from accounts.keys.lifetimes import days_to_live, expires_after
from accounts.keys.networks import parse_networks
from accounts.keys.permission_documents import check_patterns
from accounts.keys.secrets import CLI_PREFIX, PAT_PREFIX, digest, generate
from accounts.models import MAX_NAME, AccessToken, TokenKind, User
from accounts.passwords import check_chosen
from accounts.services.oneself import own_row
from audit.actions import Draft, action
from config.catalogue.tokens import ACCESS_TOKEN_DURATION, ACCESS_TOKEN_MAX_DURATION
from core.errors import AccessTokenUnknown, AlreadyExists, Conflict, InvalidInput, ProjectUnknown
from core.oci.quoting import quoted
from database import sql
from database.transactions import RaceLost, retried

MAX_TOKENS: Final = 100
MAX_ALLOWANCES: Final = 200
CLI_SECRET: Final = "CLI secret"  # noqa: S105 - the name of a key
RESOURCE: Final = "access-token"

Made = tuple[AccessToken, str]
"""A key, and its secret: to be shown once."""


@dataclass(frozen=True, slots=True)
class WantedToken:
    """A token as its owner wants it. `allowances`: what it is for; None, which must be said, for everything he may do.

    `days`: None for the setting's, -1 for ever. `networks`: CIDRs it may be used from, () for everywhere.
    """

    name: str
    allowances: Allowances | None
    days: int | None = None
    networks: Collection[str] = ()


@retried
def create_access_token(actor: Principal, user: User, wanted: WantedToken) -> Made:
    """Raises Denied for everybody but the owner, InvalidInput, ProjectUnknown, AlreadyExists, Conflict (too many), UserUnknown,
    ConfirmationNeeded."""
    secret = generate(PAT_PREFIX)
    token = AccessToken(
        user_id=user.pk,
        kind=TokenKind.PERSONAL,
        name=_name(wanted.name),
        digest=digest(secret),
        allowances=None if wanted.allowances is None else _stored(wanted.allowances),
        networks=parse_networks(wanted.networks),
        created_ip=actor.origin.ip,
    )
    days = days_to_live(wanted.days, ACCESS_TOKEN_DURATION, ACCESS_TOKEN_MAX_DURATION)
    with action(actor, P.ACCESS_TOKEN_CREATE, name="access-token.create", owner=user.pk) as draft:
        row = own_row(actor, user, draft)
        _check_room(row)
        _check_visible(actor, wanted.allowances or ())
        _insert(token, days, draft)
    return token, secret


@retried
def new_cli_secret(actor: Principal, user: User, chosen: str | None = None) -> Made:
    """The owner's CLI secret, instead of the one he had, which ends at once with all that was got by it.

    A chosen one is kept as passwords are, and stands for a password where there is none. Raises Denied for everybody but the
    owner, InvalidInput, Conflict (a chosen one beside a password), UserUnknown, ConfirmationNeeded.
    """
    if chosen is not None:
        check_chosen(chosen)
    secret = generate(CLI_PREFIX) if chosen is None else chosen
    token = AccessToken(
        user_id=user.pk,
        kind=TokenKind.CLI_SECRET,
        name=CLI_SECRET,
        digest=digest(secret) if chosen is None else None,
        hash="" if chosen is None else make_password(chosen),
        created_ip=actor.origin.ip,
    )
    days = days_to_live(None, ACCESS_TOKEN_DURATION, ACCESS_TOKEN_MAX_DURATION)
    with action(actor, P.ACCESS_TOKEN_CREATE, name="access-token.create", owner=user.pk) as draft:
        row = own_row(actor, user, draft)
        if chosen is not None and row.has_usable_password():
            raise Conflict(
                f"'{row.username}' has a password, which works for docker login too: use that, a personal access token, "
                "or a generated CLI secret"
            )
        former = row.access_tokens.filter(kind=TokenKind.CLI_SECRET).first()
        if former is not None:
            draft.before(_facts(former))
            former.delete()
        _insert(token, days, draft)
    return token, secret


@retried
def revoke_access_token(actor: Principal, token: AccessToken) -> None:
    """By its owner or an administrator. Raises AccessTokenUnknown, Denied."""
    with action(actor, P.ACCESS_TOKEN_DELETE, name="access-token.delete", owner=token.user_id) as draft:
        draft.resource(RESOURCE, token.pk, token.name)
        row = AccessToken.objects.select_for_update().filter(pk=token.pk).first()
        if row is None:
            raise AccessTokenUnknown(f"no access token {quoted(token.name)}: it may be revoked already")
        draft.before(_facts(row))
        row.delete()


@retried
def revoke_all(actor: Principal, user: User) -> int:
    """Every token of the user, and his CLI secret; how many there were. By himself or an administrator. Raises Denied."""
    with action(actor, P.ACCESS_TOKEN_DELETE, name="access-token.delete", owner=user.pk) as draft:
        draft.resource("user", user.pk, user.username)
        rows = list(AccessToken.objects.select_for_update().filter(user_id=user.pk).order_by("pk"))
        AccessToken.objects.filter(pk__in=[row.pk for row in rows]).delete()
        draft.before({"names": [row.name for row in rows]})
        if not rows:
            draft.discard()
    return len(rows)


def access_tokens_of(actor: Principal, user: User) -> QuerySet[AccessToken]:
    """The user's keys by name, without what proves them. Raises Denied for everybody but himself and administrators."""
    require(actor, P.ACCESS_TOKEN_LIST, None, owner=user.pk)
    return _listed().filter(user_id=user.pk)


def all_access_tokens(actor: Principal) -> QuerySet[AccessToken]:
    """Everybody's, by owner and name, without what proves them. Raises Denied."""
    require(actor, P.ACCESS_TOKEN_LIST, None)
    return _listed().order_by(Lower("user__username"), Lower("name"))


def access_token_by_name(actor: Principal, user: User, name: str) -> AccessToken:
    """In any case of letters. Raises AccessTokenUnknown, Denied."""
    found = access_tokens_of(actor, user).filter(name__iexact=name).first()
    if found is None:
        raise AccessTokenUnknown(f"'{user.username}' has no access token {quoted(name)}", user=user.username)
    return found


def access_token_by_id(actor: Principal, user: User, token_id: int) -> AccessToken:
    """Raises AccessTokenUnknown, alike for somebody else's; Denied."""
    found = access_tokens_of(actor, user).filter(pk=token_id).first()
    if found is None:
        raise AccessTokenUnknown(f"'{user.username}' has no access token with the id {token_id}")
    return found


def _listed() -> QuerySet[AccessToken]:
    tokens = AccessToken.objects.select_related("user").defer("digest", "hash")
    return tokens.annotate(expired=Q(expires_at__lte=Now())).order_by(Lower("name"))


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput(f"a token's name has 1 to {MAX_NAME} characters and no control characters")
    if name.lower() == CLI_SECRET.lower():
        raise InvalidInput(f"{quoted(name)} is what the CLI secret is called: choose another name")
    return name


def _stored(allowances: Allowances) -> list[dict[str, object]]:
    """Raises InvalidInput for what a token cannot be for."""
    if not allowances or not all(each.permissions for each in allowances):
        raise InvalidInput("say what the token is for: permissions, in the system or in projects")
    check_patterns(allowances)
    if len(allowances) > MAX_ALLOWANCES:
        raise InvalidInput(f"a token is for at most {MAX_ALLOWANCES} places: these are {len(allowances)}")
    wanted: Permissions = frozenset().union(*(each.permissions for each in allowances))
    if own := sorted(wanted & TABLE[Subject.ONESELF]):
        raise InvalidInput(f"no token changes the account it belongs to: leave {', '.join(own)} out")
    return [each.as_json() for each in allowances]


def _check_visible(actor: Principal, allowances: Allowances) -> None:
    """A project its maker may not see is unknown to him. Raises ProjectUnknown."""
    wanted = sorted({each.project_id for each in allowances if each.project_id is not None})
    found = sql.rows(
        "SELECT id, name, public FROM project WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL", (wanted,)
    )
    seen = {row[0] for row in found if permissions_of(actor, ProjectRef(*row))}
    lacking = [id_ for id_ in wanted if id_ not in seen]
    if lacking:
        raise ProjectUnknown(f"no project with the id {lacking[0]}")


def _check_room(row: User) -> None:
    tokens = row.access_tokens.filter(kind=TokenKind.PERSONAL)
    if tokens.count() >= MAX_TOKENS:
        expired = tokens.filter(expires_at__lte=Now()).count()
        raise Conflict(
            f"nobody has more than {MAX_TOKENS} access tokens: revoke some that are not needed, {expired} of these have expired"
        )


def _insert(token: AccessToken, days: int | None, draft: Draft) -> None:
    """Raises AlreadyExists."""
    token.expires_at = expires_after(days)
    try:
        token.save(force_insert=True)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        if token.kind == TokenKind.CLI_SECRET:
            raise RaceLost("another one was made just now") from error
        raise AlreadyExists(
            f"there is a token named {quoted(token.name)} already: revoke it first, or choose another name"
        ) from error
    token.refresh_from_db(fields=["expires_at", "created_at"])
    draft.resource(RESOURCE, token.pk, token.name)
    draft.after(_facts(token))


def _facts(token: AccessToken) -> dict[str, object]:
    expires = token.expires_at.isoformat(timespec="seconds") if token.expires_at else None
    return {
        "kind": str(token.kind),
        "name": token.name,
        "owner": token.user_id,
        "allowances": token.allowances,
        "networks": token.networks,
        "expires_at": expires,
    }
