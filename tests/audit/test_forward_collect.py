"""Events on their way from the database into the buffer: each one, in order, whoever writes or dies meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import transaction

from audit.forward import collecting
from audit.forward.buffer import Buffer
from audit.forward.messages import Form
from audit.forward.target import Endpoint, Target
from audit.seal import blocks
from database import sql
from tests.audit.forwarding import collected, held
from tests.audit.sealing import Log

TARGET = Target(Endpoint.parse("tls://logs"))


@pytest.fixture
def buffer(tmp_path: Path) -> Buffer:
    return held(tmp_path / "forward")


def collect(buffer: Buffer) -> list[int]:
    """Collect what is ready; all ids there are in the buffer."""
    while collecting.collect(buffer, Form(TARGET)):
        pass
    return [each.facts["id"] for each in collected(buffer)]


def begun(log: Log, buffer: Buffer) -> list[int]:
    """Forwarding begins, with these."""
    return collect(buffer)


def test_forwarding_begins_with_the_last_minute(log: Log, buffer: Buffer):
    log.write(3)
    log.tamper("UPDATE audit_event SET ts = ts - interval '2 minutes'")
    log.write(2)
    assert collect(buffer) == log.ids()[3:]


def test_an_empty_log_begins_with_what_comes(log: Log, buffer: Buffer):
    assert collect(buffer) == []
    log.write(2)
    assert collect(buffer) == log.ids()


def test_each_event_is_collected_once_in_the_order_of_transactions(log: Log, buffer: Buffer):
    begun(log, buffer)
    for rows in (1, 1200, 3):
        log.write(rows)
        collect(buffer)
    assert [each.facts["id"] for each in collected(buffer)] == log.ids()


def test_an_event_is_told_whole(log: Log, buffer: Buffer):
    begun(log, buffer)
    log.admin.execute(
        "INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, operation, result, ip, project_id, detail) "
        "VALUES ('user', 7, 'Änn', 'session', 'tag.delete', 'denied', '2001:db8::1', 9, '{\"reason\": \"nö\"}')"
    )
    collect(buffer)
    (found,) = collected(buffer)
    row = log.admin.execute("SELECT id, ts FROM audit_event").fetchone()
    assert row is not None
    assert found.facts["id"] == row[0]
    assert datetime.fromisoformat(found.time) == row[1]
    assert found.facts["detail"] == {"reason": "nö"}
    told = {"actor_name": "Änn", "result": "denied", "ip": "2001:db8::1", "project_id": 9, "token_id": ""}
    assert {name: found.facts[name] for name in told} == told


def test_a_row_at_no_real_time_is_collected(log: Log, buffer: Buffer):
    begun(log, buffer)
    log.write()
    log.tamper("UPDATE audit_event SET ts = 'infinity'")
    collect(buffer)
    assert [each.time for each in collected(buffer)] == ["-"]


def test_an_event_of_a_long_transaction_is_not_missed(log: Log, buffer: Buffer):
    begun(log, buffer)
    with psycopg.connect(log.url) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        log.write(2)
        assert collect(buffer) == []
        slow.execute(
            "INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, operation, result) "
            "VALUES ('user', 1, 'slow', '', 'tag.create', 'ok')"
        )
    assert sorted(collect(buffer)) == sorted(log.ids())


def test_of_two_collectors_one_collects(log: Log, buffer: Buffer):
    begun(log, buffer)
    log.write(2)
    with psycopg.connect(log.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('audit_forward', 0))")
        assert collect(buffer) == []
        other.execute("SELECT pg_advisory_unlock(hashtextextended('audit_forward', 0))")
    assert collect(buffer) == log.ids()


def test_while_the_buffer_is_full_events_wait_in_the_database(log: Log, tmp_path: Path):
    full = held(tmp_path / "forward", max_bytes=0)
    log.write(2)
    assert collect(full) == []
    full._max_bytes = 10**9
    assert collect(full) == log.ids()


def test_a_log_restored_into_a_younger_cluster_goes_on(log: Log, buffer: Buffer):
    begun(log, buffer)
    log.write(3)
    first = collect(buffer)
    log.write(700)
    ahead = 1_000_000
    # As if all of this had been written in a cluster that had counted further.
    log.tamper(
        f"UPDATE audit_event SET xid = (xid::text::bigint + {ahead})::text::xid8",
        f"UPDATE audit_forward SET mark_xid = mark_xid + {ahead}",
    )
    log.write(5)
    found = collect(buffer)
    assert found[:3] == first
    assert sorted(found) == sorted(log.ids())
    log.write(2)
    assert sorted(collect(buffer)) == sorted(log.ids())


@pytest.mark.parametrize("statement", [collecting._NEXT, collecting._RESTORED], ids=["next", "restored"])
def test_a_backlog_is_read_by_index_and_never_sorted(log: Log, statement: str):
    log.write(3000)
    facts = {"mark_xid": "3", "mark_id": 0, "base": blocks.LOWEST_ID, "horizon": "1000000000"}
    used = {name: value for name, value in facts.items() if f"%({name})s" in statement}
    with transaction.atomic():
        sql.value(f"SELECT {blocks.BY_INDEX}")
        plan = "\n".join(row[0] for row in sql.rows(f"EXPLAIN {statement}", used))
    assert "Sort Key" in plan  # of the merge of partitions
    assert "Sort  (" not in plan
    assert "Seq Scan" not in plan


def test_the_lag_is_the_age_of_the_oldest_event_that_is_not_collected(log: Log, buffer: Buffer):
    assert collecting.lag() == 0
    log.write()
    begun(log, buffer)
    assert collecting.lag() == 0
    log.write(2)
    log.tamper(
        "UPDATE audit_event SET ts = ts - interval '100 seconds' WHERE id = (SELECT max(id) - 1 FROM audit_event)"
    )
    assert 100 <= collecting.lag() < 160


def test_what_was_written_from_a_time_on_can_be_collected_again(log: Log, buffer: Buffer):
    log.write(4)
    log.tamper(
        "UPDATE audit_event SET ts = ts - interval '5 days' WHERE id = (SELECT min(id) FROM audit_event)"
    )
    ids = log.ids()
    assert collect(buffer) == ids
    collecting.begin_at(datetime.now(UTC) - timedelta(days=1))
    again = collect(buffer)[len(ids) :]
    assert set(ids[1:]) <= set(again)
    collecting.begin_at(datetime.now(UTC))
    assert len(collect(buffer)) == len(ids) + len(again)
