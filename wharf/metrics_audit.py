"""What /metrics says of the audit log: the spool of this host from its files, what was shipped from PostgreSQL.

Read when it is asked, at most every five seconds a process. Without a database the lag is told from what was last known.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

FRESH_SECONDS: Final = 5.0
# While the database is away a scrape must not wait for it each time.
AWAY_SECONDS: Final = 15.0

log = structlog.get_logger(__name__)


class AuditCollector(Collector):
    """Registered beside the counters of the processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._positions: dict[str, int] = {}
        self._kept: list[Metric] = []
        self._not_collected = 0.0
        self._forwards = False
        self._until = 0.0

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering it must not ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._read()
            return [*self._kept, *self._of_spool(), *self._of_forwarding()]

    def _read(self) -> None:
        try:
            self._kept = list(self._of_database())
            pause = FRESH_SECONDS
        except DatabaseError as error:
            log.warning("the audit log is not measured", error=str(error).strip())
            self._kept, pause = [], AWAY_SECONDS
        finally:
            connection.close()
        self._until = time.monotonic() + pause

    def _of_database(self) -> Iterator[Metric]:
        from audit import partitions
        from audit.seal import sealer
        from audit.spool import backlog, files, shipping

        self._positions = shipping.positions(files.names(_folder()))
        lines, lost, damaged = backlog.totals()
        yield _counter("wharf_audit_spool_lines_shipped", "Lines of spools brought into the database.", lines)
        yield _counter("wharf_audit_pulls_lost", "Pulls that were answered and could not be noted.", lost)
        yield _counter("wharf_audit_spool_lines_damaged", "What stood in spools and was no line.", damaged)
        strays = GaugeMetricFamily(
            "wharf_audit_stray_rows", "Rows in a DEFAULT partition, up to 10,000.", labels=["table"]
        )
        for table, rows in partitions.strays().items():
            strays.add_metric([table], rows)
        yield strays
        self._measure_forwarding()
        yield GaugeMetricFamily(
            "wharf_audit_seal_lag_seconds", "Age of the oldest event that is not sealed.", value=sealer.lag()
        )

    def _measure_forwarding(self) -> None:
        from audit.forward import collecting
        from config import current
        from config.catalogue.forwarding import AUDIT_LOG_FORWARD_ENDPOINT

        self._forwards = bool(current.get(AUDIT_LOG_FORWARD_ENDPOINT))
        self._not_collected = collecting.lag() if self._forwards else 0.0

    def _of_forwarding(self) -> Iterator[Metric]:
        """Of this host's buffer, and the oldest event that is in no host's."""
        from audit.forward import status

        try:
            found = status.of(Path(settings.WHARF_AUDIT_FORWARD))
        except OSError as error:
            log.warning("the buffer of forwarding is not measured", error=str(error))
            return
        lag = max(self._not_collected, found.oldest_seconds) if self._forwards else 0.0
        yield GaugeMetricFamily(
            "wharf_audit_forward_lag_seconds",
            "Age of the oldest event that is not known to have reached the syslog server.",
            value=lag,
        )
        yield GaugeMetricFamily(
            "wharf_audit_forward_buffer_bytes",
            "Messages of this host that are not known to have reached the syslog server.",
            value=found.waiting_bytes,
        )
        yield _counter(
            "wharf_audit_forward_sent", "Messages that have reached the syslog server.", found.sent
        )
        yield _counter("wharf_audit_forward_failures", "Tries to send that failed.", found.failures)

    def _of_spool(self) -> Iterator[Metric]:
        from audit.spool import backlog, files

        try:
            spooled, oldest = files.spooled(_folder()), backlog.oldest(_folder(), self._positions)
        except OSError as error:
            log.warning("the spool of pulls is not measured", error=str(error))
            return
        lag = 0.0 if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds())
        yield GaugeMetricFamily(
            "wharf_audit_spool_bytes", "Size of this host's spool of pulls.", value=spooled
        )
        yield GaugeMetricFamily(
            "wharf_audit_spool_lag_seconds", "Age of the oldest pull that is not in the database.", value=lag
        )


def _folder() -> Path:
    return Path(settings.WHARF_SPOOL) / "pulls"


def _counter(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(name, text, value=value)


AUDIT: Final = AuditCollector()
