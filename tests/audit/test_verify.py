"""Somebody who owns the database server changes the log; verification says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.seal import keys
from audit.seal.findings import Kind
from audit.seal.keys import Key
from audit.verification import verify
from tests.audit.sealing import Log, rechained

NOT_NULL = "(actor_kind, actor_id, actor_name, auth, operation, result, ts, xid)"


@pytest.fixture
def sealed(log: Log) -> Log:
    """Twelve rows in four blocks, with a head for each."""
    assert log.seal(3, 3, 3, 3) == 12
    return log


def first(log: Log) -> tuple[Kind, int | None, int | None]:
    report = log.verify(heads=log.heads)
    assert report.first is not None
    return report.first.kind, report.first.seq, report.first.event


def test_an_untouched_log_is_whole(sealed: Log):
    report = sealed.verify(heads=sealed.heads)
    assert (report.found, report.rows, report.blocks, report.heads) == (0, 12, 5, 4)


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'alicf'",
        "ip = '192.0.2.1'",
        "ts = ts + interval '1 microsecond'",
        "detail = '{\"n\": 5.0}'",
        "project_id = 0",
        "xid = '7'",
    ],
)
def test_a_changed_byte_is_found(sealed: Log, change: str):
    row = sealed.ids()[4]
    sealed.tamper(f"UPDATE audit_event SET {change} WHERE id = {row}")
    assert first(sealed) == (Kind.CHANGED, 5, row)


def test_triggers_that_were_switched_off_are_no_way_around(sealed: Log):
    row = sealed.ids()[7]
    for statement in (
        "ALTER TABLE audit_event DISABLE TRIGGER USER",
        f"UPDATE audit_event SET result = 'denied' WHERE id = {row}",
        "ALTER TABLE audit_event ENABLE TRIGGER USER",
    ):
        sealed.admin.execute(statement)
    assert first(sealed) == (Kind.CHANGED, 8, row)


def test_a_deleted_row_is_found(sealed: Log):
    row = sealed.ids()[6]
    sealed.tamper(f"DELETE FROM audit_event WHERE id = {row}")
    assert first(sealed) == (Kind.DELETED, 7, row)


def test_an_inserted_row_is_found(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(
        f"INSERT INTO audit_event {NOT_NULL} SELECT 'user', 1, 'bob', 'session', 'tag.delete', 'ok', ts, xid "
        f"FROM audit_event WHERE id = {rows[4]}"
    )
    kind, _, event = first(sealed)
    assert (kind, event) == (Kind.INSERTED, max(sealed.ids()))
    assert sealed.verify().found == 1


def test_a_row_between_two_others_is_found_where_it_stands(sealed: Log):
    sealed.tamper("SELECT setval('audit_event_id_seq', (SELECT max(id) + 10 FROM audit_event))")
    sealed.seal(3)
    gap = sealed.ids()[11] + 5
    sealed.tamper(
        f"INSERT INTO audit_event (id, {NOT_NULL[1:]} SELECT {gap}, 'user', 1, 'b', 'cli', 'x', 'ok', ts, xid "
        "FROM audit_event ORDER BY id LIMIT 1"
    )
    assert first(sealed) == (Kind.INSERTED, 13, gap)


def test_a_second_row_with_the_id_of_another_is_found(sealed: Log):
    row = sealed.ids()[4]
    sealed.tamper(
        f"INSERT INTO audit_event (id, {NOT_NULL[1:]} SELECT id, 'user', 1, 'b', 'cli', 'x', 'ok', ts - interval '1 h', xid "
        f"FROM audit_event WHERE id = {row}"
    )
    assert first(sealed) == (Kind.INSERTED, 5, row)


def test_a_row_that_was_dated_back_is_found_although_it_was_sealed(sealed: Log):
    sealed.tamper(
        f"INSERT INTO audit_event {NOT_NULL[:-6]}) VALUES ('user', 1, 'b', 'cli', 'x', 'ok', now() - interval '9 h')"
    )
    row = max(sealed.ids())
    assert sealed.seal() == 1
    assert first(sealed) == (Kind.INSERTED, 13, row)


def test_a_row_of_a_transaction_that_never_was_is_found(sealed: Log):
    sealed.tamper(
        f"INSERT INTO audit_event {NOT_NULL} VALUES ('user', 1, 'b', 'cli', 'x', 'ok', now(), '9999999999')"
    )
    assert sealed.seal() == 0
    assert first(sealed)[0] is Kind.INSERTED


def test_rows_that_changed_places_are_found(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(
        f"UPDATE audit_event SET id = -1 WHERE id = {rows[3]}",
        f"UPDATE audit_event SET id = {rows[3]} WHERE id = {rows[8]}",
        f"UPDATE audit_event SET id = {rows[8]} WHERE id = -1",
    )
    assert first(sealed) == (Kind.REORDERED, 4, rows[3])


def test_seals_that_changed_places_are_found(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(
        "UPDATE audit_seal SET entries = overlay(entries PLACING substring(entries FROM 27 FOR 26) || "
        "substring(entries FROM 1 FOR 26) FROM 1 FOR 52) WHERE n = 2"
    )
    assert first(sealed) == (Kind.REORDERED, 4, rows[4])


def test_blocks_that_changed_places_are_found(sealed: Log):
    sealed.tamper(
        "UPDATE audit_seal SET n = -1 WHERE n = 2",
        "UPDATE audit_seal SET n = 2 WHERE n = 3",
        "UPDATE audit_seal SET n = 3 WHERE n = -1",
    )
    kind, seq, _ = first(sealed)
    assert (kind, seq) == (Kind.SEAL, 4)


def test_a_dropped_partition_is_found(sealed: Log):
    sealed.tamper(f"DROP TABLE {partition(sealed)}")
    assert first(sealed)[:2] == (Kind.DROPPED, 1)


def test_a_detached_and_doctored_partition_is_found(sealed: Log):
    part, row = partition(sealed), sealed.ids()[2]
    bounds = sealed.admin.execute(
        "SELECT lower_bound, upper_bound FROM audit_partitions() WHERE partition = %s", [part]
    ).fetchone()
    assert bounds is not None
    sealed.tamper(
        f"ALTER TABLE audit_event DETACH PARTITION {part}",
        f"CREATE TABLE doctored AS SELECT * FROM {part}",
        f"UPDATE doctored SET actor_name = 'mallory' WHERE id = {row}",
        f"TRUNCATE {part}",
        f"INSERT INTO {part} SELECT * FROM doctored",
        f"ALTER TABLE audit_event ATTACH PARTITION {part} FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')",
    )
    assert first(sealed) == (Kind.CHANGED, 3, row)


def test_a_cut_tail_is_found_although_its_seals_were_cut_too(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(
        f"DELETE FROM audit_event WHERE id = ANY(ARRAY[{','.join(map(str, rows[6:]))}])",
        "DELETE FROM audit_seal WHERE n >= 3",
    )
    assert sealed.verify().found == 0  # nothing inside of the database tells of it
    assert first(sealed) == (Kind.CUT, 7, None)


def test_a_cut_tail_is_found_after_the_log_has_gone_on(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(f"DELETE FROM audit_event WHERE id >= {rows[9]}", "DELETE FROM audit_seal WHERE n >= 4")
    sealed.new_sealer()
    sealed.seal(5, 5)
    assert first(sealed)[:2] == (Kind.CUT, 10)


def test_rows_cut_off_the_end_under_their_seals_are_found(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(f"DELETE FROM audit_event WHERE id >= {rows[9]}")
    assert first(sealed) == (Kind.CUT, 10, rows[9])


def test_seals_cut_out_of_the_middle_are_found(sealed: Log):
    sealed.tamper("DELETE FROM audit_seal WHERE n = 2")
    kind, seq, _ = first(sealed)
    assert (kind, seq) == (Kind.SEAL, 4)


def test_a_beginning_that_was_cut_is_found(sealed: Log):
    rows = sealed.ids()
    sealed.tamper(f"DELETE FROM audit_event WHERE id < {rows[3]}", "DELETE FROM audit_seal WHERE n <= 1")
    assert first(sealed)[:2] == (Kind.DROPPED, 4)


@pytest.mark.parametrize("named", ["his own", "the right one"])
def test_a_chain_made_anew_without_the_key_is_found(sealed: Log, named: str):
    row, his = sealed.ids()[4], Key(b"m" * 32)
    sealed.tamper(f"UPDATE audit_event SET actor_name = 'mallory' WHERE id = {row}")
    rechained(sealed, his, from_block=2, name=his.id if named == "his own" else sealed.ring.newest.id)
    report = sealed.verify(heads=sealed.heads)
    assert report.first is not None
    assert (report.first.kind, report.first.seq) == (Kind.SEAL if named == "his own" else Kind.CHANGED, 4)
    assert Kind.CUT in {problem.kind for problem in report.problems}  # the heads say so too


def test_what_the_key_file_does_not_hold_is_not_taken_for_whole(sealed: Log, tmp_path: Path):
    report = verify(keys.create(tmp_path / "other"))
    assert report.first is not None
    assert report.first.kind is Kind.SEAL
    assert report.rows == 0


def test_rows_not_yet_sealed_are_said_to_be_so(sealed: Log):
    sealed.write(4)
    report = sealed.verify(heads=sealed.heads)
    assert (report.found, report.rows, report.pending) == (0, 12, 4)
    assert report.pending_seconds < 60


def test_a_log_without_any_seal_is_told_as_such(log: Log):
    log.write(3)
    report = verify(keys.create(log.keys))
    assert (report.found, report.rows, report.pending, report.blocks) == (0, 0, 3, 0)


def partition(log: Log) -> str:
    row = log.admin.execute("SELECT tableoid::regclass::text FROM audit_event LIMIT 1").fetchone()
    assert row is not None
    return str(row[0])
