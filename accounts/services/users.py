"""The only writer of user accounts. Every right lost moves `auth_epoch`, which ends sessions and tokens.

An act with `by` is the directory's word about whom it saw, and no more than that once the account is another's.
"""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.db.models import F, Q
from psycopg.errors import UniqueViolation

from access.administrators import administered_by, keeping_admins
from access.principal import Principal
from access.table import P
from access.whole import require_whole
from accounts.models import DisabledBy, Source, User
from accounts.names import UserName
from accounts.passwords import check_acceptable
from accounts.profiles import kept_elsewhere, new_user, parse_details, stated
from accounts.services import forgetting
from accounts.sync.shapes import Sighting
from audit.actions import Draft, action
from audit.detail import MASK
from core.errors import AlreadyExists, LastAdministrator, UserUnknown
from database.transactions import retried


@retried
def create_user(
    actor: Principal,
    username: str,
    *,
    password: str,
    email: str = "",
    full_name: str = "",
    is_admin: bool = False,
    is_auditor: bool = False,
) -> User:
    """Raises NameInvalid, InvalidInput (password, e-mail), AlreadyExists, Denied."""
    user = new_user(username, password=password, email=email, full_name=full_name)
    user.is_admin, user.is_auditor = is_admin, is_auditor
    with action(actor, P.USER_CREATE, name="user.create") as draft:
        if is_admin or is_auditor:
            require_whole(actor)
        insert_user(user, draft)
    return user


def insert_user(user: User, draft: Draft) -> None:
    """Part of the act that creates the account. Raises AlreadyExists."""
    _save_name(user)
    draft.resource("user", user.pk, user.username)
    draft.after(stated(user))


@retried
def change_user(
    actor: Principal,
    user: User,
    *,
    email: str | None = None,
    full_name: str | None = None,
    by: Sighting | None = None,
) -> User:
    """Change what is not None. Raises InvalidInput, KeptByDirectory, UserUnknown, Denied."""
    wanted = parse_details(email, full_name)
    with action(actor, P.USER_UPDATE, name="user.update") as draft:
        row = locked_user(user, draft)
        if _may_describe(row, by):
            save_details(row, wanted, draft)
        else:
            draft.discard()
    return row


def save_details(row: User, wanted: dict[str, str], draft: Draft) -> None:
    """Part of an act that changes mail or full name of the locked row."""
    draft.before({"email": row.email, "full_name": row.full_name})
    for field, value in wanted.items():
        setattr(row, field, value)
    row.save(update_fields=["email", "full_name"])
    draft.after({"email": row.email, "full_name": row.full_name})
    if draft.detail["before"] == draft.detail["after"]:
        draft.discard()


@retried
def rename_user(actor: Principal, user: User, username: str, *, by: Sighting | None = None) -> User:
    """Rights stay. Raises NameInvalid, AlreadyExists, KeptByDirectory, UserUnknown, Denied."""
    name = UserName.parse(username)
    with action(actor, P.USER_UPDATE, name="user.rename") as draft:
        row = locked_user(user, draft)
        draft.before({"username": row.username})
        draft.after({"username": str(name)})
        if not _may_name(row, by) or row.username == str(name):
            draft.discard()
            return row
        row.username = str(name)
        _save_name(row, ["username"])
    return row


@retried
def set_password(actor: Principal, user: User, password: str) -> User:
    """Raises InvalidInput, UserUnknown, Denied. Ends every session and token of the user."""
    check_acceptable(password, user)
    encoded = make_password(password)  # outside the transaction: it takes its time on purpose
    with action(actor, P.USER_UPDATE, name="user.password") as draft:
        row = locked_user(user, draft)
        require_whole(actor)
        save_password(row, encoded, draft)
    return row


