"""Rows of what people do to their own accounts: alone, by their password or session, and by no key of theirs.

Each is asked twice: of the caller's own account, and of somebody else's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.hashers import make_password

from access.principal import ActorKind, AuthMethod, Principal
from accounts.models import AccessToken, SavedFilter, User
from accounts.services import access_tokens, own_account, saved_filters, sessions
from accounts.services.access_tokens import WantedToken
from accounts.services.sessions import Session
from tests import keys, people
from tests.arch.callers import MEMBERS as ROLES
from tests.arch.callers import Scene
from tests.arch.services.row import ADMINS, Call, Refusal, Row, Rows
from tests.people import ORIGIN, unique

NOBODY: frozenset[str] = frozenset()
ONESELF = frozenset({"outsider", *ROLES, "auditor"}) | ADMINS
OLD, NEW = "The old password is 1", "The new password is 2"
NEWCOMER = replace(people.ANONYMOUS, name=unique("new"))
WANTED_FOR = (keys.everywhere(keys.PULL),)


def himself(scene: Scene, actor: Principal) -> User:
    """The caller's account; where he has none, somebody's."""
    return User.objects.get(pk=actor.id) if actor.kind is ActorKind.USER else scene.user


def another(scene: Scene, _actor: Principal) -> User:
    return scene.user


def with_password(scene: Scene, actor: Principal) -> User:
    user = himself(scene, actor)
    user.password = make_password(OLD)
    user.save(update_fields=["password"])
    return user


def own_token(scene: Scene, actor: Principal) -> AccessToken:
    return AccessToken.objects.get(pk=keys.personal(himself(scene, actor)).principal.key_id)


def anothers_token(scene: Scene, _actor: Principal) -> AccessToken:
    return AccessToken.objects.get(pk=keys.personal(scene.user).principal.key_id)


def own_session(scene: Scene, actor: Principal) -> Session:
    return _session(himself(scene, actor))


def anothers_session(scene: Scene, _actor: Principal) -> Session:
    return _session(scene.user)


def _session(user: User) -> Session:
    found = sessions.find(sessions.start(user, AuthMethod.BASIC, ORIGIN), ORIGIN)
    assert found is not None
    return found


def _user_of(session: Session) -> User:
    return User.objects.get(pk=session.principal.id)


def own(call: Call, event: str, given: Any = himself, **more: Any) -> Row:
    return Row(call, ONESELF, event, given=given, refusal=Refusal.IN_SYSTEM, **more)


def others(
    call: Call, event: str, given: Any = another, allowed: frozenset[str] = ADMINS, **more: Any
) -> Row:
    """Administrators end what others have. They make nothing in others' names."""
    return Row(call, allowed, event, given=given, refusal=Refusal.IN_SYSTEM, **more)


def _make_token(_scene: Scene, actor: Principal, user: User) -> object:
    return access_tokens.create_access_token(actor, user, WantedToken(unique("token"), WANTED_FOR))


def _make_secret(_scene: Scene, actor: Principal, user: User) -> object:
    return access_tokens.new_cli_secret(actor, user)


def _change_password(_scene: Scene, actor: Principal, user: User) -> object:
    return own_account.change_password(actor, user, OLD, NEW)


def _change_profile(_scene: Scene, actor: Principal, user: User) -> object:
    return own_account.change_profile(actor, user, full_name="Another Name")


def _change_preferences(_scene: Scene, actor: Principal, user: User) -> object:
    return own_account.change_preferences(actor, user.pk, {"theme": "dark"})


def _revoke(_scene: Scene, actor: Principal, token: AccessToken) -> object:
    return access_tokens.revoke_access_token(actor, token)


def _revoke_all(_scene: Scene, actor: Principal, token: AccessToken) -> object:
    return access_tokens.revoke_all(actor, token.user)


def _list(_scene: Scene, actor: Principal, user: User) -> object:
    return list(access_tokens.access_tokens_of(actor, user))


def _find(_scene: Scene, actor: Principal, token: AccessToken) -> object:
    return access_tokens.access_token_by_name(actor, token.user, token.name)


def _find_by_id(_scene: Scene, actor: Principal, token: AccessToken) -> object:
    return access_tokens.access_token_by_id(actor, token.user, token.pk)


