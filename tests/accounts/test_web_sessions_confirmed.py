"""Proving oneself again: what needs it, for how long it counts, and that the session gets another key by it."""

from __future__ import annotations

import pytest

from access.principal import AuthMethod
from accounts.models import User
from accounts.services import sessions, users
from core.errors import ConfirmationNeeded, Unauthenticated
from database import sql
from tests.people import ORIGIN, make_user

pytestmark = pytest.mark.django_db


def start(user: User, sealed: str = "") -> str:
    return sessions.start(user, AuthMethod.BASIC, ORIGIN, sealed)


def found(key: str) -> sessions.Session:
    session = sessions.find(key, ORIGIN)
    assert session is not None
    return session


def wait(interval: str) -> None:
    """As if the last proof was that long ago, in all sessions of this test."""
    sql.execute("UPDATE web_session SET confirmed_at = confirmed_at - %s::interval", (interval,))


def test_a_proof_counts_for_a_quarter_of_an_hour():
    key = start(make_user())
    wait("14 minutes 50 seconds")
    assert found(key).principal.confirmed
    wait("11 seconds")
    assert not found(key).principal.confirmed


def test_after_it_what_is_dangerous_needs_another_one_and_the_rest_does_not():
    admin, user = make_user(is_admin=True), make_user()
    key = start(admin)
    wait("16 minutes")
    with pytest.raises(ConfirmationNeeded):
        users.set_auditor(found(key).principal, user, value=True)
    assert sessions.sessions_of(found(key).principal, user) == []
    key = sessions.confirm(found(key), admin.pk)
    users.set_auditor(found(key).principal, user, value=True)
    assert User.objects.get(pk=user.pk).is_auditor


def test_a_confirmed_session_has_another_key_and_is_the_same_otherwise():
    user = make_user()
    old = start(user, "an ID token")
    before = found(old)
    new = sessions.confirm(before, user.pk)
    assert sessions.find(old, ORIGIN) is None
    assert (found(new).id, sessions.opened(found(new))) == (before.id, "an ID token")


def test_a_provider_may_give_the_session_something_else_to_keep():
    user = make_user()
    new = sessions.confirm(found(start(user, "old")), user.pk, "new")
    assert sessions.opened(found(new)) == "new"


def test_nobody_confirms_the_session_of_somebody_else():
    user, other = make_user(), make_user()
    key = start(user)
    wait("16 minutes")
    with pytest.raises(Unauthenticated):
        sessions.confirm(found(key), other.pk)
    assert not found(key).principal.confirmed


def test_a_session_that_ended_meanwhile_cannot_be_confirmed():
    user = make_user()
    session = found(start(user))
    sessions.end(session)
    with pytest.raises(Unauthenticated):
        sessions.confirm(session, user.pk)


def test_of_two_confirmations_at_once_one_counts():
    user = make_user()
    session = found(start(user))
    new = sessions.confirm(session, user.pk)
    with pytest.raises(Unauthenticated):
        sessions.confirm(session, user.pk)
    assert found(new).principal.confirmed


def test_the_lifetime_does_not_begin_anew():
    user = make_user()
    session = found(start(user))
    sql.execute("UPDATE web_session SET expires_at = expires_at - interval '3 hours'")
    before = sql.value("SELECT expires_at FROM web_session")
    sessions.confirm(session, user.pk)
    assert sql.value("SELECT expires_at FROM web_session") == before
