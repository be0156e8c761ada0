from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from audit import purge, verification
from audit.purge import Outcome, Partition
from audit.seal import sealer, walk
from audit.streams import Stream
from core.errors import Conflict, InvalidInput
from tests.audit.sealing import Log
from tests.people import SYSTEM

OLD = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, operation, result, ts)
    SELECT 'user', n, 'alice', 'session', 'tag.create', 'ok',
           date_trunc('month', now(), 'UTC') - interval '{} months' + n * interval '1 s'
    FROM generate_series(1, 5) n
"""
ADD = """
    SELECT audit_add_partition('{0}', '{0}_' || to_char(first, 'YYYY"m"MM'), first AT TIME ZONE 'UTC',
      (first + interval '1 month') AT TIME ZONE 'UTC')
    FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') - interval '{1} months') each (first)
"""


@pytest.fixture
def old(log: Log) -> Log:
    """Five events of each of the months three and two months ago, and three of today, all sealed."""
    for months in (3, 2):
        add(log, "audit_event", months)
        log.admin.execute(OLD.format(months))
    assert log.seal(3) == 13
    return log


def drop_all(days: int = 30) -> list[Outcome]:
    return [purge.drop(SYSTEM, each, days)[0] for each in purge.due({Stream.EVENTS: days})]


def test_old_months_are_dropped_and_the_log_still_verifies(old: Log):
    due = purge.due({Stream.EVENTS: 30})
    assert [each.parent for each in due] == ["audit_event"] * 2
    assert [each.rows() for each in due] == [5, 5]
    assert drop_all() == [Outcome.DROPPED] * 2
    before = old.verify(heads=old.heads)  # the drop is told by the next seal
    assert (before.found, before.purged) == (0, 10)
    assert old.seal(1) == 3  # two of them tell of the purge
    report = old.verify(heads=old.heads)
    assert (report.found, report.rows, report.purged) == (0, 6, 10)


def test_a_purge_while_the_log_is_verified_is_no_theft(log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sealer, "BLOCK_ROWS", 4)
    monkeypatch.setattr(verification, "WINDOW_ROWS", 1)
    monkeypatch.setattr(walk, "_PAGE", walk._PAGE.replace(str(walk.PAGE), "4"))
    add(log, "audit_event", 3)
    log.admin.execute(OLD.format(3))
    log.seal(3)
    dropped: list[Outcome] = []
    report = log.verify(progress=lambda _: dropped.extend(drop_all()))
    assert dropped == [Outcome.DROPPED]
    assert (report.found, report.rows, report.purged) == (0, 7, 1)


def test_a_purge_is_an_event_with_its_facts(old: Log):
    drop_all()
    row = old.admin.execute(
        "SELECT resource_name, detail FROM audit_event WHERE operation = 'audit.purge' ORDER BY id LIMIT 1"
    ).fetchone()
    assert row is not None
    assert row[0].startswith("audit_event_")
    assert row[1]["before"]["rows"] == 5
    assert row[1]["keep_days"] == 30


def test_a_stolen_month_is_no_purge(old: Log):
    stolen = purge.due({Stream.EVENTS: 30})[0].name
    old.tamper(f"DROP TABLE {stolen}")
    old.seal(1)
    first = old.verify().first
    assert first is not None
    assert (str(first.kind), first.seq) == ("dropped partition", 1)


RECORD = """
    INSERT INTO audit_drop (parent, partition, lower_bound, upper_bound, rows, keep_days, actor)
    SELECT 'audit_event', 'never_there', date_trunc('month', now(), 'UTC') - interval '{} months', {}, 5, 30, 'audit purge'
