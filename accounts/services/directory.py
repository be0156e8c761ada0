"""Accounts of people whom the directory names: made at the first sign-in or by import, and kept as the directory says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.db.models.functions import Now
from psycopg.errors import UniqueViolation

from access.principal import Origin, Principal
from access.table import P
from accounts.models import Identity, Source, User
from accounts.names import UserName
from accounts.services.users import locked_user
from accounts.sync.wanted import fitting_email, fitting_name
from audit.actions import action
from core.errors import AlreadyExists
from database import sql
from database.transactions import retried

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from accounts.ldap import Person

NAME = "directory"

# A day's precision is enough to see who is not in use; writing 10,000 rows four times an hour is not.
_SEEN = """
    UPDATE account_identity SET seen_at = now()
    WHERE source = %s AND issuer = '' AND subject = ANY(%s::text[]) AND seen_at < now() - interval '1 day'
"""


def directory_actor(origin: Origin | None = None) -> Principal:
    """Who acts when accounts follow the directory; `origin` is that of the sign-in that was the occasion."""
    return Principal.system(NAME, origin or Origin(agent="wharf"))


@retried
def onboard(actor: Principal, person: Person) -> User:
    """An account for someone of the directory, without a password and without rights.

    Raises NameInvalid (a name nobody can have here), AlreadyExists (the name, or the person, has an account), Denied.
    """
    user = User(
        username=str(UserName.parse(person.name)),
        email=fitting_email(person.email),
        full_name=fitting_name(person.full_name),
        password=make_password(None),
        source=Source.LDAP,
    )
    with action(actor, P.USER_CREATE, name="user.create") as draft:
        try:
            user.save(force_insert=True)
            Identity.objects.create(user=user, **facts_of(person))
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise AlreadyExists(
                    f"a user named '{user.username}' exists already", user=user.username
                ) from error
            raise
        draft.resource("user", user.pk, user.username)
        facts = {"username": user.username, "email": user.email, "full_name": user.full_name}
        draft.after({**facts, "source": user.source, "dn": person.dn})
    return user


@retried
def update_identity(actor: Principal, user: User, changed: Mapping[str, Any], *, subject: str) -> None:
    """Write down what the source calls the person now: any of `name`, `dn` and `gone`.

    Nothing for an account that is not this person's any more. Raises UserUnknown, Denied.
    """
    with action(actor, P.USER_UPDATE, name="identity.update") as draft:
        locked_user(user, draft)
        row = Identity.objects.filter(user=user, source=Source.LDAP, issuer="", subject=subject).first()
        if row is None:
            draft.discard()
            return
        state = {"name": row.name, "dn": row.dn, "gone": row.gone_at is not None}
        differs = {key: value for key, value in changed.items() if state[key] != value}
        draft.before({key: state[key] for key in differs})
        draft.after(differs)
        if not differs:
            draft.discard()
            return
        wanted: dict[str, Any] = {key: value for key, value in differs.items() if key != "gone"}
        if "gone" in differs:
            wanted["gone_at"] = Now() if differs["gone"] else None
        if wanted.get("gone_at", "") is None or "dn" in wanted:
            wanted["seen_at"] = Now()
        Identity.objects.filter(pk=row.pk).update(**wanted)


def facts_of(person: Person) -> dict[str, Any]:
    """The columns of an identity."""
    name = fitting_name(person.name)
    return {"source": Source.LDAP, "issuer": "", "subject": person.subject, "name": name, "dn": person.dn}


def note_seen(subjects: Collection[str], group_ids: Collection[int]) -> None:
    """When these people and the members of these groups were last found in the directory."""
    sql.execute(_SEEN, (Source.LDAP, list(subjects)))
    sql.execute("UPDATE user_group SET synced_at = now() WHERE id = ANY(%s::bigint[])", (list(group_ids),))
