"""Events: how a low layer wakes a high one. The row commits with what happened; the relay makes runs of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from access.principal import Principal, ProjectRef
from database import sql
from jobs.encoding import encoded
from jobs.models import MAX_KEY, MAX_NAME
from jobs.subjects import NOTHING, Subject
from jobs.wake import WAKE

_INSERT = f"""
    INSERT INTO job_outbox (event, payload, actor_kind, actor_id, actor_name, project_id,
                            subject_type, subject_id, subject_name, available_at)
    VALUES (%s, %s::jsonb, %s, %s, %s, %s, %s, %s, %s, now() + %s)
    RETURNING {WAKE}
"""


def publish(
    event: str,
    payload: Mapping[str, Any],
    *,
    actor: Principal,
    subject: Subject = NOTHING,
    project: ProjectRef | None = None,
    delay: timedelta = timedelta(0),
) -> None:
    """Tell who subscribed (wharf/subscriptions.py) that this happened, once the caller's transaction has committed.

    `payload`: ids, as JSON of at most 8 KiB. Raises InvalidInput.
    """
    sql.execute(
        _INSERT,
        [
            event,
            encoded(payload),
            str(actor.kind),
            actor.id,
            actor.name[:MAX_NAME],
            project.id if project else None,
            subject.type,
            subject.id,
            subject.name[:MAX_KEY],
            delay,
        ],
    )
