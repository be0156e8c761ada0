"""The sealer at work, and what gets in its way."""

from __future__ import annotations

import stat
from pathlib import Path

import psycopg
import pytest

from audit.seal import blocks, heads, keys, sealer
from audit.seal.findings import Kind
from audit.seal.keys import KeyUnusable
from tests.audit.sealing import ROW, WITH_ID, Log, superuser_of


def test_rows_are_sealed_and_verify(log: Log):
    assert log.seal(3, 2, 0, 1) == 6
    report = log.verify(heads=log.heads)
    assert (report.found, report.rows, report.last_seq, report.pending, report.heads) == (0, 6, 6, 0, 3)


def test_a_transaction_that_is_still_under_way_is_waited_for_and_never_passed_by(log: Log):
    log.seal(2)
    with superuser_of(log.url) as slow:
        slow.autocommit = False
        slow.execute(ROW, [1])  # has the lower id and the lower transaction
        log.write(3)
        assert log.sealer.step() == 0
        assert log.verify().pending == 3
        slow.commit()
    assert log.sealer.step() == 4
    report = log.verify()
    assert (report.found, report.rows) == (0, 6)


def test_an_id_that_was_taken_long_before_its_transaction_began_is_sealed(log: Log):
    log.seal(1)
    row = log.admin.execute("SELECT nextval('audit_event_id_seq')").fetchone()  # takes no transaction id
    assert row is not None
    assert log.seal(2) == 2
    for id_ in (row[0], 0, -5):
        log.admin.execute(WITH_ID, [id_, 1])
    assert log.sealer.step() == 3
    report = log.verify()
    assert (report.found, report.rows) == (0, 6)


def test_what_is_rolled_back_leaves_a_gap_and_no_trace(log: Log):
    log.seal(1)
    with superuser_of(log.url) as other:
        other.autocommit = False
        other.execute(ROW, [50])
        other.rollback()
    assert log.seal(2) == 2
    assert log.verify().found == 0


def test_only_one_seals_at_a_time(log: Log):
    log.seal(1)
    log.write(2)
    with superuser_of(log.url) as other:
        other.autocommit = False
        other.execute(sealer._LOCK)
        assert log.sealer.step() == 0
        other.rollback()
    assert log.new_sealer().step() == 2


def test_a_backlog_is_sealed_in_blocks_and_read_back_in_windows(log: Log, monkeypatch: pytest.MonkeyPatch):
    from audit import verification
    from audit.seal import walk

    monkeypatch.setattr(sealer, "BLOCK_ROWS", 7)
    monkeypatch.setattr(verification, "WINDOW_ROWS", 15)
    monkeypatch.setattr(walk, "_PAGE", walk._PAGE.replace(str(walk.PAGE), "11"))
    assert log.seal(100, 23) == 123
    report = log.verify(heads=log.heads)
    assert (report.found, report.rows, report.blocks) == (0, 123, 1 + 15 + 4)
    row = log.ids()[60]
    log.tamper(
        f"UPDATE audit_event SET agent = 'x' WHERE id = {row}",
        f"DELETE FROM audit_event WHERE id = {log.ids()[90]}",
    )
    found = [(problem.kind, problem.seq) for problem in log.verify().problems]
    assert found == [(Kind.CHANGED, 61), (Kind.DELETED, 91)]


def test_a_row_with_a_giant_id_is_read_without_reading_everything_at_once(
    log: Log, monkeypatch: pytest.MonkeyPatch
):
    from audit import verification
    from audit.seal import walk

    monkeypatch.setattr(verification, "WINDOW_ROWS", 5)
    monkeypatch.setattr(walk, "PAGE", 10)
    monkeypatch.setattr(walk, "_PAGE", walk._PAGE.replace("10000", "10"))
    log.seal(3)
    log.admin.execute(WITH_ID, [10**15, 1])
    for _ in range(12):
        log.seal(20)
    report = log.verify()
    assert (report.found, report.rows) == (0, 244)


def test_a_part_of_the_chain_is_verified_by_time(log: Log):
    log.seal(3, 3, 3)
    first, second = (
        log.admin.execute("SELECT ts FROM audit_seal WHERE n = %s", [n]).fetchone() for n in (2, 3)
    )
    assert first
    assert second
    log.tamper(f"DELETE FROM audit_event WHERE id = {log.ids()[0]}")
    part = log.verify(since=first[0], heads=log.heads)
    assert (part.found, part.rows, part.first_seq) == (0, 6, 4)
    part = log.verify(since=first[0], until=second[0])
    assert (part.found, part.rows, part.last_seq) == (0, 3, 6)
    assert log.verify().found == 1


