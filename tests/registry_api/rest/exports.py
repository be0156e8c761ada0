"""Exports of the audit log that were really made, for the tests of the API."""

from __future__ import annotations

from typing import Any

from audit.export.exporting import Wish
from audit.export.formats import Format
from audit.reading.filter import Filter
from config import audit_export
from database import sql
from jobs import runner
from jobs.models import Run
from tests.registry_api.rest.api import World


def made(world: World, by: str = "admin", **said: Any) -> int:
    """The id of a finished export that this person asked for."""
    actor = world.caller(by).principal
    Run.objects.filter(kind=audit_export.KIND, actor_id=actor.id, state="queued").update(state="stopped")
    run = audit_export.start(actor, Wish(Filter(**said), Format.JSONL))
    return finished(run.pk)


def finished(run_id: int) -> int:
    """As a worker would."""
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run_id])
    runner.perform(run_id)
    return run_id
