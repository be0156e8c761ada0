"""Accounts of people whom an OpenID provider names: made at the first sign-in, and kept as the provider says.

Who somebody is say issuer and subject alone (accounts.models.Identity): an e-mail address or a name never leads to an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from psycopg.errors import UniqueViolation

from access.principal import Origin, Principal
from access.table import P
from accounts.models import Identity, Source, User
from accounts.names import UserName
from accounts.services import users
from accounts.services.group_sync import replace_groups_of
from accounts.sync.shapes import Sighting
from audit.actions import action
from core.errors import AlreadyExists, LastAdministrator, UserUnknown
from database import sql
from database.transactions import retried

if TYPE_CHECKING:
    from accounts.oidc.people import Person

NAME = "oidc"

# A day's precision is enough to see who is not in use.
_SEEN = """
    UPDATE account_identity SET seen_at = now(), gone_at = NULL
    WHERE source = 'oidc' AND issuer = %s AND subject = %s AND seen_at < now() - interval '1 day'
"""

log = structlog.get_logger(__name__)


def provider_actor(origin: Origin | None = None) -> Principal:
    """Who acts when accounts follow the provider; `origin` is that of the sign-in that was the occasion."""
    return Principal.system(NAME, origin or Origin(agent="wharf"))


def account_of(issuer: str, subject: str) -> User | None:
    """The account of the person, active or not."""
    return User.objects.filter(
        identities__source=Source.OIDC, identities__issuer=issuer, identities__subject=subject
    ).first()


def is_free(username: str) -> bool:
    """Whether nobody has the name, in any case of letters."""
    return sql.row("SELECT FROM account_user WHERE lower(username) = lower(%s)", (username,)) is None


@retried
def onboard(actor: Principal, person: Person, username: str) -> User:
    """An account for someone a provider has proven, without a password and without rights.

    Raises NameInvalid, AlreadyExists (the name, or the person, has an account: see `account_of`), Denied.
    """
    user = User(
        username=str(UserName.parse(username)),
        email=person.email or "",
        full_name=person.full_name or "",
        password=make_password(None),
        source=Source.OIDC,
    )
    with action(actor, P.USER_CREATE, name="user.create") as draft:
        try:
            user.save(force_insert=True)
            Identity.objects.create(
                user=user,
                source=Source.OIDC,
                issuer=person.issuer,
                subject=person.subject,
                name=person.proposal,
            )
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise AlreadyExists(f"'{user.username}' is taken here", user=user.username) from error
            raise
        draft.resource("user", user.pk, user.username)
        facts = {"username": user.username, "email": user.email, "full_name": user.full_name}
        draft.after({**facts, "source": user.source, "issuer": person.issuer, "subject": person.subject})
    return user


def follow(actor: Principal, user: User, person: Person) -> User:
    """The account as the provider has the person now: details, groups, and rights by a group. Nothing is written for no change.

    The last administrator's right stays. Raises UserUnknown for an account that is not his any more.
    """
    seen = Sighting(person.subject, user.auth_epoch, Source.OIDC, person.issuer)
    if user.source == Source.OIDC:
        _describe(actor, user, person, seen)
    # Given before anything is taken: who has just lost something is given nothing (accounts.services.users).
    if person.is_admin and not user.is_admin:
        _set_admin(actor, user, person, seen)
    if person.group_ids is not None:
        replace_groups_of(
            actor, user, person.group_ids, subject=person.subject, source=Source.OIDC, issuer=person.issuer
        )
    if person.is_admin is False and user.is_admin and user.admin_from_directory:
        _set_admin(actor, user, person, seen)
    note_seen(person)
    return _present(person)


def note_seen(person: Person) -> None:
    """When the provider last named the person."""
    sql.execute(_SEEN, (person.issuer, person.subject))


def _describe(actor: Principal, user: User, person: Person, seen: Sighting) -> None:
    if person.email not in (None, user.email) or person.full_name not in (None, user.full_name):
        users.change_user(actor, user, email=person.email, full_name=person.full_name, by=seen)


def _set_admin(actor: Principal, user: User, person: Person, seen: Sighting) -> None:
    """Not for a person of the directory too: two would give and take the same right in turn, and the directory is asked
    every quarter of an hour."""
    if user.identities.filter(source=Source.LDAP).exists():
        return
    try:
        users.set_admin(actor, user, bool(person.is_admin), by=seen)
    except LastAdministrator as error:
        log.warning("the provider's word was not followed", user=user.username, reason=error.message)


def _present(person: Person) -> User:
    """The account while it is his, with the epoch of this moment: should he lose it later, what begins now ends."""
    found = account_of(person.issuer, person.subject)
    if found is None:
        raise UserUnknown("the account is not that person's any more")
    return found
