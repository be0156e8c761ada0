"""Large exports as jobs: made with the rights of who asked, downloadable by him alone, told in the log."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from access.models import Member
from access.principal import ActorKind, Principal
from access.table import Role
from accounts.models import User
from audit.export.exporting import Wish
from audit.export.formats import Format
from audit.models import AuditEvent
from audit.reading.filter import Filter
from config import audit_export
from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import Conflict, Denied
from database import sql
from jobs import leases, outputs, runner
from jobs.models import Output, Run, State
from jobs.outputs import OutputUnknown
from jobs.queries import RunUnknown
from tests.audit.sealing import Log, django_on, superuser_of
from tests.audit.test_export import MANY, act
from tests.people import SYSTEM, make_member, make_project, make_user, principal

WISH = Wish(Filter(operations=("test.many",)), Format.JSONL)


@pytest.fixture
def log(
    app_database_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker, settings: Any
) -> Iterator[Log]:
    """Forty events of people and five hundred lines of nobody's, and a storage."""
    with django_db_blocker.unblock(), django_on(app_database_url), superuser_of(app_database_url) as admin:
        FilesystemBlobStore(tmp_path / "storage").prepare()
        settings.WHARF_STORAGE = f"file://{tmp_path / 'storage'}"
        admin.execute(MANY, [500])
        yield Log(app_database_url, tmp_path, admin)


@pytest.fixture
def auditor(log: Log) -> Principal:
    return principal(make_user("auditor", is_auditor=True))


def done(run: Run) -> Run:
    """As a worker would; the run as it is then."""
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run.pk])
    runner.perform(run.pk)
    return Run.objects.get(pk=run.pk)


def content(actor: Principal, run: Run) -> bytes:
    _, opened = audit_export.download(actor, run.pk)
    with opened:
        return opened.read()


def events(operation: str, result: str = "ok") -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(operation=operation, result=result).order_by("id"))


def test_a_file_is_made_and_downloaded_with_its_checksum_and_each_step_is_an_event(
    log: Log, auditor: Principal
) -> None:
    run = done(audit_export.start(auditor, WISH))
    assert (run.state, run.error) == (State.SUCCEEDED, "")
    found = audit_export.execution(auditor, run.pk).output
    assert found is not None
    lines = content(auditor, run).splitlines()
    assert [json.loads(line)["detail"]["n"] for line in lines] == list(range(1, 501))
    assert found.sha256 == hashlib.sha256(content(auditor, run)).hexdigest() == run.result["sha256"]
    assert (run.result["rows"], run.result["bytes"], run.done) == (500, found.size, 500)
    (begun,), (ended,) = events("audit.export-start"), events("audit.export")
    assert begun.detail["after"]["filter"]["operations"] == ["test.many"]
    assert (ended.actor_id, ended.detail["after"]["rows"], ended.detail["after"]["sha256"]) == (
        auditor.id,
        500,
        found.sha256,
    )
    assert [each.detail["after"]["sha256"] for each in events("audit.export-download")] == [found.sha256] * 2


def test_nobody_else_sees_or_downloads_it(log: Log, auditor: Principal) -> None:
    run = done(audit_export.start(auditor, WISH))
    admin = principal(make_user("admin", is_admin=True))
    for other in (admin, SYSTEM, principal(make_user("other", is_auditor=True))):
        assert list(audit_export.executions(other)) == []
        with pytest.raises(RunUnknown):
            audit_export.download(other, run.pk)
    assert [each.pk for each in audit_export.executions(auditor)] == [run.pk]


def test_a_key_for_some_of_his_rights_and_a_robot_get_no_file(log: Log, auditor: Principal) -> None:
    narrowed = replace(auditor, allowances=())
    robot = Principal(ActorKind.ROBOT, 5, "robot$x", allowances=())
    for actor in (narrowed, robot):
        with pytest.raises(Denied):
            audit_export.start(actor, WISH)
    assert len(events("audit.export-start", "denied")) == 2


def test_who_loses_the_right_before_it_is_made_gets_no_file(log: Log, auditor: Principal) -> None:
    run = audit_export.start(auditor, WISH)
    User.objects.filter(pk=auditor.id).update(is_auditor=False)
    run = done(run)
    assert (run.state, run.error) == (State.FAILED, audit_export.CHANGED)
    with pytest.raises(OutputUnknown, match="no file"):
        audit_export.download(replace(auditor, is_auditor=True), run.pk)


