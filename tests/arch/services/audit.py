"""Rows of the audit log's own services."""

from __future__ import annotations

from datetime import UTC, datetime

from access.principal import Principal
from audit import purge
from config import forward_trial
from core.errors import NotFound
from tests.arch.callers import Scene
from tests.arch.services.row import ADMINS, Rows, system

MONTH = datetime(2001, 1, 1, tzinfo=UTC), datetime(2001, 2, 1, tzinfo=UTC)


def no_such_month(_scene: Scene, _actor: Principal) -> purge.Partition:
    """Nothing to drop: what really goes is tested beside the purge, where tables may be made."""
    return purge.Partition("audit_event", "audit_event_2001m01", *MONTH, size=0)


def drop(_scene: Scene, actor: Principal, month: purge.Partition) -> None:
    outcome, _ = purge.drop(actor, month, 400)
    assert outcome is purge.Outcome.UNKNOWN
    raise NotFound("nothing to drop")


def send_test(_scene: Scene, actor: Principal, _: None) -> None:
    """By UDP, which nobody has to take."""
    forward_trial.send_test(actor, {"audit_log_forward_endpoint": "udp://127.0.0.1:9"})


ROWS: Rows = {
    "audit/purge.py:drop": system(drop, "audit.purge", given=no_such_month, ends=NotFound, confirmed=True),
    "config/forward_trial.py:send_test": system(send_test, "audit.forward-test", ADMINS, confirmed=True),
}
