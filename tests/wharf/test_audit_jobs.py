"""The purge as a job: what it drops, what it lists, what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from access.principal import AuthMethod
from access.table import P
from audit.streams import Stream
from config import audit_purge
from core.errors import ConfirmationNeeded, Conflict, InvalidInput
from database import sql
from jobs import leases
from jobs.progress import Progress
from tests.audit.sealing import Log, django_on, superuser_of
from tests.audit.test_purge import OLD, add
from tests.people import SYSTEM, make_user, principal
from wharf import audit_jobs
from wharf.subscriptions import KINDS


@pytest.fixture
def log(
    app_database_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker, settings: Any
) -> Iterator[Log]:
    """Five events of three months ago, sealed, and three of today."""
    with django_db_blocker.unblock(), django_on(app_database_url), superuser_of(app_database_url) as admin:
        made = Log(app_database_url, tmp_path, admin)
        settings.WHARF_AUDIT_KEY_FILE = made.keys
        add(made, "audit_event", 3)
        admin.execute(OLD.format(3))
        made.seal(3)
        yield made


def purged(**arguments: Any) -> dict[str, Any]:
    """A run from its beginning to its end, as a worker carries it out; its result, and how many items failed."""
    run = audit_purge.start(SYSTEM, **arguments)
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run.pk])
    claimed = leases.claim(run.pk)
    assert claimed is not None
    progress = Progress.of(*claimed)
    result = dict(audit_jobs.run_purge(progress, **run.arguments))
    progress.end()
    run.state = "succeeded"
    run.save(update_fields=["state"])
    return result | {"failed": progress.tracked.failed}


def test_a_run_drops_what_is_old_and_says_how_much(log: Log):
    assert purged(days=30)["rows"] == 5
    assert "rows" not in purged(days=30)
    log.seal()
    assert log.verify().found == 0
    lines = log.admin.execute("SELECT message FROM job_log").fetchall()
    assert [line for (line,) in lines] == ["dropped"]


def test_a_dry_run_drops_nothing(log: Log):
    assert purged(days=30, dry_run=True)["rows"] == 5
    assert purged(days=30, dry_run=True)["rows"] == 5


def test_settings_say_how_long_each_stream_is_kept(log: Log, configure: Any):
    assert audit_purge.kept_days() == {Stream.EVENTS: 400, Stream.PULLS: 90}
    assert "rows" not in purged()
    configure(audit_retention_days=30)
    assert audit_purge.kept_days() == {Stream.EVENTS: 30, Stream.PULLS: 90}
    assert "rows" not in purged(streams=[Stream.PULLS])
    assert purged()["rows"] == 5


def test_a_hold_refuses_a_run_and_stops_one_that_is_queued(log: Log, configure: Any):
    run = audit_purge.start(SYSTEM, days=30)
    configure(audit_legal_hold=True)
    with pytest.raises(Conflict, match="hold"):
        audit_purge.start(SYSTEM, days=30)
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run.pk])
    claimed = leases.claim(run.pk)
    assert claimed is not None
    assert audit_jobs.run_purge(Progress.of(*claimed), **run.arguments) == {"held": True}


def test_a_month_that_cannot_be_dropped_fails_alone(log: Log):
    log.admin.execute(OLD.format(3))  # not sealed
    assert purged(days=30)["failed"] == 1
    log.seal()
    assert purged(days=30)["rows"] == 10


def test_less_than_the_floor_is_refused(log: Log):
    with pytest.raises(InvalidInput, match="at least 30 days"):
        audit_purge.start(SYSTEM, days=29)


def test_it_is_a_kind_with_a_schedule():
    from wharf.default_schedules import DEFAULTS

    assert audit_purge.KIND in {kind.name for kind in KINDS}
    assert audit_purge.KIND in {default.kind for default in DEFAULTS}


def test_a_session_confirms_before_it_has_evidence_dropped(log: Log):
    admin = replace(principal(make_user("admin", is_admin=True)), auth=AuthMethod.SESSION, confirmed=False)
    for act in (
        lambda: audit_purge.start(admin, days=30),
        lambda: audit_purge.put_schedule(
            admin, P.PURGE_AUDIT_UPDATE, cron="0 0 * * *", wish=audit_purge.Wish()
        ),
    ):
        with pytest.raises(ConfirmationNeeded):
            act()
    assert audit_purge.start(replace(admin, confirmed=True), days=30).state == "queued"
