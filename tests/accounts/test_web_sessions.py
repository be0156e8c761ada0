"""Sessions of browsers: what begins one, finds it and ends it. Times are the database's: rows are made old by statements."""

from __future__ import annotations

from typing import Any

import pytest

from access.principal import AuthMethod, Origin
from access.table import P
from accounts.models import User, WebSession
from accounts.services import own_account, sessions, users
from audit.models import AuditEvent
from core.errors import Denied, NotFound, Unauthenticated
from database import sql
from jobs import leases, services
from jobs.progress import Progress
from tests.people import ORIGIN, SYSTEM, make_user, principal
from wharf import subscriptions

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
ELSEWHERE = Origin(ip="198.51.100.9", agent="other/1.0", request_id="req-other")


def start(user: User, sealed: str = "") -> str:
    return sessions.start(user, AuthMethod.BASIC, ORIGIN, sealed)


def found(key: str) -> sessions.Session:
    session = sessions.find(key, ORIGIN)
    assert session is not None
    return session


def is_open(key: str) -> bool:
    return sessions.find(key, ORIGIN) is not None


def make_older(column: str, interval: str) -> None:
    """All rows of this test; it is rolled back."""
    sql.execute(f"UPDATE web_session SET {column} = {column} - %s::interval", (interval,))


def operations(user: User) -> list[str]:
    events = AuditEvent.objects.filter(resource_type="user", resource_id=str(user.pk)).order_by("id")
    return list(events.values_list("operation", flat=True))


def test_the_key_finds_the_user_with_his_rights_and_the_origin_of_the_request():
    user = make_user(is_admin=True, is_auditor=True)
    session = sessions.find(start(user), ELSEWHERE)
    assert session is not None
    actor = session.principal
    assert (actor.id, actor.name, actor.is_admin, actor.is_auditor) == (user.pk, user.username, True, True)
    assert (actor.auth, actor.origin, actor.confirmed, actor.is_whole) == (
        AuthMethod.SESSION,
        ELSEWHERE,
        True,
        True,
    )
    assert session.auth is AuthMethod.BASIC


def test_finding_costs_one_statement(django_assert_num_queries: Any):
    key = start(make_user())
    found(key)
    with django_assert_num_queries(1):
        found(key)


