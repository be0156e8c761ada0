"""Many rows: what sealing, verifying and dropping cost. The figures are shown, and judged only where they would be a fault."""

from __future__ import annotations

import resource
import sys
import time

import pytest

from audit import purge
from audit.purge import Outcome
from audit.streams import Stream
from tests.audit.sealing import Log
from tests.audit.test_purge import ADD
from tests.people import SYSTEM

# As events are in life: some names, an address, an agent, before and after.
LIFELIKE = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, token_id, ip, agent, request_id, operation, permission,
                             resource_type, resource_id, resource_name, project_id, result, detail, ts)
    SELECT 'user', n % 500, 'user-' || n % 500, 'session', md5(n::text), '192.0.2.7', 'docker/28.3.0 go/go1.24.4',
           md5((n / 3)::text), 'artifact.push', 'repository:push', 'artifact', n::text,
           'project-' || n % 90 || '/app-' || n % 900 || '@sha256:' || md5(n::text) || md5((-n)::text), n % 90, 'ok',
           jsonb_build_object('after', jsonb_build_object('size', n, 'tags', jsonb_build_array('v' || n, 'latest'))),
           {ts}
    FROM generate_series({first}, {last}) n
"""


def fill(log: Log, rows: int, ts: str = "now()") -> float:
    began = time.monotonic()
    for first in range(1, rows + 1, 50_000):
        log.admin.execute(LIFELIKE.format(ts=ts, first=first, last=min(first + 49_999, rows)))
    return time.monotonic() - began


def rss() -> float:
    """The most this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size(log: Log, relation: str) -> int:
    row = log.admin.execute(
        "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)", [relation]
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.stress)])
def test_many_rows_are_sealed_and_read_back_in_constant_memory(
    log: Log, rows: int, capsys: pytest.CaptureFixture[str]
):
    log.seal(5)
    log.verify(heads=log.heads)
    filled = fill(log, rows)
    before = rss()
    began, cpu = time.monotonic(), time.process_time()
    assert log.sealer.step() == rows  # the clock of the test stands still
    sealing, sealed_rss, sealing_cpu = time.monotonic() - began, rss() - before, time.process_time() - cpu
    began, cpu = time.monotonic(), time.process_time()
    report = log.verify(heads=log.heads)
    verifying, verified_rss, verifying_cpu = (
        time.monotonic() - began,
        rss() - before,
        time.process_time() - cpu,
    )
    assert (report.found, report.rows) == (0, rows + 5)
    event, seal, xid = (size(log, name) / rows for name in ("audit_event", "audit_seal", "audit_event_xid"))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{rows:,} rows: written {rows / filled:,.0f}/s; sealed {rows / sealing:,.0f}/s (+{sealed_rss:.0f} MB, "
            f"{sealing_cpu / rows * 1e6:.0f} µs of CPU each); verified {rows / verifying:,.0f}/s (+{verified_rss:.0f} MB, "
            f"{verifying_cpu / rows * 1e6:.0f} µs); an event {event:.0f} B with indexes, {xid:.1f} B of them for xid; "
            f"a seal {seal:.1f} B\n"
        )
    assert verified_rss < 100
    assert seal < 40


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.stress)])
def test_dropping_a_month_takes_the_time_of_dropping_a_table(
    log: Log, rows: int, capsys: pytest.CaptureFixture[str]
):
    with log.admin.transaction():
        log.admin.execute("SET LOCAL ROLE wharf_owner")
        log.admin.execute(ADD.format("audit_event", 3))
    fill(log, rows, "date_trunc('month', now(), 'UTC') - interval '3 months' + n * interval '1 s'")
    log.sealer.step()
    log.admin.execute("CREATE TABLE plain (LIKE audit_event INCLUDING ALL)")
    log.admin.execute("INSERT INTO plain SELECT * FROM audit_event")
    log.admin.execute("CHECKPOINT")
    began = time.monotonic()
    log.admin.execute("DROP TABLE plain")
    plain = time.monotonic() - began
    [month] = purge.due({Stream.EVENTS: 30})
    began = time.monotonic()
    counted = month.rows()
    counting = time.monotonic() - began
    assert counted == rows
    began = time.monotonic()
    assert purge.drop(SYSTEM, month, 30)[0] is Outcome.DROPPED
    dropping = time.monotonic() - began - counting
    with capsys.disabled():
        sys.stdout.write(
            f"\n{rows:,} rows: DROP TABLE {plain * 1000:.0f} ms, the month {dropping * 1000:.0f} ms, after counting for "
            f"{counting * 1000:.0f} ms\n"
        )
    assert dropping < plain * 10 + 1
