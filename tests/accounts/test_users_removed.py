"""What is left of a person once his account is removed: nothing but what the audit log keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from access.principal import AuthMethod, Origin
from access.table import Role
from accounts.models import Group, GroupMember, Identity, Robot, Source, User
from accounts.services import access_tokens, sessions, users
from accounts.services.access_tokens import WantedToken
from accounts.services.forgetting import EVENT
from artifacts import statistics
from artifacts.models import Artifact, Repository, Tag
from config import services as settings
from database import sql
from jobs import events, schedules
from jobs import services as jobs
from jobs.models import Outbox
from projects.services.members import add_member
from projects.services.projects import create_project
from tests.people import SYSTEM, make_project, make_user, principal, unique
from wharf.subscriptions import SUBSCRIPTIONS, _forget_person

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"

# The audit log says who did what, for as long as it is kept (docs/decisions/0010).
KEPT = "audit_event"


class _Quiet:
    """Of a run's progress, what the body uses."""

    def phase(self, name: str, **_: object) -> None:
        pass

    def advance(self, n: int = 1) -> None:
        pass


def forget(user_id: int) -> None:
    _forget_person(_Quiet(), user_id)  # type: ignore[arg-type]


def tables_with(text: str) -> dict[str, int]:
    """Every table of the database, and how many of its rows hold the text anywhere, in any case of letters."""
    names = sql.rows(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'"
    )
    found = {}
    for (table,) in names:
        count = sql.value(
            f"SELECT count(*) FROM {table} held WHERE strpos(lower(held::text), lower(%s)) > 0", (text,)
        )
        if count:
            found[table] = count
    return found


def _pushes(user: User, name: str) -> Artifact:
    """Rows as a push by that name leaves them."""
    actor = {"actor_kind": "user", "actor_id": user.pk, "actor_name": name}
    project = make_project()
    repository = Repository.objects.create(
        project=project, name=f"{project.name}/app", visible_at=datetime.now(UTC)
    )
    artifact = Artifact.objects.create(
        repository=repository,
        digest=uuid4().bytes * 2,
        media_type="application/vnd.oci.image.manifest.v1+json",
        payload=b"{}",
        kind=Artifact.Kind.IMAGE,
        pinned_until=datetime.now(UTC),
        pushed_by=name,
    )
    Tag.objects.create(repository=repository, name="v1", artifact=artifact, version_key="1", pushed_by=name)
    sql.execute(
        "INSERT INTO tag_event (repository_id, name, kind, new_digest, actor_kind, actor_id, actor_name) "
        "VALUES (%(repository)s, 'v1', 'create', %(digest)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s)",
        {"repository": repository.pk, "digest": artifact.digest, **actor},
    )
    sql.execute(
        "INSERT INTO upload (id, repository_id, actor_kind, actor_id, actor_name, expires_at) "
        "VALUES (%(id)s, %(repository)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, now())",
        {"id": uuid4(), "repository": repository.pk, **actor},
    )
    statistics.fold()
    return artifact


def _a_life() -> tuple[User, dict[str, str]]:
    """A person who has done everything that leaves his name somewhere; and the words that tell of him."""
    words = {key: f"{key}{uuid4().hex}" for key in ("name", "mail", "person", "dn", "agent")}
    user = users.create_user(
        SYSTEM,
        words["name"],
        password=PASSWORD,
        email=f"{words['mail']}@example.org",
        full_name=f"Ann {words['person']}",
        is_admin=True,
    )
    actor = principal(user)
    Identity.objects.create(
        user=user, source=Source.LDAP, subject=unique("s"), name=words["name"], dn=words["dn"]
    )
    GroupMember.objects.create(user=user, group=Group.objects.create(name=unique("group")))
    sessions.start(user, AuthMethod.BASIC, Origin(ip="192.0.2.7", agent=words["agent"]))
    access_tokens.create_access_token(actor, user, WantedToken(f"of {words['name']}", None))
    access_tokens.new_cli_secret(actor, user)
    project = create_project(actor, unique("project"))
    add_member(actor, project, make_user(), Role.GUEST)
    add_member(SYSTEM, project, make_user(), Role.PROJECT_ADMIN)
    Robot.objects.create(
        name=unique("bot"), created_by_kind="user", created_by_id=user.pk, created_by_name=words["name"]
    )
    jobs.pause_queue(actor, "maintenance")
    schedules.create(actor, "uploads.reap", cron="@every 1h")
    settings.change(actor, {"token_expiration": 7})
    jobs.start("uploads.reap", actor=actor)
    events.publish("something.happened", {}, actor=actor)
    _pushes(user, words["name"])
    return user, words