def test_what_can_be_no_key_costs_no_statement(django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        assert [
            sessions.find(key, ORIGIN) for key in ("", "x", "ä" * 43, "a" * 42 + "\0", "a" * 44, "a" * 9999)
        ] == [None] * 6


def test_a_row_of_the_database_opens_nothing():
    key = start(make_user(), "an ID token")
    row = WebSession.objects.get()
    stolen = [str(getattr(row, each.attname)) for each in WebSession._meta.fields]
    stolen += [bytes(row.key_digest).hex(), repr(found(key))]
    assert key not in " ".join(stolen)
    assert "an ID token" not in " ".join(stolen)
    assert not any(is_open(value) for value in stolen)


def test_what_a_session_keeps_sealed_opens_with_its_own_key_alone():
    user = make_user()
    one, other = start(user, "an ID token"), start(user)
    assert sessions.opened(found(one)) == "an ID token"
    assert sessions.opened(found(other)) == ""
    rows = {each.sealed: each for each in WebSession.objects.all()}
    rows[""].sealed = next(filter(None, rows))
    rows[""].save()
    assert sessions.opened(found(other)) == ""


def test_a_sign_in_is_one_event_with_its_method():
    user = make_user()
    sessions.start(user, AuthMethod.OIDC, ORIGIN)
    event = AuditEvent.objects.get(operation="user.sign-in", actor_id=user.pk)
    assert (event.result, event.auth, event.ip) == ("ok", "oidc", ORIGIN.ip)


def test_a_session_ends_when_nobody_uses_it(configure: Any):
    configure(session_timeout=30)
    key = start(make_user())
    make_older("seen_at", "29 minutes")
    assert is_open(key)
    make_older("seen_at", "31 minutes")
    assert not is_open(key)


def test_use_keeps_a_session_but_not_beyond_its_lifetime(configure: Any):
    configure(session_timeout=30, session_lifetime=2)
    key = start(make_user())
    for _ in range(5):
        make_older("seen_at", "20 minutes")
        make_older("expires_at", "20 minutes")
        make_older("created_at", "20 minutes")
        assert is_open(key)
    make_older("expires_at", "21 minutes")
    assert not is_open(key)


def test_a_shorter_lifetime_counts_for_sessions_that_are_there(configure: Any):
    configure(session_lifetime=24)
    key = start(make_user())
    make_older("created_at", "3 hours")
    assert is_open(key)
    configure(session_lifetime=2)
    assert not is_open(key)


def test_use_is_noted_once_a_minute(django_assert_num_queries: Any):
    key = start(make_user())
    make_older("seen_at", "61 seconds")
    found(key)
    assert sql.value("SELECT seen_at = now() FROM web_session") is True
    with django_assert_num_queries(1):
        found(key)


@pytest.mark.parametrize(
    "loss",
    [
        lambda user: users.disable_user(SYSTEM, user),
        lambda user: users.set_admin(SYSTEM, user, value=False),
        lambda user: users.set_password(SYSTEM, user, PASSWORD),
        lambda user: users.end_sessions(user.pk),
        lambda user: users.remove_user(SYSTEM, user),
    ],
    ids=["disabled", "no administrator", "password by somebody else", "a role lost", "removed"],
)
def test_a_lost_right_ends_every_session_at_once(loss: Any):
    make_user(password=PASSWORD, is_admin=True)  # somebody stays
    user = make_user(is_admin=True)
    keys = [start(user), start(user)]
    loss(user)
    assert [is_open(key) for key in keys] == [False, False]


def test_a_proof_from_before_a_lost_right_begins_no_session():
    user = make_user()
    proven = User.objects.get(pk=user.pk)
    users.end_sessions(user.pk)
    with pytest.raises(Unauthenticated):
        start(proven)
    assert WebSession.objects.count() == 0


def test_signing_out_ends_this_session_alone():
    user = make_user()
    here, there = start(user), start(user)
    sessions.end(found(here))
    assert (is_open(here), is_open(there)) == (False, True)
    assert operations(user)[-1] == "user.sign-out"


def test_people_end_their_own_sessions_and_administrators_everybodys():
    user, other, admin = make_user(), make_user(), principal(make_user(is_admin=True))
    keys = [start(user) for _ in range(3)]
    ids = [found(key).id for key in keys]
    assert [each.id for each in sessions.sessions_of(principal(user), user)] == ids[::-1]
    sessions.end_one(principal(user), user, ids[0])
    with pytest.raises(Denied):
        sessions.end_one(principal(other), user, ids[1])
    with pytest.raises(Denied):
        sessions.sessions_of(principal(other), user)
    with pytest.raises(NotFound):
        sessions.end_one(admin, other, ids[1])
    assert [is_open(key) for key in keys] == [False, True, True]
    assert sessions.end_all(principal(user), user, but=ids[1]) == 1
    assert [is_open(key) for key in keys] == [False, True, False]
    assert sessions.end_all(admin, user) == 1
    assert operations(user).count("session.revoke") == 3
    assert AuditEvent.objects.filter(permission=str(P.SESSION_DELETE), result="denied").count() == 1


def test_another_password_ends_all_sessions_but_the_one_it_was_changed_in():
    user = make_user(password=PASSWORD)
    here, there = start(user), start(user)
    session = found(here)
    own_account.change_password(
        session.principal, user, PASSWORD, "another horse battery", session_id=session.id
    )
    assert (is_open(here), is_open(there)) == (True, False)


def test_beyond_fifty_the_session_unused_for_longest_goes():
    user, other = make_user(), make_user()
    kept, first = start(other), start(user)
    make_older("seen_at", "2 minutes")
    keys = [start(user) for _ in range(sessions.PER_PERSON)]
    assert not is_open(first)
    assert is_open(kept)
    assert all(is_open(key) for key in keys)
    assert WebSession.objects.filter(user=user).count() == sessions.PER_PERSON


def test_ended_rows_are_forgotten_and_living_ones_stay():
    lost, living = make_user(), make_user()
    start(lost), start(living)
    old = start(living)
    WebSession.objects.filter(pk=found(old).id).update(expires_at="2001-01-01T00:00:00Z")
    users.end_sessions(lost.pk)
    assert sessions.forget_ended() == 2
    assert list(WebSession.objects.values_list("user_id", flat=True)) == [living.pk]


def test_the_job_that_keeps_house_forgets_them():
    user = make_user()
    start(user)
    users.end_sessions(user.pk)
    run = services.start("jobs.housekeeping", actor=SYSTEM)
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run.pk])
    claimed = leases.claim(run.pk)
    assert claimed is not None
    (kind,) = [each for each in subscriptions.KINDS if each.name == "jobs.housekeeping"]
    assert (kind.body(Progress.of(*claimed)) or {})["sessions"] == 1
