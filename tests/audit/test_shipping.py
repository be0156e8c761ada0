"""Spool files become rows, counts and events: each line once, whatever stands in them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from audit import partitions
from audit.models import Agent, Pull, Spool, Usage
from audit.pulls import PullSpool
from audit.spool import backlog, shipping
from audit.spool.files import Stretch
from audit.spool.shipper import Shipper
from audit.spool.shipping import Overtaken, Shipping
from tests.audit.spools import NOON, counted, events, leave, line, logged, text

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pull_is_a_row_with_its_facts(tmp_path: Path):
    leave(tmp_path, text([line("a\\b", actor_name="o\\'neil", ip="2001:db8::1")]))
    assert Shipper(tmp_path).step().lines == 1
    row = Pull.objects.get()
    assert (row.ts, row.n) == (NOON, 1)
    assert (row.actor_kind, row.actor_id, row.actor_name) == ("user", 7, "o\\'neil")
    assert (row.project_id, row.repository_id, row.repository) == (1, 2, "team/app")
    assert (row.tag, bytes(row.digest).hex(), row.ip) == ("a\\b", "0" * 64, "2001:db8::1")
    assert Agent.objects.get(pk=row.agent_id).agent == "docker/27"


def test_pulls_that_are_alike_within_a_minute_are_one_row_whichever_process_answered(tmp_path: Path):
    leave(tmp_path, text(line(seconds=n) for n in (0, 20, 59)), "host.1.1")
    leave(tmp_path, text(line(seconds=n) for n in (10, 59, 60)), "host.2.2")
    shipped = Shipper(tmp_path).step()
    assert (shipped.lines, shipped.rows) == (6, 2)
    assert list(Pull.objects.order_by("ts").values_list("n", flat=True)) == [5, 1]
    assert counted() == (6, 6)


@pytest.mark.parametrize(
    "other",
    [
        {"tag": ""},
        {"ip": None},
        {"agent": "podman"},
        {"actor_id": 8},
        {"actor_kind": "robot"},
        {"actor_name": "renamed"},
        {"repository_id": 3},
        {"repository": "team/renamed"},
        {"digest": "sha512:" + "1" * 128},
    ],
)
def test_pulls_that_differ_are_rows_of_their_own(tmp_path: Path, other: dict[str, object]):
    leave(tmp_path, text([line(), replace(line(), **other)]))  # type: ignore[arg-type]
    assert Shipper(tmp_path).step().rows == 2


def test_a_second_turn_ships_only_what_is_new_and_a_second_shipper_too(tmp_path: Path):
    spool = PullSpool(tmp_path)
    shipper = Shipper(tmp_path)
    for number in range(5):
        spool.note(line(str(number)))
        assert (shipper if number % 2 else Shipper(tmp_path)).step().lines == 1
    assert Shipper(tmp_path).step().lines == 0
    assert (logged(), *counted()) == (5, 5, 5)


def test_a_file_stays_while_its_writer_may_go_on_with_it(tmp_path: Path):
    spool, shipper = PullSpool(tmp_path), Shipper(tmp_path)
    spool.note(line())
    shipper.step()
    shipper.step()
    assert len(list(tmp_path.iterdir())) == 1
    spool.close()
    shipper.step()
    assert list(tmp_path.iterdir()) == []
    assert Spool.objects.get().removed_at is not None
    assert logged() == 1


def test_a_file_that_comes_back_is_not_shipped_again(tmp_path: Path):
    data = text(line(str(n)) for n in range(3))
    for _ in range(2):  # a disk that was set back to an earlier state
        leave(tmp_path, data)
        Shipper(tmp_path).step()
    assert (logged(), list(tmp_path.iterdir())) == (3, [])


def test_a_file_that_a_power_failure_made_shorter_is_shipped_and_goes(tmp_path: Path):
    spool, shipper = PullSpool(tmp_path), Shipper(tmp_path)
    spool.note(line("1"))
    spool.note(line("2"))
    shipper.step()
    spool.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    Shipper(tmp_path).step()
    assert (logged(), list(tmp_path.iterdir())) == (2, [])


def test_a_gap_stands_in_the_log(tmp_path: Path):
    spool = PullSpool(tmp_path, max_spool_bytes=1000)
    for number in range(10):
        spool.note(line(str(number)))
    spool.close()
    Shipper(tmp_path).step()
    (gap,) = events("audit.gap")
    assert gap["lost"] == 10 - logged() > 0
    assert str(gap["since"]) <= str(gap["until"])
    assert Spool.objects.get().lost == gap["lost"]


def test_what_a_wrong_clock_says_is_kept_and_spoils_no_statistics(tmp_path: Path):
    far = 400 * 86400.0
    leave(tmp_path, text([line("ahead", seconds=far * 10), line("behind", seconds=-far * 10), line("now")]))
    Shipper(tmp_path).step()
    assert Pull.objects.count() == 3
    assert {usage.day for usage in Usage.objects.filter(tag__in=["ahead", "now"])} == {NOON.date()}
    assert partitions.strays()["audit_pull"] == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_pulled WHERE last_at > now()")
        assert cursor.fetchone() == (0,)


def test_lines_of_a_day_long_past_get_a_partition(tmp_path: Path):
    day = NOON - timedelta(days=100)
    leave(tmp_path, text([line(seconds=-100 * 86400.0)]))
    Shipper(tmp_path).step()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM audit_pull")
        assert cursor.fetchone() == (f"audit_pull_{day:%Y%m%d}",)


def test_a_position_that_somebody_else_has_moved_stops_the_shipment(tmp_path: Path):
    data = text([line()])
    Shipping().deliver([Stretch("a.jsonl", 0, data)])
    with pytest.raises(Overtaken):
        Shipping().deliver([Stretch("a.jsonl", 0, data), Stretch("b.jsonl", 0, data)])
    assert (logged(), *counted()) == (1, 1, 1)
    assert shipping.positions(["a.jsonl", "b.jsonl"]) == {"a.jsonl": len(data), "b.jsonl": 0}


def test_nothing_is_written_of_a_shipment_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise DatabaseError("away")

    leave(tmp_path, text([line()]))
    shipper = Shipper(tmp_path)
    monkeypatch.setattr(shipping, "_count", fail)
    with pytest.raises(DatabaseError):
        shipper.step()
    assert (logged(), Spool.objects.count()) == (0, 0)
    monkeypatch.undo()
    shipper.step()
    assert logged() == 1


def test_positions_of_files_long_gone_leave_their_sums(tmp_path: Path):
    leave(tmp_path, text([line()]) + b"damage\n")
    Shipper(tmp_path).step()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_spool SET removed_at = now() - interval '31 days'")
    shipping.forget([])
    kept = Spool.objects.get()
    assert (kept.name, kept.lines, kept.damaged) == ("", 2, 1)


def test_a_file_that_cannot_be_read_holds_no_other_up(tmp_path: Path):
    (tmp_path / "host.1.1.jsonl").mkdir()
    (tmp_path / "host.1.2.jsonl").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "host.1.4.jsonl")
    (tmp_path / os.fsdecode(b"host.\xff.5.jsonl")).write_bytes(text([line()]))
    (tmp_path / "host' \\ {}.jsonl").write_bytes(b"")
    leave(tmp_path, text([line()]), "host.1.3")
    Shipper(tmp_path).step()
    assert logged() == 1


def test_a_folder_that_is_not_there_yet_is_no_error(tmp_path: Path):
    assert Shipper(tmp_path / "pulls").step().lines == 0


def test_the_lag_is_that_of_the_oldest_line_that_is_not_shipped(tmp_path: Path):
    leave(tmp_path, text([line(seconds=10)]), "host.1.1")
    leave(tmp_path, text([line(seconds=5), line(seconds=7)]), "host.2.2")
    first = len(text([line(seconds=5)]))
    assert backlog.oldest(tmp_path, {}) == NOON + timedelta(seconds=5)
    assert backlog.oldest(tmp_path, {"host.2.2.jsonl": first}) == NOON + timedelta(seconds=7)
    Shipper(tmp_path).step()
    assert backlog.oldest(tmp_path, {}) is None
    assert backlog.totals() == (3, 0, 0)
