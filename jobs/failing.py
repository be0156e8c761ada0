"""What somebody started and what failed of it lately."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from access.check import done_by
from access.principal import Principal
from jobs.models import Run, State
from jobs.queries import visible_runs

LATELY: Final = timedelta(days=7)


def own_failures(actor: Principal, *, limit: int) -> list[Run]:
    """The actor's own runs of the last days that failed and that he may still see, the newest first (one query)."""
    found = visible_runs(actor).filter(
        done_by(actor), state__in=(State.FAILED, State.PARTIAL), created_at__gte=Now() - LATELY
    )
    return list(found[:limit])