F = "accounts/services/saved_filters.py:"


def _kept(_scene: Scene, actor: Principal) -> int:
    """The id of a filter of the caller's; of who has no account, of none."""
    if actor.kind is not ActorKind.USER:
        return 0
    made = SavedFilter.objects.create(user_id=actor.id, list="tags", name=unique("kept"), query="q=1")
    return int(made.pk)


FILTERS: Rows = {
    f"{F}keep": (
        own(
            lambda _s, actor, _: saved_filters.keep(actor, "tags", unique("kept"), "q=1"),
            "saved-filter.create",
        ),
    ),
    f"{F}forget": (
        own(lambda _s, actor, id_: saved_filters.forget(actor, id_), "saved-filter.delete", _kept),
    ),
}
T = "accounts/services/access_tokens.py:"
TOKENS: Rows = {
    f"{T}create_access_token": (
        own(_make_token, "access-token.create", confirmed=True),
        others(_make_token, "access-token.create", allowed=NOBODY, confirmed=True),
    ),
    f"{T}new_cli_secret": (
        own(_make_secret, "access-token.create", confirmed=True),
        others(_make_secret, "access-token.create", allowed=NOBODY, confirmed=True),
    ),
    f"{T}revoke_access_token": (
        own(_revoke, "access-token.delete", own_token),
        others(_revoke, "access-token.delete", anothers_token),
    ),
    f"{T}revoke_all": (
        own(_revoke_all, "access-token.delete", own_token),
        others(_revoke_all, "access-token.delete", anothers_token),
    ),
    f"{T}access_tokens_of": (own(_list, "", recorded=False), others(_list, "", recorded=False)),
    f"{T}access_token_by_name": (
        own(_find, "", own_token, recorded=False),
        others(_find, "", anothers_token, recorded=False),
    ),
    f"{T}access_token_by_id": (
        own(_find_by_id, "", own_token, recorded=False),
        others(_find_by_id, "", anothers_token, recorded=False),
    ),
    f"{T}all_access_tokens": (
        others(lambda _s, actor, _: list(access_tokens.all_access_tokens(actor)), "", recorded=False),
    ),
}
A = "accounts/services/own_account.py:"
ACCOUNT: Rows = {
    f"{A}change_password": (
        own(_change_password, "user.password", with_password, confirmed=True),
        others(_change_password, "user.password", allowed=NOBODY, confirmed=True),
    ),
    f"{A}change_profile": (
        own(_change_profile, "user.update", confirmed=True),
        others(_change_profile, "user.update", allowed=NOBODY, confirmed=True),
    ),
    f"{A}change_preferences": (
        own(_change_preferences, "user.preferences"),
        others(_change_preferences, "user.preferences", allowed=NOBODY),
    ),
    # Nobody makes an account for himself unless the setting says so.
    f"{A}register": (
        others(
            lambda _s, _actor, _: own_account.register(people.ORIGIN, NEWCOMER.name, password=NEW),
            own_account.REGISTER,
            allowed=NOBODY,
            actor=NEWCOMER,
        ),
    ),
}


def _sign_out(_scene: Scene, actor: Principal, session: Session) -> object:
    return sessions.end(replace(session, principal=actor))


def _end_one(_scene: Scene, actor: Principal, session: Session) -> object:
    return sessions.end_one(actor, _user_of(session), session.id)


def _end_all(_scene: Scene, actor: Principal, session: Session) -> object:
    return sessions.end_all(actor, _user_of(session))


def _sessions(_scene: Scene, actor: Principal, user: User) -> object:
    return sessions.sessions_of(actor, user)


S = "accounts/services/sessions.py:"
SESSIONS: Rows = {
    f"{S}end": (own(_sign_out, "user.sign-out", own_session),),
    f"{S}end_one": (
        own(_end_one, "session.revoke", own_session),
        others(_end_one, "session.revoke", anothers_session),
    ),
    f"{S}end_all": (
        own(_end_all, "session.revoke", own_session),
        others(_end_all, "session.revoke", anothers_session),
    ),
    f"{S}sessions_of": (own(_sessions, "", recorded=False), others(_sessions, "", recorded=False)),
}

ROWS: Rows = {**TOKENS, **ACCOUNT, **SESSIONS, **FILTERS}
