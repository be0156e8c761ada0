"""Passwords at the gate: who gets in, what a guess costs, whom a refusal touches, and what is written of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts import gate
from accounts.gate import credentials, limiter, uses
from accounts.gate.credentials import VerifiedCredentials
from accounts.models import AccessToken, User
from accounts.models.keys import TokenKind
from accounts.services.users import disable_user, set_password
from audit.models import AuditEvent
from core.errors import TooManyRequests, Unauthenticated
from tests import keys
from tests.people import SYSTEM, make_user, unique

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"
CHOSEN = "Chosen-secret-1"
ANOTHER = "Zebra crossing 9"
HERE = Origin("192.0.2.7", "docker/28", "request-1")
ELSEWHERE = Origin("198.51.100.7")
WHAT_NEXT = "try again in N seconds, or use an access token or a generated secret, which need not wait"
FAILURES = ["unknown", "wrong", "disabled", "no password", "malformed", "own secret"]


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())
    monkeypatch.setattr(uses, "_noted", uses.Noted())


def chosen_secret(user: User, **facts: Any) -> AccessToken:
    return AccessToken.objects.create(
        user=user, kind=TokenKind.CLI_SECRET, name="CLI secret", hash=make_password(CHOSEN), **facts
    )


def name_for(failure: str) -> str:
    if failure == "disabled":
        return make_user(password=PASSWORD, is_active=False).username
    if failure == "own secret":
        chosen_secret(user := make_user())
        return user.username
    if failure in ("wrong", "no password"):
        return make_user(password=PASSWORD if failure == "wrong" else "").username
    return unique("nobody") if failure == "unknown" else f"{unique('a')}:b c"


def refused(name: str, password: str, origin: Origin = HERE) -> str:
    """What the client is told."""
    with pytest.raises(Unauthenticated) as caught:
        gate.prove(name, password, origin)
    return caught.value.message


def events(operation: str, result: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(operation=operation, result=result).order_by("id"))


def test_a_right_password_proves_the_user_with_all_his_rights():
    user = make_user(password=PASSWORD, is_admin=True)
    assert gate.prove(user.username.upper(), PASSWORD, HERE) == Principal(
        ActorKind.USER, user.pk, user.username, is_admin=True, auth=AuthMethod.BASIC, origin=HERE, epoch=1
    )


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_costs_one_hash_and_says_the_same(failure: str, hashed: list[str]):
    name = name_for(failure)
    hashed.clear()
    assert refused(name, "Wrong-horse-1") == "user name or password is wrong"
    assert len(hashed) == 1


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_limited_alike(failure: str, hashed: list[str]):
    name = name_for(failure)
    hashed.clear()
    told = set()
    for _ in range(5):
        refused(name, "Wrong-horse-1")
    for _ in range(20):
        with pytest.raises(TooManyRequests) as caught:
            gate.prove(name, "Wrong-horse-1", HERE)
        told.add(caught.value.message.replace(str(caught.value.retry_after), "N"))
    assert len(hashed) == 5
    assert told == {f"too many attempts from your network did not succeed: {WHAT_NEXT}"}


def test_a_refusal_touches_nobody_who_needs_no_guess():
    user = make_user(password=PASSWORD)
    robot, token = keys.robot(keys.everywhere(keys.PULL)), keys.personal(user)
    assert gate.prove(user.username, PASSWORD, HERE).id
    for _ in range(5):
        refused(user.username, "wrong")
    with pytest.raises(TooManyRequests):
        gate.prove(user.username, "wrong", HERE)
    assert gate.prove(user.username, PASSWORD, HERE).id == user.pk  # right a moment ago
    with pytest.raises(TooManyRequests):  # a neighbour cannot guess at what is remembered
        gate.prove(user.username, PASSWORD, Origin("192.0.2.8"))
    assert gate.prove(user.username, PASSWORD, ELSEWHERE).id == user.pk
    assert gate.prove(user.username, token.secret, HERE).key_id == token.principal.key_id
    for _ in range(20):
        refused(robot.username, robot.secret + "x")
    assert gate.prove(robot.username, robot.secret, HERE).id == robot.principal.id


def test_a_password_that_would_be_right_is_not_looked_at_while_guesses_are_refused(hashed: list[str]):
    user = make_user(password=PASSWORD)
    for _ in range(5):
        refused(user.username, "wrong")
    hashed.clear()
    with pytest.raises(TooManyRequests):
        gate.prove(user.username, PASSWORD, HERE)
    assert hashed == []
    assert gate.prove(user.username, PASSWORD, ELSEWHERE).id == user.pk


def test_a_new_password_lets_in_at_once_who_was_kept_out():
    user = make_user(password=PASSWORD)
    for _ in range(5):
        refused(user.username, "wrong")
    set_password(SYSTEM, user, ANOTHER)
    assert gate.prove(user.username, ANOTHER, HERE).id == user.pk


def test_other_spellings_of_a_name_are_counted_as_his(hashed: list[str]):
    user = make_user("bill", password=PASSWORD)
    hashed.clear()
    for spelling in (str.upper, str.title, str.lower, lambda name: name.replace("bill", "\uff42ill")):
        for _ in range(4):
            with pytest.raises((Unauthenticated, TooManyRequests)):
                gate.prove(spelling(user.username), "wrong", HERE)
    assert len(hashed) == 5


def test_a_busy_client_costs_one_query_one_hash_and_one_event(
    hashed: list[str], django_assert_num_queries: Any
):
    user = make_user(password=PASSWORD)
    hashed.clear()
    gate.prove(user.username, PASSWORD, HERE)
    for _ in range(5):
        with django_assert_num_queries(1):
            gate.prove(user.username, PASSWORD, HERE)
    assert hashed == [PASSWORD]
    assert [event.actor_name for event in events("user.sign-in", "ok")] == [user.username]


def test_a_refusal_is_recorded_with_its_reason_and_the_name_that_was_tried():
    user = make_user(password=PASSWORD)
    disable_user(SYSTEM, user)
    refused(user.username, PASSWORD)
    refused("nobody\n-of-this-name", "wrong")
    first, second = events("user.sign-in", "denied")
    assert (first.resource_name, first.detail, first.auth) == (
        user.username,
        {"reason": "the account is disabled"},
        "basic",
    )
    assert (first.actor_kind, str(first.ip), first.request_id) == ("anonymous", HERE.ip, "request-1")
    assert second.resource_name.startswith("no\u2026 (20 characters, #")
    assert second.detail == {"reason": "there is no account of that name"}


def test_a_chosen_cli_secret_stands_for_a_password_there_is_not(
    hashed: list[str], django_assert_num_queries: Any
):
    row = chosen_secret(user := make_user())
    hashed.clear()
    for _ in range(3):
        found = gate.prove(user.username, CHOSEN, HERE)
        assert (found.auth, found.key_id, found.allowances) == (AuthMethod.CLI_SECRET, row.pk, None)
    assert hashed == [CHOSEN]
    with django_assert_num_queries(1):
        gate.prove(user.username, CHOSEN, HERE)
    row.delete()
    refused(user.username, CHOSEN)


@pytest.mark.parametrize("facts", [{"expires_at": "2020-01-01T00:00:00Z"}, {"networks": ["10.0.0.0/8"]}])
def test_a_chosen_cli_secret_out_of_time_or_place_is_refused(facts: dict[str, Any]):
    chosen_secret(user := make_user(), **facts)
    refused(user.username, CHOSEN)


def test_a_chosen_cli_secret_is_nothing_beside_a_password():
    chosen_secret(user := make_user(password=PASSWORD))
    refused(user.username, CHOSEN)


def test_a_session_is_opened_by_ones_own_password_alone():
    user = make_user(password=PASSWORD)
    other = make_user()
    chosen_secret(other)
    robot, token = keys.robot(), keys.personal(user)
    assert gate.prove_person(user.username, PASSWORD, HERE).auth is AuthMethod.BASIC
    assert events("user.sign-in", "ok") == []
    for name, secret in (
        (user.username, token.secret),
        (robot.username, robot.secret),
        (other.username, CHOSEN),
    ):
        with pytest.raises(Unauthenticated):
            gate.prove_person(name, secret, HERE)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            gate.prove_person(user.username, "wrong", ELSEWHERE)
    with pytest.raises(TooManyRequests):
        gate.prove_person(user.username, "wrong", ELSEWHERE)


def test_keys_are_never_shown_to_the_limiter(monkeypatch: pytest.MonkeyPatch):
    def counted(*_: object) -> None:
        raise AssertionError("a key was counted")

    monkeypatch.setattr(limiter, "guess", counted)
    user = make_user()
    for name, secret in (
        (user.username, "wharf_pat_junk"),
        (user.username, "wharf_cli_junk"),
        (user.username, "wharf_rob_junk"),
        ("robot$x", "wharf_rob_junk"),
    ):
        refused(name, secret)