"""


def test_a_record_of_a_purge_excuses_no_single_row(old: Log):
    month = purge.due({Stream.EVENTS: 30})[0]
    old.tamper(f"DELETE FROM audit_event WHERE id = (SELECT min(id) + 1 FROM {month.name})")
    old.admin.execute(RECORD.format(9, "now() - interval '31 days'"))
    old.seal(1)
    first = old.verify().first
    assert first is not None
    assert (str(first.kind), first.seq) == ("deleted row", 2)


def test_a_record_of_a_purge_of_what_was_too_young_excuses_nothing(old: Log):
    row = old.admin.execute(
        "SELECT tableoid::regclass::text FROM audit_event ORDER BY ts DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    old.tamper(f"DROP TABLE {row[0]}")
    old.admin.execute(RECORD.format(0, "date_trunc('month', now(), 'UTC') + interval '1 month'"))
    old.sealer.step()
    first = old.verify().first
    assert first is not None
    assert (str(first.kind), first.seq) == ("dropped partition", 11)
    assert "before the events were 30 days old" in first.text


def test_days_of_pulls_are_dropped_by_their_own_age(log: Log):
    log.seal(1)
    log.admin.execute(
        "SELECT audit_ensure_pull_days((now() - interval '95 d')::date, (now() - interval '60 d')::date)"
    )
    due = purge.due({Stream.PULLS: 90})
    assert 4 <= len(due) <= 6
    assert {purge.drop(SYSTEM, day, 90)[0] for day in due} == {Outcome.DROPPED}
    log.seal()
    assert log.verify().found == 0


def test_nothing_younger_than_the_floor_is_dropped_whoever_asks(old: Log):
    row = old.admin.execute(
        "SELECT tableoid::regclass::text FROM audit_event ORDER BY ts DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    assert asked(old, row[0], 1) == "too young"
    assert asked(old, "audit_event_default", 30) == "unknown"
    assert asked(old, "user", 30) == "unknown"
    assert purge.due({Stream.EVENTS: 1}) == purge.due({Stream.EVENTS: 30})
    assert asked(old, purge.due({Stream.EVENTS: 30})[0].name, 400) == "too young"


def test_a_legal_hold_stops_every_drop(old: Log):
    old.admin.execute(
        "INSERT INTO setting (key, value, changed_by) VALUES ('audit_legal_hold', 'true', 'tests')"
    )
    assert drop_all() == [Outcome.HELD] * 2
    old.admin.execute("DELETE FROM setting WHERE key = 'audit_legal_hold'")
    assert drop_all() == [Outcome.DROPPED] * 2


def test_a_month_that_is_not_sealed_stays(old: Log):
    old.admin.execute(OLD.format(2))
    assert drop_all() == [Outcome.DROPPED, Outcome.NOT_SEALED]


def test_a_month_that_is_being_read_is_left_for_the_next_run(old: Log):
    with psycopg.connect(old.url) as reader:
        reader.execute("SELECT count(*) FROM audit_event")
        assert drop_all() == [Outcome.BUSY] * 2


def test_a_month_that_was_tampered_with_is_not_dropped_unseen(old: Log):
    due = purge.due({Stream.EVENTS: 30})
    old.tamper(f"DELETE FROM audit_event WHERE id = (SELECT min(id) FROM {due[0].name})")
    prove = purge.proven_whole(old.ring)
    # Sealed now and not in its own month, as a log is that had no sealer before.
    sealed_today = replace(due[0], upper=datetime.now(UTC))
    with pytest.raises(Conflict, match="tampered with"):
        purge.drop(SYSTEM, sealed_today, 30, [prove])
    assert purge.drop(SYSTEM, due[1], 30)[0] is Outcome.DROPPED


def test_what_comes_before_a_drop_can_keep_the_partition(old: Log):
    def fails(partition: Partition) -> None:
        raise OSError(f"{partition.name} could not be exported")

    with pytest.raises(OSError, match="exported"):
        purge.drop(SYSTEM, purge.due({Stream.EVENTS: 30})[0], 30, [fails])
    assert len(purge.due({Stream.EVENTS: 30})) == 2


def test_seals_go_after_the_events_they_seal(log: Log, monkeypatch: pytest.MonkeyPatch):
    add(log, "audit_event", 3)
    add(log, "audit_seal", 3)
    log.admin.execute(OLD.format(3))
    earlier = "date_trunc('month', now(), 'UTC') - interval '3 months' + interval '1 day'"
    monkeypatch.setattr(sealer, "_NOW", sealer._NOW.replace("now()", earlier))
    assert log.seal(0) == 5
    monkeypatch.undo()
    assert log.seal(4) == 4
    events, seals = purge.due({Stream.EVENTS: 30})
    assert purge.drop(SYSTEM, seals, 30)[0] is Outcome.IN_USE
    assert purge.drop(SYSTEM, events, 30)[0] is Outcome.DROPPED
    assert purge.drop(SYSTEM, seals, 30)[0] is Outcome.DROPPED
    assert log.seal() == 2
    report = log.verify(heads=log.heads)
    assert (report.found, report.first_seq, report.rows) == (0, 6, 6)


def test_the_seals_of_today_stay_even_if_they_are_asked_for(old: Log):
    row = old.admin.execute("SELECT tableoid::regclass::text FROM audit_seal LIMIT 1").fetchone()
    assert row is not None
    assert asked(old, row[0], 30) == "too young"


def test_the_run_time_role_drops_only_by_the_function(old: Log):
    due = purge.due({Stream.EVENTS: 30})[0]
    with psycopg.connect(old.url) as app:
        for statement in (f"DROP TABLE {due.name}", "DELETE FROM audit_drop", "UPDATE audit_seal SET n = 0"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(statement)


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        (["pull_artifact"], {Stream.PULLS}),
        ([*purge.HARBOR_KINDS], {Stream.EVENTS}),
        (["pull_artifact", *purge.HARBOR_KINDS], {Stream.EVENTS, Stream.PULLS}),
    ],
)
def test_kinds_of_harbor_stand_for_streams(kinds: list[str], chosen: set[Stream]):
    assert purge.streams(kinds) == chosen


@pytest.mark.parametrize(
    "kinds", [[], ["create_artifact"], ["pull_artifact", "delete_user"], ["no_such_kind"]]
)
def test_single_kinds_of_events_are_not_purged(kinds: list[str]):
    with pytest.raises(InvalidInput):
        purge.streams(kinds)


def add(log: Log, parent: str, months_ago: int) -> None:
    """A partition of a month of the past, as it was made then: by the owner of the tables."""
    with log.admin.transaction():
        log.admin.execute("SET LOCAL ROLE wharf_owner")
        log.admin.execute(ADD.format(parent, months_ago))


def asked(log: Log, name: str, days: int) -> str:
    row = log.admin.execute("SELECT audit_drop_partition(%s, %s, 0, 'tests')", [name, days]).fetchone()
    assert row is not None
    return str(row[0])