def test_who_is_disabled_meanwhile_gets_no_file(log: Log, auditor: Principal) -> None:
    run = audit_export.start(auditor, WISH)
    User.objects.filter(pk=auditor.id).update(is_active=False)
    assert "no longer here" in done(run).error


def test_who_loses_the_right_afterwards_can_no_longer_download_it(log: Log, auditor: Principal) -> None:
    run = done(audit_export.start(auditor, WISH))
    with pytest.raises(Denied, match="has changed"):
        audit_export.download(replace(auditor, is_auditor=False), run.pk)
    assert len(events("audit.export-download", "denied")) == 1


def test_a_project_admin_has_the_log_of_his_project_made_into_a_file(log: Log) -> None:
    project = make_project()
    user = make_member(project, Role.PROJECT_ADMIN)
    act(SYSTEM, project.pk)
    act(SYSTEM, None)
    wish = Wish(Filter(operations=("tag.delete",)), Format.JSONL)
    run = done(audit_export.start(principal(user), wish))
    assert [json.loads(line)["project_id"] for line in content(principal(user), run).splitlines()] == [
        project.pk
    ]
    Member.objects.filter(user=user).delete()
    with pytest.raises(Denied, match="has changed"):
        audit_export.download(principal(user), run.pk)


def test_a_person_has_so_many_under_way_and_no_more(log: Log, auditor: Principal) -> None:
    for _ in range(audit_export.MOST_AT_ONCE):
        audit_export.start(auditor, WISH)
    with pytest.raises(Conflict, match="under way"):
        audit_export.start(auditor, WISH)
    audit_export.start(SYSTEM, WISH)


def test_so_many_at_the_same_time_and_no_more(log: Log, auditor: Principal) -> None:
    together = threading.Barrier(8)

    def asks() -> None:
        together.wait()
        try:
            with suppress(Conflict):
                audit_export.start(auditor, WISH)
        finally:
            connection.close()

    people = [threading.Thread(target=asks) for _ in range(8)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert audit_export.executions(auditor).count() == audit_export.MOST_AT_ONCE


def test_the_newest_files_of_a_person_are_kept(log: Log, auditor: Principal) -> None:
    other = done(audit_export.start(SYSTEM, WISH))
    runs = [done(audit_export.start(auditor, WISH)) for _ in range(outputs.MOST + 1)]
    assert [each.output is not None for each in audit_export.with_outputs([other, *runs])] == [
        True,
        False,
        *[True] * outputs.MOST,
    ]
    assert [each.pk for each in runs[1:]] == sorted(outputs.kept(each.pk for each in runs))


def test_an_export_leaves_room_for_pushes(
    log: Log, auditor: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "ROOM_BYTES", 1)
    rooms = iter([True])
    monkeypatch.setattr(FilesystemBlobStore, "has_room", lambda _: next(rooms, False))
    run = done(audit_export.start(auditor, WISH))
    assert "nearly full" in run.error
    assert audit_export.execution(auditor, run.pk).output is None
    assert not Output.objects.exists()


def test_what_is_written_while_a_job_waits_is_not_in_its_file(log: Log, auditor: Principal) -> None:
    run = audit_export.start(auditor, WISH)
    log.admin.execute(MANY.replace("- interval '1 h'", ""), [5])
    assert done(run).result["rows"] == 500


def test_a_file_that_is_not_finished_cannot_be_downloaded(log: Log, auditor: Principal) -> None:
    run = audit_export.start(auditor, WISH)
    assert audit_export.execution(auditor, run.pk).output is None
    with pytest.raises(OutputUnknown, match="not finished"):
        audit_export.download(auditor, run.pk)
    assert leases.claim(run.pk) is None  # nobody has handed it out yet


def test_it_is_kept_for_the_days_of_the_setting(log: Log, auditor: Principal, configure: Any) -> None:
    configure(audit_export_days=30)
    run = done(audit_export.start(auditor, WISH))
    output = audit_export.execution(auditor, run.pk).output
    assert output is not None
    assert output.expires_at is not None
    assert 29 <= (output.expires_at - output.created_at).days <= 30