def save_password(row: User, encoded: str, draft: Draft) -> None:
    """Part of the act `draft` is of: the locked row's password is another one, and what began with the old one ends.

    So does a chosen CLI secret, which stands for a password of his own where there is none.
    """
    draft.before({"password": MASK if row.has_usable_password() else None})
    draft.after({"password": MASK})
    row.password = encoded
    _save_and_end_sessions(row, ["password"])
    forgetting.forget_chosen_secret(row.pk)


@retried
def disable_user(actor: Principal, user: User, *, by: Sighting | None = None) -> User:
    """Raises LastAdministrator, UserUnknown, Denied. Whom an administrator disables, the directory never enables."""
    with action(actor, P.USER_UPDATE, name="user.disable") as draft:
        keep_an_admin(user)
        row = locked_user(user, draft)
        disabled_by = DisabledBy.ADMIN if by is None else DisabledBy.DIRECTORY
        draft.before(_activity(row))
        draft.after({"is_active": False, "disabled_by": str(disabled_by)})
        if row.is_active and _is_his(row, by):
            row.is_active, row.disabled_by = False, disabled_by
            _save_and_end_sessions(row, ["is_active", "disabled_by"])
        elif by is None and row.disabled_by == DisabledBy.DIRECTORY:
            row.disabled_by = disabled_by
            row.save(update_fields=["disabled_by"])
        else:
            draft.discard()
    return row


@retried
def enable_user(actor: Principal, user: User, *, by: Sighting | None = None) -> User:
    """Raises UserUnknown, Denied. What was revoked by disabling stays revoked: the user signs in anew.

    The directory enables only whom it has disabled itself.
    """
    with action(actor, P.USER_UPDATE, name="user.enable") as draft:
        row = locked_user(user, draft)
        if row.is_admin or row.is_auditor:
            require_whole(actor)
        may = by is None or (row.disabled_by == DisabledBy.DIRECTORY and _may_be_given(row, by))
        draft.before(_activity(row))
        draft.after({"is_active": True, "disabled_by": DisabledBy.NOBODY})
        if row.is_active or not may:
            draft.discard()
        else:
            row.is_active, row.disabled_by = True, DisabledBy.NOBODY
            row.save(update_fields=["is_active", "disabled_by"])
    return row


@retried
def set_admin(actor: Principal, user: User, value: bool, *, by: Sighting | None = None) -> User:
    """Make the user a system administrator or not. Raises LastAdministrator, UserUnknown, Denied.

    The directory takes away only what it gave itself; what is given by hand stays whatever the directory says.
    """
    with action(actor, P.USER_UPDATE, name="user.admin") as draft:
        if not value:
            keep_an_admin(user)
        row = locked_user(user, draft)
        require_whole(actor)
        _set_flag(row, "admin", value, by=by, draft=draft)
    return row


@retried
def set_auditor(actor: Principal, user: User, value: bool, *, by: Sighting | None = None) -> User:
    """Make the user an auditor (sees all audit events) or not. Raises UserUnknown, Denied. Otherwise as `set_admin`."""
    with action(actor, P.USER_UPDATE, name="user.auditor") as draft:
        row = locked_user(user, draft)
        require_whole(actor)
        _set_flag(row, "auditor", value, by=by, draft=draft)
    return row


@retried
def remove_user(actor: Principal, user: User) -> None:
    """Delete the account with its keys, sessions and memberships; audit events keep the name. The id is never used again.

    "deleted user 12" takes the place of his name wherever others' rows have it (accounts.services.forgetting).
    Raises LastAdministrator (of the system, or of a project: disable the user instead, or name another admin
    there first), UserUnknown, Denied.
    """
    with action(actor, P.USER_DELETE, name="user.delete") as draft:
        keep_an_admin(user)
        # FOR UPDATE: nobody may give him a role until he is gone.
        User.objects.select_for_update().filter(pk=user.pk).first()
        row = locked_user(user, draft)
        draft.before({"username": row.username, "is_admin": row.is_admin, "is_auditor": row.is_auditor})
        with keeping_admins(administered_by(row.pk)):
            row.delete()
        forgetting.begin(actor, user.pk)


