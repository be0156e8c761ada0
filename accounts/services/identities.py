"""Which person of the directory an account belongs to: linked, unlinked, or moved from one source to the other.

An account keeps its id, memberships, roles and history whatever it is linked to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from psycopg.errors import UniqueViolation

from access.administrators import keeping_admins
from access.losses import roles_of_groups
from access.table import P
from access.whole import require_whole
from accounts.models import GroupMember, Identity, Source, User
from accounts.passwords import check_acceptable
from accounts.services.directory import facts_of
from accounts.services.forgetting import forget_chosen_secret
from accounts.services.groups import administered
from accounts.services.users import end_sessions, keep_an_admin, locked_user
from audit.actions import action
from core.errors import AlreadyExists, Conflict
from database.transactions import RaceLost, retried

if TYPE_CHECKING:
    from access.principal import Principal
    from accounts.ldap import Person


@retried
def link_identity(actor: Principal, user: User, person: Person) -> Identity:
    """Let the person sign in to this account with the directory's password too; its own password stays.

    Raises AlreadyExists when either is linked to another, UserUnknown, Denied.
    """
    with action(actor, P.USER_UPDATE, name="identity.link") as draft:
        row = locked_user(user, draft)
        require_whole(actor)
        identity, is_new = _link(row, person)
        draft.after({"name": identity.name, "dn": identity.dn})
        if not is_new:
            draft.discard()
    return identity


@retried
def unlink_identity(actor: Principal, user: User) -> User:
    """Take back what `link_identity` gave, with all that came from the directory: groups, and rights given by groups.

    Raises Conflict for an account that could then not be signed in to, LastAdministrator, UserUnknown, Denied.
    """
    with action(actor, P.USER_UPDATE, name="identity.unlink") as draft:
        _keep_an_admin_by_group(user)
        row = locked_user(user, draft)
        if row.source == Source.LDAP:
            raise Conflict(
                f"'{row.username}' is an account of the directory and signs in by no other way: "
                f"make it a local one instead (wharf user migrate {row.username} --to local)"
            )
        identity = row.identities.filter(source=Source.LDAP).first()
        if identity is None:
            raise Conflict(f"'{row.username}' is not linked to the directory", user=row.username)
        draft.before({"name": identity.name, "dn": identity.dn})
        _forget(row, [Source.LDAP])
    return row


@retried
def migrate_to_local(actor: Principal, user: User, password: str) -> User:
    """Make it an account of its own with this password; groups and rights from elsewhere go, roles of its own stay.

    Raises Conflict for a local account without an identity, InvalidInput, LastAdministrator, UserUnknown, Denied.
    """
    check_acceptable(password, user)
    encoded = make_password(password)
    with action(actor, P.USER_UPDATE, name="user.migrate") as draft:
        _keep_an_admin_by_group(user)
        row = locked_user(user, draft)
        require_whole(actor)
        identity = row.identities.order_by("pk").first()
        if row.source == Source.LOCAL and identity is None:
            raise Conflict(f"'{row.username}' is a local account already", user=row.username)
        draft.before({"source": row.source, **(_described(identity) if identity else {})})
        draft.after({"source": Source.LOCAL})
        row.password, row.source = encoded, Source.LOCAL
        row.save(update_fields=["password", "source"])
        forget_chosen_secret(row.pk)
        _forget(row, [Source.LDAP, Source.OIDC])
    row.refresh_from_db()
    return row


@retried
def migrate_to_directory(actor: Principal, user: User, person: Person) -> User:
    """Make it the account of that person: the directory checks the password and owns name and mail; all rights stay.

    Raises AlreadyExists when either is linked to another, LastAdministrator, UserUnknown, Denied.
    """
    unusable = make_password(None)
    with action(actor, P.USER_UPDATE, name="user.migrate") as draft:
        keep_an_admin(user)
        row = locked_user(user, draft)
        require_whole(actor)
        identity, is_new = _link(row, person)
        draft.before({"source": row.source})
        draft.after({"source": Source.LDAP, "dn": identity.dn})
        if row.source == Source.LDAP and not is_new and not row.has_usable_password():
            draft.discard()
            return row
        row.password, row.source = unusable, Source.LDAP
        row.save(update_fields=["password", "source"])
        end_sessions(row.pk)
    row.refresh_from_db()
    return row


def _keep_an_admin_by_group(user: User) -> None:
    """An administrator by a group of the directory loses that right with the link. Raises LastAdministrator."""
    if User.objects.filter(pk=user.pk, is_admin=True, admin_from_directory=True).exists():
        keep_an_admin(user)


def _link(row: User, person: Person) -> tuple[Identity, bool]:
    """The row's identity, and whether it is new; one that is gone from the directory gives way. Raises AlreadyExists."""
    taken = (
        Identity.objects.filter(source=Source.LDAP, issuer="", subject=person.subject)
        .select_related("user")
        .first()
    )
    if taken is not None and taken.user_id != row.pk:
        raise AlreadyExists(
            f"'{person.name}' of the directory has the account '{taken.user.username}' already: "
            f"unlink or remove that one first",
            user=taken.user.username,
        )
    if taken is not None:
        return taken, False
    other = row.identities.filter(source=Source.LDAP).first()
    if other is not None and other.gone_at is not None:
        other.delete()  # the same person in another directory, says the administrator
        end_sessions(row.pk)
    elif other is not None:
        raise AlreadyExists(
            f"'{row.username}' is linked to '{other.name}' of the directory already: unlink that first",
            user=row.username,
        )
    try:
        return Identity.objects.create(user=row, **facts_of(person)), True
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise RaceLost("another transaction linked one of them just now") from error
        raise


def _described(identity: Identity) -> dict[str, str]:
    if identity.source == Source.LDAP:
        return {"dn": identity.dn}
    return {"issuer": identity.issuer, "subject": identity.subject}


def _forget(row: User, sources: list[Source]) -> None:
    """What came from there goes. Raises LastAdministrator for the last admin of a project, whom a group made one.

    All sessions and tokens end, whatever is lost: any of them may have begun with a proof from there."""
    row.identities.filter(source__in=sources).delete()
    groups = GroupMember.objects.filter(user=row, group__source__in=sources)
    with keeping_admins(administered(roles_of_groups(groups.values_list("group_id", flat=True)))):
        groups.delete()
    fields = []
    for right in ("admin", "auditor"):
        if getattr(row, f"{right}_from_directory"):
            setattr(row, f"is_{right}", False)
            setattr(row, f"{right}_from_directory", False)
            fields += [f"is_{right}", f"{right}_from_directory"]
    row.save(update_fields=fields)
    end_sessions(row.pk)
