"""`wharf session`, as a person at the machine types it."""

from __future__ import annotations

import pytest

from access.principal import AuthMethod, Origin
from accounts.models import User
from accounts.services import sessions
from audit.models import AuditEvent
from tests.people import ORIGIN, SYSTEM, make_user
from tests.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def begin(user: User) -> tuple[str, int]:
    """Key and number of a new session."""
    key = sessions.start(user, AuthMethod.BASIC, ORIGIN)
    session = sessions.find(key, ORIGIN)
    assert session is not None
    return key, session.id


def test_the_list_tells_from_where_and_since_when(shell: Shell):
    user = make_user()
    key, number = begin(user)
    begin(make_user())
    (found,) = shell.json("session", "list", user.username)
    assert (found["id"], found["method"], found["ip"], found["agent"]) == (
        number,
        "basic",
        ORIGIN.ip,
        ORIGIN.agent,
    )
    assert key not in shell.run("session", "list", user.username)[1]


def test_one_session_is_ended_or_all_of_them(shell: Shell):
    user = make_user()
    begun = [begin(user) for _ in range(3)]
    status, out, _ = shell.run("session", "end", user.username, str(begun[0][1]))
    assert (status, out) == (0, f"1 session of {user.username} ended\n")
    assert [sessions.find(key, ORIGIN) is None for key, _ in begun] == [True, False, False]
    assert shell.json("session", "end", user.username, "--all") == {"name": user.username, "ended": 2}
    assert [sessions.find(key, ORIGIN) for key, _ in begun] == [None] * 3
    events = AuditEvent.objects.filter(operation="session.revoke", resource_id=str(user.pk))
    assert {event.actor_kind for event in events} == {"system"}
    assert events.count() == 2


def test_who_has_none_is_told_so(shell: Shell):
    name = make_user().username
    assert shell.run("session", "end", name, "--all")[:2] == (0, f"{name} has no session\n")


def test_what_a_browser_called_itself_moves_nothing_on_the_screen(shell: Shell):
    user = make_user()
    sessions.start(user, AuthMethod.BASIC, Origin(ip="192.0.2.1", agent="a\x1b[2Jb\n\t\u202ec\x9bd"))
    out = shell.run("session", "list", user.username)[1]
    assert len(out.splitlines()) == 2
    assert all(each.isprintable() for each in out.replace("\n", ""))
    assert "a\ufffd[2Jb" in out


def test_which_one_must_be_said(shell: Shell):
    user = make_user()
    begin(user)
    for given in ([], ["1", "--all"]):
        status, _, err = shell.run("session", "end", user.username, *given)
        assert (status, "give its number" in err) == (1, True)
    status, _, err = shell.run("session", "end", user.username, "999999999999999999999")
    assert status == 2
    assert len(sessions.sessions_of(SYSTEM, user)) == 1


def test_a_session_that_is_not_there_is_told(shell: Shell):
    user = make_user()
    status, _, err = shell.run("session", "end", user.username, "123456789")
    assert (status, "it may have ended by itself" in err) == (1, True)