def end_sessions(user_id: int) -> None:
    """Move the user's epoch: for a right lost elsewhere (a membership). Part of the caller's transaction."""
    User.objects.filter(pk=user_id).update(auth_epoch=F("auth_epoch") + 1)


def locked_user(user: User, draft: Draft) -> User:
    """The user's row as it is now, kept from others until the transaction ends. Raises UserUnknown."""
    row = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    if row is None:
        raise UserUnknown(f"no user '{user.username}'", user=user.username)
    draft.resource("user", row.pk, row.username)
    return row


def keep_an_admin(user: User) -> None:
    """Refuse to lose the last active administrator, or the last one who can sign in without another system.

    Locks all and the user himself, in order: two cannot leave at once. Raises LastAdministrator.
    """
    is_admin = Q(is_admin=True, is_active=True)
    locked = User.objects.select_for_update(no_key=True).filter(is_admin | Q(pk=user.pk)).order_by("pk")
    found = [each for each in locked if each.is_admin and each.is_active]
    if [admin.pk for admin in found] == [user.pk]:
        raise LastAdministrator(
            f"'{user.username}' is the last active administrator: make another user one first"
        )
    if [admin.pk for admin in found if admin.has_usable_password()] == [user.pk]:
        raise LastAdministrator(
            f"'{user.username}' is the last administrator who can sign in without another system: "
            "give another one a password first (wharf password change NAME)"
        )


def _activity(row: User) -> dict[str, object]:
    return {"is_active": row.is_active, "disabled_by": row.disabled_by}


def _save_and_end_sessions(row: User, fields: list[str]) -> None:
    row.auth_epoch += 1  # the row is locked
    row.save(update_fields=[*fields, "auth_epoch"])


def _save_name(row: User, fields: list[str] | None = None) -> None:
    """Insert the row, or save these fields of it. Raises AlreadyExists."""
    try:
        row.save(force_insert=fields is None, update_fields=fields)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise AlreadyExists(f"a user named '{row.username}' exists already", user=row.username) from error
        raise


def _is_his(row: User, by: Sighting | None) -> bool:
    """Whether the locked row is still the account of the person the directory speaks of."""
    if by is None:
        return True
    return row.identities.filter(source=by.source, issuer=by.issuer, subject=by.subject).exists()


def _may_be_given(row: User, by: Sighting) -> bool:
    """Not once the epoch has moved: somebody with fresher news has taken something since the directory was asked."""
    return row.auth_epoch == by.epoch and _is_his(row, by)


def _may_name(row: User, by: Sighting | None) -> bool:
    """Whether the row's user name is changed by this word; one of OpenID Connect was chosen here. Raises KeptByDirectory."""
    if by is not None:
        return row.source == by.source and _is_his(row, by)
    if row.source == Source.LDAP:
        raise kept_elsewhere(row)
    return True


def _may_describe(row: User, by: Sighting | None) -> bool:
    """As `_may_name`, of mail and full name."""
    if by is None and row.source != Source.LOCAL:
        raise kept_elsewhere(row)
    return _may_name(row, by)


def _set_flag(row: User, right: str, value: bool, *, by: Sighting | None, draft: Draft) -> None:
    flag, origin = f"is_{right}", f"{right}_from_directory"
    had, from_directory = getattr(row, flag), getattr(row, origin)
    wanted = (value, value and by is not None)
    may = by is None or (not had and _may_be_given(row, by) if value else from_directory and _is_his(row, by))
    if not may or (had, from_directory) == wanted:
        draft.discard()
        return
    draft.before({flag: had, origin: from_directory})
    draft.after({flag: wanted[0], origin: wanted[1]})
    setattr(row, flag, wanted[0])
    setattr(row, origin, wanted[1])
    if had and not value:
        _save_and_end_sessions(row, [flag, origin])
    else:
        row.save(update_fields=[flag, origin])
