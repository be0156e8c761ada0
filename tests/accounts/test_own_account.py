"""What people do to their own accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.contrib.auth.hashers import check_password

from access.principal import AuthMethod, Origin, Principal
from accounts import gate
from accounts.models import Source, User, WebSession
from accounts.services import sessions
from accounts.services.own_account import change_password, change_profile
from audit.models import AuditEvent
from core.errors import (
    ConfirmationNeeded,
    Conflict,
    Denied,
    InvalidInput,
    KeptByDirectory,
    TooManyRequests,
)
from tests.people import ORIGIN, SYSTEM, make_user, principal

pytestmark = pytest.mark.django_db
OLD, NEW = "correct horse", "battery staple"


def live(user: User) -> list[int]:
    return [each.id for each in sessions.sessions_of(principal(user), user)]


def test_a_changed_password_ends_every_other_session_and_keeps_this_one():
    user = make_user(password=OLD)
    keys = [sessions.start(user, AuthMethod.BASIC, ORIGIN) for _ in range(3)]
    here = sessions.find(keys[1], ORIGIN)
    assert here is not None
    changed = change_password(here.principal, user, OLD, NEW, session_id=here.id)
    assert check_password(NEW, changed.password)
    assert changed.auth_epoch == user.auth_epoch + 1
    assert live(changed) == [here.id]
    assert [sessions.find(key, ORIGIN) is not None for key in keys] == [False, True, False]
    event = AuditEvent.objects.get(operation="user.password", resource_id=str(user.pk))
    assert (event.permission, event.actor_id, event.result) == ("account:update", user.pk, "ok")
    assert OLD not in str(vars(event))
    assert gate.prove_person(user.username, NEW, ORIGIN).id == user.pk


def test_without_a_session_to_keep_all_end():
    user, other = make_user(password=OLD), make_user()
    sessions.start(user, AuthMethod.BASIC, ORIGIN)
    sessions.start(other, AuthMethod.BASIC, ORIGIN)
    theirs = WebSession.objects.get(user=other)
    change_password(principal(user, auth=AuthMethod.BASIC), user, OLD, NEW, session_id=theirs.pk)
    assert not WebSession.objects.filter(user=user).exists()
    assert live(other) == [theirs.pk]


def test_a_wrong_present_password_changes_nothing_and_is_recorded():
    user = make_user(password=OLD)
    for wrong in ("wrong", "", "nul\0", "x" * 1025, "\ud800"):
        with pytest.raises(Denied, match="present password") as refusal:
            change_password(principal(user), user, wrong, NEW)
        assert wrong == "" or wrong not in refusal.value.message
    assert (
        AuditEvent.objects.filter(operation="user.password", result="denied", actor_id=user.pk).count() == 5
    )
    row = User.objects.get(pk=user.pk)
    assert (row.password, row.auth_epoch) == (user.password, 1)


def test_guesses_at_the_present_password_are_limited_as_at_the_door():
    user = make_user(password=OLD)
    for _ in range(5):
        with pytest.raises(Denied):
            change_password(principal(user), user, "a wrong one", NEW)
    with pytest.raises(TooManyRequests):
        change_password(principal(user), user, OLD, NEW)
    elsewhere = principal(user, origin=Origin(ip="203.0.113.9"))
    assert change_password(elsewhere, user, OLD, NEW).auth_epoch == 2


def test_right_ones_are_not_counted():
    user = make_user(password=OLD)
    for old, new in [(OLD, NEW), (NEW, OLD)] * 4:
        user = change_password(principal(user), user, old, new)
    assert user.auth_epoch == 9


@pytest.mark.parametrize("new", ["short", OLD, "password1", "x" * 1025, "nul\0-in-the-middle"])
def test_a_new_password_keeps_the_rules(new: str):
    user = make_user(password=OLD)
    with pytest.raises(InvalidInput):
        change_password(principal(user), user, OLD, new)
    assert User.objects.get(pk=user.pk).password == user.password


@pytest.mark.parametrize("source", [Source.LDAP, Source.OIDC])
def test_what_another_system_owns_is_changed_there(source: Source):
    user = make_user()
    User.objects.filter(pk=user.pk).update(source=source)
    with pytest.raises(Conflict, match="no password here"):
        change_password(principal(user), user, OLD, NEW)
    with pytest.raises(KeptByDirectory, match="change them there"):
        change_profile(principal(user), user, email="ann@example.org")


def test_people_say_who_they_are():
    user = make_user()
    changed = change_profile(principal(user), user, email="ann@example.org", full_name="Ann Lee")
    assert (changed.email, changed.full_name, changed.auth_epoch) == ("ann@example.org", "Ann Lee", 1)
    assert change_profile(principal(user), user, full_name="").email == "ann@example.org"
    event = AuditEvent.objects.filter(operation="user.update", resource_id=str(user.pk)).order_by("id")[0]
    assert event.detail["after"] == {"email": "ann@example.org", "full_name": "Ann Lee"}


@pytest.mark.parametrize(
    "wrong", [{"email": "no address"}, {"full_name": "a\nb"}, {"email": "a@" + "x" * 300}]
)
def test_bad_details_change_nothing(wrong: dict[str, str]):
    user = make_user()
    with pytest.raises(InvalidInput):
        change_profile(principal(user), user, **wrong)


ACTS: list[Callable[[Principal, User], object]] = [
    lambda actor, user: change_password(actor, user, OLD, NEW),
    lambda actor, user: change_profile(actor, user, full_name="Mallory"),
]


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_in_the_name_of_somebody_else(act: Callable[[Principal, User], object]):
    user, admin = make_user(password=OLD), make_user(is_admin=True)
    own_key = principal(user, auth=AuthMethod.PAT)
    for actor in (
        principal(admin),
        principal(admin, auth=AuthMethod.PAT),
        SYSTEM,
        principal(make_user()),
        own_key,
    ):
        with pytest.raises(Denied):
            act(actor, user)
    assert User.objects.get(pk=user.pk).full_name == ""
    assert User.objects.get(pk=user.pk).password == user.password


@pytest.mark.parametrize("act", ACTS)
def test_a_session_that_is_not_confirmed_asks_for_proof(act: Callable[[Principal, User], object]):
    user = make_user(password=OLD)
    with pytest.raises(ConfirmationNeeded):
        act(replace(principal(user), confirmed=False), user)


def test_whoever_asks_about_another_account_learns_nothing_of_its_password():
    """No guess is counted or looked at, right or wrong: the answer is the same."""
    user, stranger = make_user(password=OLD), make_user()
    answers = set()
    for guess in (OLD, "wrong") * 4:
        with pytest.raises(Denied) as refusal:
            change_password(principal(stranger), user, guess, NEW)
        answers.add(refusal.value.message)
    assert len(answers) == 1
    assert change_password(principal(user), user, OLD, NEW).auth_epoch == 2
