"""The Celery application: four periodic tasks, JSON only. Losing the broker delays them and loses nothing."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

from wharf import environment

# Above the longest task, or the broker would hand a running task to a second worker (redelivery after a crash
# is as late as this; every task may arrive twice or never).
VISIBILITY_TIMEOUT = timedelta(hours=12)
TASK_LIMIT = timedelta(hours=6)


def _broker(url: str) -> str:
    # kombu reads a unix socket only under its own scheme.
    return (
        f"redis+socket://{url.removeprefix('unix://')}?virtual_host=0" if url.startswith("unix://") else url
    )


app = Celery("wharf")
app.conf.update(
    broker_url=_broker(environment.load().redis),
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": int(VISIBILITY_TIMEOUT.total_seconds())},
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=int(TASK_LIMIT.total_seconds()),
    task_default_queue="wharf",
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    timezone="UTC",
    enable_utc=True,
    # A message older than its own period says nothing new: the next one is due already.
    beat_schedule={
        "reap uploads": {"task": "wharf.reap_uploads", "schedule": 600.0, "options": {"expires": 600}},
        "purge deleted": {"task": "wharf.purge_deleted", "schedule": 300.0, "options": {"expires": 300}},
        "fold statistics": {"task": "wharf.fold_statistics", "schedule": 10.0, "options": {"expires": 10}},
        "audit partitions": {
            "task": "wharf.ensure_audit_partitions",
            "schedule": crontab(hour="1", minute="17"),
            "options": {"expires": 86_400},
        },
    },
)


@setup_logging.connect
def _use_django_logging(**_: Any) -> None:
    """Celery leaves logging alone when this signal has a receiver; settings.LOGGING is in force."""


@app.task(name="wharf.reap_uploads")
def reap_uploads() -> None:
    """Remove uploads nobody finishes (reliability: idle `open`, stuck `finalizing`)."""
    from artifacts import maintenance

    maintenance.reap_uploads()


@app.task(name="wharf.purge_deleted")
def purge_deleted() -> None:
    """Remove the rows of deleted repositories in small batches."""
    from artifacts import maintenance

    maintenance.purge_deleted()


@app.task(name="wharf.fold_statistics")
def fold_statistics() -> None:
    """Fold counters into the rows pages read."""
    from artifacts import statistics

    statistics.fold()


@app.task(name="wharf.ensure_audit_partitions")
def ensure_audit_partitions() -> None:
    """Make the audit partitions of the coming months."""
    from audit import partitions

    partitions.ensure()
