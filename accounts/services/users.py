"""The only writer of user accounts. Every right lost moves `auth_epoch`, which ends sessions and tokens."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import F
from psycopg.errors import UniqueViolation

from access.models import Member
from access.principal import Principal
from access.table import P, Role
from accounts.models import MAX_EMAIL, MAX_NAME, User
from accounts.names import UserName
from accounts.passwords import check_acceptable
from audit.actions import Draft, action
from core.errors import AlreadyExists, InvalidInput, LastAdministrator, UserUnknown
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
    name = UserName.parse(username)
    check_acceptable(password)
    user = User(
        username=str(name),
        email=_email(email),
        full_name=_full_name(full_name),
        password=make_password(password),
        is_admin=is_admin,
        is_auditor=is_auditor,
    )
    with action(actor, P.USER_CREATE, name="user.create") as draft:
        try:
            user.save(force_insert=True)
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise AlreadyExists(f"a user named '{name}' exists already", user=str(name)) from error
            raise
        draft.resource("user", user.pk, user.username)
        draft.after(_state(user))
    return user


@retried
def change_user(
    actor: Principal, user: User, *, email: str | None = None, full_name: str | None = None
) -> User:
    """Change what is not None. Raises InvalidInput, UserUnknown, Denied."""
    wanted_email = None if email is None else _email(email)
    wanted_name = None if full_name is None else _full_name(full_name)
    with action(actor, P.USER_UPDATE, name="user.update") as draft:
        row = _locked(user, draft)
        draft.before({"email": row.email, "full_name": row.full_name})
        row.email = row.email if wanted_email is None else wanted_email
        row.full_name = row.full_name if wanted_name is None else wanted_name
        row.save(update_fields=["email", "full_name"])
        draft.after({"email": row.email, "full_name": row.full_name})
        if draft.detail["before"] == draft.detail["after"]:
            draft.discard()
    return row


@retried
def set_password(actor: Principal, user: User, password: str) -> User:
    """Raises InvalidInput, UserUnknown, Denied. Ends every session and token of the user."""
    check_acceptable(password)
    encoded = make_password(password)  # outside the transaction: it takes its time on purpose
    with action(actor, P.USER_UPDATE, name="user.password") as draft:
        row = _locked(user, draft)
        row.password = encoded
        _save_and_end_sessions(row, "password")
    return row


@retried
def disable_user(actor: Principal, user: User) -> User:
    """Raises LastAdministrator, UserUnknown, Denied."""
    with action(actor, P.USER_UPDATE, name="user.disable") as draft:
        _keep_an_admin(user)
        row = _locked(user, draft)
        if not row.is_active:
            draft.discard()
        else:
            row.is_active = False
            _save_and_end_sessions(row, "is_active")
    return row


@retried
def enable_user(actor: Principal, user: User) -> User:
    """Raises UserUnknown, Denied. What was revoked by disabling stays revoked: the user signs in anew."""
    with action(actor, P.USER_UPDATE, name="user.enable") as draft:
        row = _locked(user, draft)
        if row.is_active:
            draft.discard()
        else:
            row.is_active = True
            row.save(update_fields=["is_active"])
    return row


@retried
def set_admin(actor: Principal, user: User, value: bool) -> User:
    """Make the user a system administrator or not. Raises LastAdministrator, UserUnknown, Denied."""
    with action(actor, P.USER_UPDATE, name="user.admin") as draft:
        if not value:
            _keep_an_admin(user)
        row = _locked(user, draft)
        _set_flag(row, "is_admin", value, draft)
    return row


@retried
def set_auditor(actor: Principal, user: User, value: bool) -> User:
    """Make the user an auditor (sees all audit events) or not. Raises UserUnknown, Denied."""
    with action(actor, P.USER_UPDATE, name="user.auditor") as draft:
        row = _locked(user, draft)
        _set_flag(row, "is_auditor", value, draft)
    return row


@retried
def remove_user(actor: Principal, user: User) -> None:
    """Delete the account and its memberships; audit events keep the name. The id is never used again.

    Raises LastAdministrator (of the system, or of a project: disable the user instead, or name another admin
    there first), UserUnknown, Denied.
    """
    with action(actor, P.USER_DELETE, name="user.delete") as draft:
        _keep_an_admin(user)
        row = _locked(user, draft)
        _keep_project_admins(row)
        draft.before(_state(row))
        row.delete()


def end_sessions(user_id: int) -> None:
    """Move the user's epoch: for a right lost elsewhere (a membership). Part of the caller's transaction."""
    User.objects.filter(pk=user_id).update(auth_epoch=F("auth_epoch") + 1)


def _locked(user: User, draft: Draft) -> User:
    row = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    if row is None:
        raise UserUnknown(f"no user '{user.username}'", user=user.username)
    draft.resource("user", row.pk, row.username)
    return row


def _save_and_end_sessions(row: User, field: str) -> None:
    row.auth_epoch += 1  # the row is locked
    row.save(update_fields=[field, "auth_epoch"])


def _set_flag(row: User, field: str, value: bool, draft: Draft) -> None:
    if getattr(row, field) == value:
        draft.discard()
        return
    draft.before({field: not value})
    draft.after({field: value})
    setattr(row, field, value)
    if value:
        row.save(update_fields=[field])
    else:
        _save_and_end_sessions(row, field)


def _keep_an_admin(user: User) -> None:
    """Refuse to lose the last active administrator. Locks all, in order: two cannot leave at once."""
    admins = User.objects.select_for_update(no_key=True).filter(is_admin=True, is_active=True).order_by("pk")
    if [admin.pk for admin in admins] == [user.pk]:
        raise LastAdministrator(
            f"'{user.username}' is the last active administrator: make another user one first"
        )


def _keep_project_admins(row: User) -> None:
    others = Member.objects.filter(role_id=Role.PROJECT_ADMIN, user__is_active=True).exclude(user=row)
    alone = row.memberships.filter(role_id=Role.PROJECT_ADMIN, project__deleted_at__isnull=True).exclude(
        project__in=others.values("project")
    )
    names = list(alone.order_by("project__name").values_list("project__name", flat=True)[:5])
    if names:
        raise LastAdministrator(
            f"'{row.username}' is the last project admin of {', '.join(names)}: give these another one first"
        )


def _state(user: User) -> dict[str, object]:
    return {
        "username": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "is_admin": user.is_admin,
        "is_auditor": user.is_auditor,
    }


def _email(text: str) -> str:
    if len(text) > MAX_EMAIL:
        raise InvalidInput(f"an e-mail address has at most {MAX_EMAIL} characters")
    if text:
        try:
            validate_email(text)
        except ValidationError as error:
            raise InvalidInput("that is not an e-mail address") from error
    return text


def _full_name(text: str) -> str:
    if len(text) > MAX_NAME or not text.isprintable():
        raise InvalidInput(f"a full name has at most {MAX_NAME} characters and no control characters")
    return text