def test_the_key_is_made_once_and_for_the_sealer_alone(log: Log):
    log.seal(1)
    assert stat.S_IMODE(log.keys.stat().st_mode) == 0o600
    before = log.keys.read_bytes()
    log.new_sealer().step()
    assert log.keys.read_bytes() == before
    assert log.ring.newest.secret.hex() not in repr(log.ring)


def test_a_host_without_the_key_seals_nothing_and_makes_none(log: Log, tmp_path: Path):
    log.seal(1)
    log.write(1)
    elsewhere = tmp_path / "elsewhere" / "keys"
    with pytest.raises(KeyUnusable, match="WHARF_AUDIT_KEY_FILE"):
        log.new_sealer(elsewhere).step()
    assert not elsewhere.exists()
    keys.create(elsewhere)
    with pytest.raises(KeyUnusable, match="copy the file"):
        log.new_sealer(elsewhere).step()
    assert log.sealer.step() == 1


@pytest.mark.parametrize("damage", ["mode", "text", "empty"])
def test_a_key_file_that_cannot_be_trusted_is_refused(log: Log, damage: str):
    log.seal(1)
    if damage == "mode":
        log.keys.chmod(0o640)
    else:
        log.keys.write_text("no key at all\n" if damage == "text" else "")
    with pytest.raises(KeyUnusable):
        log.new_sealer().step()


def test_a_new_key_seals_and_the_old_one_verifies(log: Log):
    log.seal(2)
    old = log.ring.newest.id
    new = keys.rotate(log.keys).id
    log.seal(2)
    assert [block.key for block in blocks.between(0, 9)] == [old, old, new]
    assert log.verify(heads=log.heads).found == 0
    assert [key.id for key in log.ring.keys] == [old, new]


def test_heads_are_told_once_a_minute_and_only_when_the_chain_has_moved(log: Log):
    log.seal(1)
    assert len(log.heads.read_text().splitlines()) == 1
    for _ in range(3):
        log.now += 1
        log.write()
        log.sealer.step()
    assert len(log.heads.read_text().splitlines()) == 1
    log.now += 60
    log.sealer.step()
    log.now += 600
    log.sealer.step()
    assert len(log.heads.read_text().splitlines()) == 2
    assert log.verify(heads=log.heads).heads == 2


def test_a_head_that_could_not_be_told_is_told_later(log: Log):
    log.heads.parent.mkdir()
    log.heads.mkdir()
    with pytest.raises(OSError, match="directory"):
        log.seal(1)
    log.heads.rmdir()
    log.sealer.step()
    assert log.verify(heads=log.heads).heads == 1


def test_a_torn_line_of_the_heads_is_told_and_swallows_nothing(log: Log):
    log.seal(1)
    with log.heads.open("a") as file:
        file.write('{"kind": "head", "blo')
    log.seal(1)
    report = log.verify(heads=log.heads)
    assert report.heads == 2
    assert [problem.kind for problem in report.problems] == [Kind.HEAD]


def test_a_forged_head_is_told(log: Log):
    log.seal(1, 1)
    line = log.heads.read_text().splitlines()[0].replace('"seq": 1', '"seq": 9')
    with log.heads.open("a") as file:
        file.write(line + "\n")
    assert [problem.kind for problem in log.verify(heads=log.heads).problems] == [Kind.HEAD]


def test_anybody_verifies_a_head_with_the_public_key(log: Log):
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    log.seal(1)
    head = heads.latest(log.heads)
    assert head is not None
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(heads.public_key(log.ring.newest)))
    public.verify(base64.b64decode(head.signature), head.signed_bytes())


def test_the_lag_is_that_of_the_oldest_row_without_a_seal(log: Log):
    assert sealer.lag() == 0
    log.write(1)
    assert 0 <= sealer.lag() < 30
    log.seal(1)
    assert sealer.lag() == 0


def test_the_run_time_role_adds_seals_and_changes_none(log: Log):
    log.seal(1)
    with psycopg.connect(log.url) as app:
        for statement in (
            "UPDATE audit_seal SET notes = 'x'",
            "DELETE FROM audit_seal",
            "DELETE FROM audit_seal_default",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(statement)


@pytest.mark.parametrize("table", ["audit_seal", "audit_drop"])
def test_not_even_a_superuser_changes_seals_by_accident(log: Log, table: str):
    log.admin.execute("SET wharf.audit_truncate = 'off'")
    log.seal(1)
    log.admin.execute(
        "INSERT INTO audit_drop (parent, partition, lower_bound, upper_bound, rows, keep_days, actor) "
        "VALUES ('x', 'x', now(), now(), 0, 30, 'x')"
    )
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            log.admin.execute(statement)
