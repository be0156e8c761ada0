"""Rows that arrive while a partition is looked at before its drop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit import purge
from audit.models import AuditEvent
from audit.partitions import ensure_days
from audit.purge import Outcome, Partition
from audit.streams import Stream
from tests.audit.sealing import Log
from tests.people import SYSTEM

PULL = """
    INSERT INTO audit_pull (ts, repository_id, project_id, actor_id, agent_id, n, actor_kind, actor_name, repository, tag,
      digest, ip)
    VALUES (%s, 1, 1, 1, 1, 3, 'user', 'alice', 'p/r', 't', '\\x00ff', NULL)
"""


def test_a_row_that_arrives_on_the_way_keeps_the_partition(log: Log):
    def late(_: Partition) -> None:
        log.admin.execute(PULL, [at])

    at = datetime.now(UTC) - timedelta(days=95)
    ensure_days([at.date()])
    log.admin.execute(PULL, [at])
    (day,) = [each for each in purge.due({Stream.PULLS: 90}) if each.lower.date() == at.date()]
    assert purge.drop(SYSTEM, day, 90, [late]) == (Outcome.CHANGED, 1)
    assert (day.rows(), AuditEvent.objects.filter(operation="audit.purge").exists()) == (2, False)
    assert purge.drop(SYSTEM, day, 90) == (Outcome.DROPPED, 2)
