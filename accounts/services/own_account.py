"""What people do to their own accounts: make one, change its password, say who they are, choose how pages look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from django.contrib.auth.hashers import check_password, make_password

from access.principal import ActorKind, Origin, Principal
from access.table import P
from accounts import preferences
from accounts.gate import limiter
from accounts.models import Source, User
from accounts.names import UserName, check_own
from accounts.passwords import check_acceptable, is_well_formed
from accounts.preferences import Preferences
from accounts.profiles import kept_elsewhere, new_user, parse_details, parse_email, parse_full_name
from accounts.services import sessions
from accounts.services.oneself import is_himself, own_row
from accounts.services.users import insert_user, save_details, save_password
from audit import denials
from audit.actions import action
from config import current
from config.catalogue.sign_in import AUTH_MODE, SELF_REGISTRATION
from config.directory import AuthMode
from core.errors import AlreadyExists, Conflict, Denied, InvalidInput, TooManyRequests, WharfError
from database.transactions import RaceLost, retried

REGISTER: Final = "user.register"


def may_register() -> bool:
    """Whether people make accounts of their own here. Not beside a directory: a name taken here would keep its owner out."""
    return current.get(SELF_REGISTRATION) and current.get(AUTH_MODE) is AuthMode.DB_AUTH


def register(origin: Origin, username: str, *, password: str, email: str = "", full_name: str = "") -> User:
    """An account for whoever asks, without any right beyond everybody's.

    What could tell that a name is taken counts, 20 an hour from a network. Raises TooManyRequests, Denied where people do not
    register, NameInvalid, InvalidInput, AlreadyExists.
    """
    actor = Principal(
        ActorKind.ANONYMOUS, 0, username, origin=origin
    )  # nobody yet, by the name he would have
    try:
        if may_register():
            _check(
                username, password, email, full_name
            )  # before it counts: so a mistake in the form keeps nobody out
            limiter.registration(origin)
        return _register(actor, username, password=password, email=email, full_name=full_name)
    except (AlreadyExists, TooManyRequests) as refusal:
        denials.record(actor, REGISTER, permission=str(P.USER_CREATE), reason=refusal.message)
        raise


def mistakes(username: str, *, password: str, email: str = "", full_name: str = "") -> dict[str, str]:
    """What a form cannot be taken with: sentences by what they are about, of the names of the parameters."""
    found = _findings(username, password, email, full_name)
    return {name: error.message for name, error in found}


def _check(username: str, password: str, email: str, full_name: str) -> None:
    for _, error in _findings(username, password, email, full_name):
        raise error


def _findings(username: str, password: str, email: str, full_name: str) -> Iterator[tuple[str, WharfError]]:
    user = User(username=username, email=email, full_name=full_name)
    checks: dict[str, Callable[[], object]] = {
        "username": lambda: check_own(UserName.parse(username)),
        "email": lambda: parse_email(email),
        "full_name": lambda: parse_full_name(full_name),
        "password": lambda: check_acceptable(password, user),
    }
    for name, check in checks.items():
        try:
            check()
        except InvalidInput as error:
            yield name, error


@retried
def _register(actor: Principal, username: str, **said: str) -> User:
    user = new_user(username, **said) if may_register() else None
    with action(actor, P.USER_CREATE, name=REGISTER, anyone=True) as draft:
        if user is None:
            raise Denied("accounts are made by administrators here: ask one of them for yours")
        insert_user(user, draft)
    return user


@retried
def change_password(actor: Principal, user: User, old: str, new: str, *, session_id: int = 0) -> User:
    """Another password for one's own account. All sessions and registry tokens end, but for the session of that id.

    Guesses at the old one count as at sign-in. Raises Denied (the old one is wrong), InvalidInput (the new one breaks a rule,
    or is the old one), Conflict for an account without a password of its own, TooManyRequests, UserUnknown, ConfirmationNeeded.
    """
    encoded, proven = "", ""
    if is_himself(actor, user):
        check_acceptable(new, user)
        if new == old:
            raise InvalidInput("the new password is the old one: choose another")
        proven = _proven(actor, user, old)
        encoded = make_password(new)  # outside the transaction: it takes its time on purpose
    with action(actor, P.ACCOUNT_UPDATE, name="user.password", owner=user.pk) as draft:
        row = own_row(actor, user, draft)
        if not row.has_usable_password():
            raise Conflict(
                f"'{row.username}' has no password here: it is changed where {_home(row)} keeps it"
            )
        if not proven:
            raise Denied("the present password is another one: nothing was changed")
        if proven != row.password:
            raise RaceLost("the password was changed in between")
        save_password(row, encoded, draft)
        sessions.keep_only(row.pk, session_id, row.auth_epoch)
    return row


@retried
def change_profile(
    actor: Principal, user: User, *, email: str | None = None, full_name: str | None = None
) -> User:
    """Change one's own mail or full name, what is not None. Raises InvalidInput, KeptByDirectory, UserUnknown, Denied."""
    wanted = parse_details(email, full_name)
    with action(actor, P.ACCOUNT_UPDATE, name="user.update", owner=user.pk) as draft:
        row = own_row(actor, user, draft)
        if row.source != Source.LOCAL:
            raise kept_elsewhere(row)
        save_details(row, wanted, draft)
    return row


@retried
def change_preferences(actor: Principal, user_id: int, given: Mapping[str, str]) -> Preferences:
    """How one's own pages look, for the names in `given`; all of them, as they are now.

    Raises InvalidInput, UserUnknown, Denied.
    """
    chosen = preferences.wanted(given)
    with action(actor, P.ACCOUNT_PREFERENCES, name="user.preferences", owner=user_id) as draft:
        row = own_row(actor, User(pk=user_id, username=actor.name), draft)
        before = preferences.stored(row.preferences)
        after = replace(before, **chosen)
        draft.before(before.as_dict())
        draft.after(after.as_dict())
        if after == before:
            draft.discard()
        row.preferences = after.as_dict()
        row.save(update_fields=["preferences"])
    return after


def _proven(actor: Principal, user: User, old: str) -> str:
    """The stored hash that the old password is right for, "" for none. Raises TooManyRequests."""
    stored = User.objects.filter(pk=user.pk).values_list("password", flat=True).first() or ""
    if not is_well_formed(old) or not User(password=stored).has_usable_password():
        return ""
    with limiter.guess(limiter.name_of(user.username, user.auth_epoch), actor.origin) as guess:
        if not check_password(old, stored):
            return ""
        guess.was_right()
    return stored


def _home(row: User) -> str:
    return {Source.LDAP: "the directory", Source.OIDC: "the OpenID Connect provider"}.get(
        Source(row.source), "an administrator"
    )
