"""A log that is brought back in another cluster, which counts transactions anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from audit.seal import blocks, keys, sealer
from audit.seal.findings import Kind
from tests import plugin, session
from tests.audit.sealing import Log, django_on, superuser_of
from wharf import embedded
from wharf.backup import dumping
from wharf.layout import DataLayout


@pytest.fixture(scope="module")
def elsewhere(services: Path) -> Iterator[Path]:
    """The folder of another PostgreSQL, young: it has counted few transactions."""
    folder = plugin.SERVICES.parent / "elsewhere"  # another process of the tests has its own
    folder.mkdir(mode=0o755)
    children = embedded.plan(DataLayout(folder), valkey=False, durable=False).start()
    yield folder
    embedded.stop(children)


def moved(log: Log, elsewhere: Path) -> str:
    """Dump the log and restore it there; the URL of the run-time role."""
    name = str(conninfo_to_dict(log.url)["dbname"])
    target = f"postgresql://wharf_owner@/{name}?host={elsewhere / 'run'}"
    with session.superuser(elsewhere) as server:
        server.execute(f'CREATE DATABASE "{name}" OWNER wharf_owner')
    file = plugin.ROOT / f"{name}.dump"
    pg_dump = dumping.program("pg_dump", server=18, embedded=True)
    pg_restore = dumping.program("pg_restore", server=18, embedded=True)
    with log.admin.transaction():
        log.admin.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row = log.admin.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        dumping.dump(log.url.replace("wharf_app", "wharf_owner"), file, by=pg_dump, snapshot=row[0])
    dumping.restore(target, file, by=pg_restore)
    return target.replace("wharf_owner", "wharf_app")


@pytest.fixture
def busy(log: Log) -> Log:
    """A log whose cluster has counted many transactions; twelve rows sealed, three not yet."""
    log.admin.execute(
        "DO $$ BEGIN FOR n IN 1 .. 3000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    )
    assert log.seal(6, 6) == 12
    log.write(3)
    return log


def test_a_log_restored_into_a_younger_cluster_verifies_and_goes_on(busy: Log, elsewhere: Path):
    with django_on(url := moved(busy, elsewhere)), superuser_of(url) as admin:
        there = Log(url, busy.folder, admin)
        report = there.verify()
        assert (report.found, report.rows, report.pending) == (0, 12, 3)
        there.write(2)
        report = there.verify()
        assert (report.found, report.rows, report.pending) == (0, 12, 5)
        with superuser_of(url) as slow:
            slow.autocommit = False
            slow.execute("SELECT pg_current_xact_id()")
            there.write(1)
            assert there.sealer.step() == 5  # the three of before and the two that are settled
            slow.rollback()
        assert there.seal(4) == 5
        last = blocks.last()
        assert last is not None
        assert last.mark_xid < 3000
        report = there.verify(heads=there.heads)
        assert (report.found, report.rows, report.pending) == (0, 22, 0)
        there.tamper(f"UPDATE audit_event SET agent = 'x' WHERE id = {there.ids()[0]}")
        assert there.verify().found == 1


def test_rows_that_were_sealed_before_are_not_sealed_again_when_the_count_reaches_them(
    busy: Log, elsewhere: Path
):
    with django_on(url := moved(busy, elsewhere)), superuser_of(url) as admin:
        there = Log(url, busy.folder, admin)
        assert there.seal(2) == 5
        admin.execute(
            "DO $$ BEGIN FOR n IN 1 .. 6000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        )
        assert there.seal(3, 3) == 6
        report = there.verify(heads=there.heads)
        assert (report.found, report.rows, report.pending) == (0, 23, 0)


def test_a_row_smuggled_into_a_restored_log_is_found(busy: Log, elsewhere: Path):
    with django_on(url := moved(busy, elsewhere)), superuser_of(url) as admin:
        there = Log(url, busy.folder, admin)
        there.seal(2)
        there.tamper(
            "INSERT INTO audit_event (id, actor_kind, actor_id, actor_name, auth, operation, result, ts, xid) "
            "SELECT 3 - 10, 'user', 1, 'b', 'cli', 'x', 'ok', ts, xid FROM audit_event ORDER BY id LIMIT 1"
        )
        first = there.verify().first
        assert first is not None
        assert first.kind is Kind.INSERTED


def test_an_earlier_state_is_a_cut_tail_until_it_is_said_to_be_meant(busy: Log, elsewhere: Path, settings):
    with django_on(url := moved(busy, elsewhere)), superuser_of(url) as admin:
        pass
    assert busy.seal(4, 4) == 11  # goes on here, and is lost
    with django_on(url), superuser_of(url) as admin:
        there = Log(url, busy.folder, admin)
        first = there.verify(heads=there.heads).first
        assert first is not None
        assert (first.kind, first.seq) == (Kind.CUT, 13)
        settings.WHARF_AUDIT_HEADS, settings.WHARF_AUDIT_KEY_FILE = there.heads, there.keys
        noted = sealer.note_restored()
        assert noted is not None
        assert noted.seq == 12
        assert sealer.note_restored() is None
        there.seal(1)
        report = there.verify(heads=there.heads)
        assert (report.found, report.heads) == (0, 3)


def test_keys_of_a_backup_join_those_that_are_there(tmp_path: Path):
    here, there = keys.create(tmp_path / "here"), keys.create(tmp_path / "there")
    assert keys.merge(tmp_path / "here", there.keys) == 1
    assert keys.merge(tmp_path / "here", there.keys) == 0
    ring = keys.read(tmp_path / "here")
    assert ring.newest == here.newest
    assert ring.find(there.newest.id) is not None
