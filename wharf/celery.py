"""The Celery application: it carries run ids to workers, JSON only. Losing the broker delays jobs and loses nothing."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")

import structlog
from celery import Celery
from celery.signals import setup_logging
from kombu.transport import redis

from wharf import dispatching, environment
from wharf.dispatching import QUEUE, Jobs, Messages

# Above the longest task, or the broker would hand a running task to a second worker (redelivery after a crash
# is as late as this; every task may arrive twice or never).
VISIBILITY_TIMEOUT = timedelta(hours=12)
# Above the longest attempt of any kind (jobs.kinds.LONGEST), which jobs.keeper ends: this is for a keeper that hangs.
TASK_LIMIT = timedelta(hours=6, minutes=10)

log = structlog.get_logger(__name__)


def _broker(url: str) -> str:
    # kombu reads a unix socket only under its own scheme.
    return (
        f"redis+socket://{url.removeprefix('unix://')}?virtual_host=0" if url.startswith("unix://") else url
    )


app = Celery("wharf")
app.conf.update(
    broker_url=_broker(environment.load().redis),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": int(VISIBILITY_TIMEOUT.total_seconds())},
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=int(TASK_LIMIT.total_seconds()),
    task_default_queue=QUEUE,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1_000,
    # Celery's Django part would give the connection back after every task; see dispatching.renew_connection.
    CELERY_DB_REUSE_MAX=1_000_000,
    # A running job needs no broker: its lease and its end are rows. Redelivered, its message finds it claimed.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    timezone="UTC",
    enable_utc=True,
    # Schedules are rows, looked after by jobs.beat: nothing is scheduled here.
    beat_schedule={},
    beat_scheduler="wharf.beat:Scheduler",
)


@setup_logging.connect
def _use_django_logging(**_: Any) -> None:
    """Celery leaves logging alone when this signal has a receiver; settings.LOGGING is in force."""


app.steps["worker"].add(Jobs)
redis.Channel.QoS = Messages


@app.task(name="wharf.run")
def run(run_id: int) -> None:
    """Work on a run. The message may come twice or never: what happens is decided in PostgreSQL."""
    from django.db import DatabaseError

    from jobs import runner

    dispatching.renew_connection()
    try:
        runner.perform(run_id)
    except DatabaseError as error:
        # It was not begun, or its lease will end: either way it is not forgotten.
        log.warning("a job cannot be looked at", run=run_id, error=str(error).strip())