def test_nothing_personal_is_left_outside_the_audit_log():
    make_user(is_admin=True, password=PASSWORD)
    user, words = _a_life()
    expected = {
        "account_user",
        "account_identity",
        "access_token",
        "member",
        "robot",
        "artifact",
        "tag",
        "tag_event",
    }
    assert expected | {
        "repository_stats",
        "upload",
        "job_run",
        "job_outbox",
        "job_queue",
        "job_schedule",
        "setting",
    } <= set(tables_with(words["name"]))
    assert tables_with(words["agent"])
    id_ = user.pk
    users.remove_user(SYSTEM, user)
    here = {
        "account_user",
        "account_identity",
        "access_token",
        "web_session",
        "user_group_member",
        "robot",
        "signing_key",
    }
    assert not here & set(tables_with(words["name"]))
    forget(id_)
    for word in words.values():
        assert set(tables_with(word)) <= {KEPT}, word
    assert {"member", "robot", "artifact", "tag", "tag_event"} <= set(tables_with(f"deleted user {id_}"))
    assert Robot.objects.filter(created_by_id=id_, created_by_name=f"deleted user {id_}").exists()


def test_every_column_that_may_hold_a_name_is_known():
    """A new one is taken care of by the run (wharf/subscriptions.py) before it is added here."""
    columns = sql.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'character varying') AND table_name !~ '^(django|auth|audit_event|audit_pull)' "
        "AND column_name ~ '(_by|_by_name|actor_name|user_?name|full_name|e_?mail)$'"
    )
    assert {f"{table}.{column}" for table, column in columns} == {
        "account_user.username",
        "account_user.email",
        "account_user.full_name",
        "account_user.disabled_by",
        "member.created_by_name",
        "robot.created_by_name",
        "artifact.pushed_by",
        "tag.pushed_by",
        "tag_event.actor_name",
        "repository_stats.last_push_by",
        "upload.actor_name",
        "setting.changed_by",
        "job_run.actor_name",
        "job_outbox.actor_name",
        "job_queue.paused_by",
        "job_schedule.changed_by",
    }


def test_the_event_of_the_removal_repeats_neither_mail_nor_full_name():
    make_user(is_admin=True, password=PASSWORD)
    user, words = _a_life()
    id_ = user.pk
    users.remove_user(SYSTEM, user)
    detail = sql.value(
        "SELECT detail::text FROM audit_event WHERE operation = 'user.delete' AND resource_id = %s",
        (str(id_),),
    )
    assert words["name"] in detail
    assert words["mail"] not in detail
    assert words["person"] not in detail


def test_the_removal_starts_the_run_that_forgets_by_id_alone():
    user = make_user()
    id_, name = user.pk, user.username
    users.remove_user(SYSTEM, user)
    (event,) = Outbox.objects.filter(event=EVENT, subject_id=str(id_))
    assert event.payload == {"user_id": id_}
    assert name not in str(vars(event))
    assert [each.kind for each in SUBSCRIPTIONS[EVENT]] == ["people.forget"]


def _named(user: User, operation: str, hours_ago: int, **detail: dict[str, str]) -> None:
    sql.execute(
        "INSERT INTO audit_event (ts, actor_kind, actor_id, actor_name, auth, operation, result, resource_type, resource_id, "
        "detail) VALUES (now() - make_interval(hours => %s), 'system', 0, 'tests', 'cli', %s, 'ok', 'user', %s, %s::jsonb)",
        (hours_ago, operation, str(user.pk), json.dumps(detail)),
    )


def test_a_name_he_gave_up_is_his_only_while_it_was():
    user, old, new = make_user(), unique("old"), unique("new")
    _named(user, "user.create", 20, after={"username": old})
    _named(user, "user.rename", 10, before={"username": old}, after={"username": new})
    User.objects.filter(pk=user.pk).update(username=new)
    pushed = {}
    for name, hours in [(old, 30), (old, 15), (old, 5), (new, 5), (new, 15)]:
        artifact = _pushes(make_user(), name)
        Artifact.objects.filter(pk=artifact.pk).update(pushed_at=datetime.now(UTC) - timedelta(hours=hours))
        pushed[name, hours] = artifact.pk
    id_ = user.pk
    users.remove_user(SYSTEM, User.objects.get(pk=id_))
    forget(id_)
    his = {
        each for each, pk in pushed.items() if Artifact.objects.get(pk=pk).pushed_by == f"deleted user {id_}"
    }
    assert his == {(old, 15), (new, 5)}
