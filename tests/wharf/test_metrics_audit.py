"""What /metrics says of the audit log's spool: true also while nobody ships, and while the database is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from prometheus_client.core import Metric

from audit.spool.shipper import Shipper
from tests.audit.spools import leave, line, text
from wharf.metrics_audit import AuditCollector

pytestmark = pytest.mark.django_db(transaction=True)

Samples = dict[tuple[str, ...], float]


@pytest.fixture
def spool(tmp_path: Path, settings: Any) -> Path:
    settings.WHARF_SPOOL = tmp_path
    return tmp_path / "pulls"


def read(collector: AuditCollector) -> Samples:
    found: Samples = {}
    for metric in collector.collect():
        assert isinstance(metric, Metric)
        found |= {(sample.name, *sample.labels.values()): sample.value for sample in metric.samples}
    return found


def noted(seconds_ago: float) -> bytes:
    return text([replace(line(), ts=(datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat())])


def test_without_a_spool_there_is_nothing_to_ship(spool: Path) -> None:
    found = read(AuditCollector())
    assert found["wharf_audit_spool_bytes",] == found["wharf_audit_spool_lag_seconds",] == 0
    assert found["wharf_audit_spool_lines_shipped_total",] == 0
    assert found["wharf_audit_stray_rows", "audit_pull"] == 0


def test_what_waits_is_told_with_its_age_whether_or_not_somebody_ships(spool: Path) -> None:
    path = leave(spool, noted(100) + noted(50))
    found = read(AuditCollector())
    assert found["wharf_audit_spool_bytes",] == path.stat().st_size
    assert 100 <= found["wharf_audit_spool_lag_seconds",] < 160
    Shipper(spool).step()
    found = read(AuditCollector())
    assert found["wharf_audit_spool_lag_seconds",] == found["wharf_audit_spool_bytes",] == 0
    assert found["wharf_audit_spool_lines_shipped_total",] == 2


def test_what_is_missing_is_counted(spool: Path) -> None:
    gap = b'{"gap": 7, "since": "2026-11-21T10:00:00+00:00", "until": "2026-11-21T10:01:00+00:00"}\n'
    leave(spool, gap + b"damage\n" + noted(0))
    Shipper(spool).step()
    found = read(AuditCollector())
    assert found["wharf_audit_pulls_lost_total",] == 7
    assert found["wharf_audit_spool_lines_damaged_total",] == 1


def test_the_lag_is_told_while_the_database_is_away(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("away")

    collector = AuditCollector()
    read(collector)
    monkeypatch.setattr("audit.spool.backlog.totals", refuse)
    collector._until = 0.0
    leave(spool, noted(100))
    found = read(collector)
    assert 100 <= found["wharf_audit_spool_lag_seconds",] < 160
    assert ("wharf_audit_pulls_lost_total",) not in found
