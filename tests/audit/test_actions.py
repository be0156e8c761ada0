"""Permission, transaction and event together."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from access.principal import Origin
from access.table import P
from accounts.models import User
from audit import recorder
from audit.actions import Draft, action
from audit.models import AuditEvent
from core.errors import Conflict, Denied, ProjectUnknown, QuotaExceeded
from projects.queries import ref
from tests.people import SYSTEM, make_project, make_user, people_of, principal, unique

pytestmark = pytest.mark.django_db


def events(name: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(operation=name))


def change_and_raise(user: User, error: Exception, draft: Draft | None = None) -> None:
    if draft is not None:
        draft.resource("user", user.pk, user.username)
    User.objects.filter(pk=user.pk).update(email="x@example.org")
    raise error


def test_an_act_writes_one_event_with_all_its_facts():
    project, name = make_project(), unique("test")
    developer = people_of(project).developer
    with action(developer, P.TAG_CREATE, ref(project), name=name) as draft:
        draft.resource("tag", 7, f"{project.name}/app:1")
        draft.before({"digest": "old"})
        draft.after({"digest": "new"})
    (event,) = events(name)
    assert (event.actor_kind, event.actor_id, event.actor_name) == ("user", developer.id, developer.name)
    assert (event.auth, event.ip, event.agent, event.request_id) == (
        "session",
        "192.0.2.7",
        "test/1.0",
        "req-test",
    )
    assert (event.permission, event.result, event.project_id) == ("tag:create", "ok", project.pk)
    assert (event.resource_type, event.resource_id, event.resource_name) == (
        "tag",
        "7",
        f"{project.name}/app:1",
    )
    assert event.detail == {"before": {"digest": "old"}, "after": {"digest": "new"}}


def test_an_exception_rolls_back_the_act_and_its_event():
    user, name = make_user(), unique("test")
    with pytest.raises(Conflict), action(SYSTEM, P.USER_UPDATE, name=name):
        change_and_raise(user, Conflict("no"))
    user.refresh_from_db()
    assert user.email == ""
    assert events(name) == []


def test_an_event_that_cannot_be_written_rolls_back_the_act(monkeypatch: pytest.MonkeyPatch):
    user, name = make_user(), unique("test")
    broken = recorder._INSERT.replace("audit_event", "no_such_table")
    monkeypatch.setattr(recorder, "_INSERT", broken)
    with pytest.raises(DatabaseError), action(SYSTEM, P.USER_UPDATE, name=name):
        User.objects.filter(pk=user.pk).update(email="x@example.org")
    user.refresh_from_db()
    assert user.email == ""


def test_a_discarded_draft_writes_no_event_but_keeps_the_act():
    user, name = make_user(), unique("test")
    with action(SYSTEM, P.USER_UPDATE, name=name) as draft:
        User.objects.filter(pk=user.pk).update(email="x@example.org")
        draft.discard()
    user.refresh_from_db()
    assert user.email == "x@example.org"
    assert events(name) == []


def test_a_refused_permission_runs_nothing_and_is_recorded_as_denied():
    project, name, ran = make_project(), unique("test"), []
    guest = people_of(project).guest
    with pytest.raises(Denied), action(guest, P.TAG_DELETE, ref(project), name=name, repository="p/app"):
        ran.append(1)
    (event,) = events(name)
    assert ran == []
    assert (event.result, event.permission, event.project_id) == ("denied", "tag:delete", project.pk)
    assert (event.resource_type, event.resource_name) == ("repository", "p/app")
    assert "maintainer" in event.detail["reason"]


def test_an_outsiders_attempt_is_recorded_with_the_project_he_may_not_know_of():
    project, name = make_project(), unique("test")
    outsider = principal(make_user())
    with pytest.raises(ProjectUnknown), action(outsider, P.REPOSITORY_PUSH, ref(project), name=name):
        pass
    (event,) = events(name)
    assert (event.result, event.project_id, event.actor_id) == ("denied", project.pk, outsider.id)


def test_a_refusal_inside_the_act_is_rolled_back_and_recorded():
    user, name = make_user(), unique("test")
    with pytest.raises(QuotaExceeded), action(SYSTEM, P.USER_UPDATE, name=name) as draft:
        change_and_raise(user, QuotaExceeded("full"), draft)
    user.refresh_from_db()
    (event,) = events(name)
    assert user.email == ""
    assert (event.result, event.resource_name, event.detail) == ("denied", user.username, {"reason": "full"})


@pytest.mark.parametrize(
    ("detail", "stored"),
    [
        ({"text": "nul\0 and \ud800 alone"}, {"text": "nul\ufffd and \ufffd alone"}),
        ({"password": "hunter2", "deep": {"api_key": "x", "password_changed": True}},
         {"password": "***", "deep": {"api_key": "***", "password_changed": True}}),
        ({"n": float("nan"), "items": (1, 2)}, {"n": "nan", "items": [1, 2]}),
        ({"k\0ey": 1}, {"k\ufffdey": 1}),
    ],
)  # fmt: skip
def test_no_detail_breaks_the_act_or_leaks_a_secret(detail: dict[str, Any], stored: dict[str, Any]):
    name = unique("test")
    with action(SYSTEM, P.USER_UPDATE, name=name) as draft:
        draft.detail.update(detail)
    assert events(name)[0].detail == stored


@pytest.mark.parametrize("ip", ["not an address", "", "192.0.2.1, 10.0.0.1", None])
def test_an_address_that_is_none_is_stored_as_null(ip: str | None):
    name = unique("test")
    actor = principal(make_user(is_admin=True), origin=Origin(ip=ip, agent="a\r\nforged line\0" + "x" * 500))
    with action(actor, P.USER_UPDATE, name=name):
        pass
    (event,) = events(name)
    assert event.ip is None
    assert event.agent.startswith("a\ufffd\ufffdforged line\ufffd")
    assert len(event.agent) == 256


def test_an_event_costs_one_statement(django_assert_num_queries: Any):
    # savepoint, insert, release: the test itself runs inside a transaction
    with django_assert_num_queries(3), action(SYSTEM, P.USER_UPDATE, name=unique("test")):
        pass
