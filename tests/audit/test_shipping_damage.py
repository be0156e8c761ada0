"""What stands in a spool and is no line: counted, kept aside, told, and in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from audit.models import Agent, DamagedLine, Pull, Spool
from audit.pulls import PullSpool
from audit.spool.shipper import Shipper
from tests.audit.spools import counted, events, leave, line, logged, text

pytestmark = pytest.mark.django_db(transaction=True)


def test_half_a_line_waits_for_its_writer(tmp_path: Path):
    spool, shipper = PullSpool(tmp_path), Shipper(tmp_path)
    spool.note(line())
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(len(whole) - 10)
    assert shipper.step().lines == 0
    with path.open("ab") as file:
        file.write(whole[-10:])
    assert shipper.step().lines == 1
    assert DamagedLine.objects.count() == 0


def test_the_torn_last_line_of_a_dead_writer_is_kept_aside_and_told(tmp_path: Path):
    whole = text([line()])
    leave(tmp_path, whole + whole[:-20])
    Shipper(tmp_path).step()
    assert logged() == 1
    damaged = DamagedLine.objects.get()
    assert (damaged.position, bytes(damaged.line)) == (len(whole), whole[:-20])
    assert events("audit.damage") == [{"damaged": 1, "from": 0, "to": 2 * len(whole) - 20}]
    assert list(tmp_path.iterdir()) == []


def test_a_last_line_that_lacks_only_its_end_is_a_pull(tmp_path: Path):
    leave(tmp_path, text([line()])[:-1])
    Shipper(tmp_path).step()
    assert (logged(), DamagedLine.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00" * 4096,
        b"{",
        b"[]",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b"x" * 200_000,
        text([line(digest="md5:1")]).strip(),
        text([line(ip="not an address")]).strip(),
        text([line()]).strip().replace(b'"actor_id":7', b'"actor_id":18446744073709551616'),
        text([line(n=0)]).strip(),
        text([line(n=True)]).strip(),
        text([line()]).strip().replace(b"+00:00", b""),
        text([line()]).strip().replace(b'"ann"', b"[]"),
        b'{"gap": -1, "since": "x", "until": "y"}',
    ],
)
def test_what_is_no_line_is_counted_and_holds_nobody_up(tmp_path: Path, damage: bytes):
    leave(tmp_path, text([line("1")]) + damage + b"\n" + text([line("2")]))
    Shipper(tmp_path).step()
    assert (logged(), *counted()) == (2, 2, 2)
    found = list(DamagedLine.objects.order_by("position"))
    assert sum(each.size for each in found) == len(damage)
    assert bytes(found[0].line) == damage[:4096]
    assert Spool.objects.get().damaged == len(found) == events("audit.damage")[0]["damaged"]


def test_text_the_database_refuses_is_made_printable(tmp_path: Path):
    leave(tmp_path, text([line(actor_name="a\x00b\tc\nd", agent="e\\\x00")]))
    Shipper(tmp_path).step()
    row = Pull.objects.get()
    assert row.actor_name == "a\ufffdb\ufffdc\ufffdd"
    assert Agent.objects.get(pk=row.agent_id).agent == "e\\\ufffd"


def test_a_line_the_database_refuses_holds_nobody_up(tmp_path: Path, superuser: psycopg.Connection):
    lines = [line("poison" if n == 33 else str(n)) for n in range(100)]
    leave(tmp_path, text(lines))
    superuser.execute("ALTER TABLE audit_pull ADD CONSTRAINT poisoned CHECK (tag <> 'poison')")
    superuser.commit()
    try:
        assert Shipper(tmp_path).step().lines == 100
    finally:
        superuser.execute("ALTER TABLE audit_pull DROP CONSTRAINT poisoned")
        superuser.commit()
    assert (logged(), *counted()) == (99, 99, 99)
    assert b"poison" in bytes(DamagedLine.objects.get().line)


def test_text_that_looks_like_the_end_of_a_line_is_text(tmp_path: Path):
    sly = ['x","request_id":"y","n":9}', '","request_id":"', "\\", '\\","request_id":"r","n":7}', ',"n":5}']
    leave(
        tmp_path,
        text(
            line(actor_name=name, request_id=name, actor_id=n) for n, name in enumerate(sly) for _ in range(2)
        ),
    )
    Shipper(tmp_path).step()
    assert list(Pull.objects.order_by("actor_id").values_list("actor_name", "n")) == [
        (name, 2) for name in sly
    ]


@pytest.mark.parametrize("request_id", [b"\x00", b"\xff", b'"', b"\\"])
def test_a_line_damaged_where_nothing_is_kept_is_damaged(tmp_path: Path, request_id: bytes):
    whole = text([line()])
    leave(
        tmp_path, whole + whole.replace(b'"request_id":"r1"', b'"request_id":"' + request_id + b'"') + whole
    )
    Shipper(tmp_path).step()
    assert (logged(), DamagedLine.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    "ts",
    [
        "2026-13-01T00:00:00+00:00",
        "2026-11-01T00:00:00.000000",
        "11111111111111111111",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_a_time_that_is_none_is_damage(tmp_path: Path, ts: str):
    leave(tmp_path, text([line(), replace(line(), ts=ts)]))
    Shipper(tmp_path).step()
    assert (logged(), DamagedLine.objects.count()) == (1, 1)
