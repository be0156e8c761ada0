"""What is noted of those who come: once in five minutes by actor, key, address and method; and when it cannot be."""

from __future__ import annotations

import time

import psycopg
import pytest
from django.db import InternalError, connection

from access.principal import AuthMethod, Origin
from accounts import gate
from accounts.gate import credentials, uses
from accounts.gate.credentials import VerifiedCredentials
from accounts.models import AccessToken, Robot
from audit import sign_ins
from audit.models import AuditEvent
from core.errors import Unavailable
from database import sql
from tests import keys
from tests.people import make_user, principal

pytestmark = pytest.mark.django_db
AT_ONCE = 3.0
PASSWORD = "correct horse"
HERE, ELSEWHERE = Origin("192.0.2.7", "docker/28"), Origin("198.51.100.7")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())
    monkeypatch.setattr(uses, "_noted", uses.Noted())


def signed_in(operation: str = "user.sign-in") -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(operation=operation, result="ok").order_by("id"))


def test_the_first_use_of_a_robot_is_noted_in_its_row_and_the_audit_log():
    key = keys.robot(keys.everywhere(keys.PULL))
    for _ in range(5):
        gate.prove(key.username, key.secret, HERE)
    row = Robot.objects.get(pk=key.principal.id)
    assert (row.last_used_ip, row.last_used_at is not None) == (HERE.ip, True)
    (event,) = signed_in("robot.sign-in")
    assert (event.actor_kind, event.actor_id, event.actor_name, event.auth) == (
        "robot",
        row.pk,
        key.username,
        "robot",
    )
    assert (event.resource_type, event.resource_name, str(event.ip), event.agent) == (
        "robot",
        key.username,
        HERE.ip,
        HERE.agent,
    )


def test_the_first_use_of_a_token_names_the_token():
    key = keys.personal(user := make_user())
    gate.prove(user.username, key.secret, HERE)
    assert AccessToken.objects.get(pk=key.principal.key_id).last_used_ip == HERE.ip
    (event,) = signed_in()
    assert (event.auth, event.detail) == ("pat", {"proof": {"key": key.principal.key_id}})


def test_another_address_another_key_and_another_method_are_noted_too():
    user = make_user(password=PASSWORD)
    first, second = keys.personal(user), keys.personal(user)
    for secret in (PASSWORD, first.secret, second.secret):
        for origin in (HERE, ELSEWHERE, HERE):
            gate.prove(user.username, secret, origin)
    assert [event.auth for event in signed_in()] == ["basic"] * 2 + ["pat"] * 4


def test_it_is_noted_again_after_five_minutes_and_what_is_remembered_is_bounded():
    noted = uses.Noted(seconds=300, maximum=2)
    noted.done("ann", 0)
    assert [noted.is_due("ann", now) for now in (1, 299, 300.5)] == [False, False, True]
    noted.done("ann", 301)
    for name in ("bob", "eve"):
        noted.done(name, 301)
    assert noted.is_due("ann", 302)
    assert not noted.is_due("bob", 302)


def test_of_two_at_once_the_second_is_not_let_in_on_what_the_first_could_not_write(
    monkeypatch: pytest.MonkeyPatch,
):
    key, tried = keys.robot(), []

    def away(_principal: object) -> None:
        tried.append(1)
        if len(tried) == 1:
            with pytest.raises(Unavailable):
                gate.prove(key.username, key.secret, HERE)
        raise InternalError("away")

    monkeypatch.setattr(uses, "_write", away)
    with pytest.raises(Unavailable):
        gate.prove(key.username, key.secret, HERE)
    assert len(tried) == 2


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_row_that_is_being_changed():
    key, where = keys.robot(), connection.settings_dict
    with psycopg.connect(host=where["HOST"], dbname=where["NAME"], user=where["USER"]) as rotating:
        rotating.execute("SELECT FROM robot WHERE id = %s FOR UPDATE", [key.principal.id])
        begun = time.monotonic()
        assert gate.prove(key.username, key.secret, HERE).id
        assert time.monotonic() - begun < AT_ONCE
    assert len(signed_in("robot.sign-in")) == 1


def test_who_cannot_be_recorded_can_try_again(monkeypatch: pytest.MonkeyPatch):
    key = keys.robot()
    sql.execute("SET TRANSACTION READ ONLY")
    with pytest.raises(Unavailable) as caught:
        gate.prove(key.username, key.secret, HERE)
    assert isinstance(caught.value.__cause__, InternalError)
    assert not connection.needs_rollback
    monkeypatch.setattr(uses, "_write", lambda _principal: None)
    assert gate.prove(key.username, key.secret, HERE).id


def test_each_session_is_an_event_of_its_own():
    user = make_user()
    for _ in range(2):
        sign_ins.record(principal(user), AuthMethod.OIDC, provider="https://id.example.org")
    first, second = signed_in()
    assert (first.auth, first.actor_id, first.resource_id) == ("oidc", user.pk, str(user.pk))
    assert second.detail == {"provider": "https://id.example.org"}
