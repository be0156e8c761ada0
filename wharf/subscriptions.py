"""What is run in the background: every kind of run with its body, the queues, and which event starts what.

The one place that knows both sides: jobs/ knows no body, and the packages of the bodies do not know each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from access.table import P
from accounts.services import forgetting as people
from accounts.services import sessions
from accounts.sync import job as directory
from artifacts import forgetting as pushes
from artifacts import maintenance, statistics
from audit import partitions
from config import forgetting as settings
from jobs import forgetting as runs
from jobs import housekeeping
from jobs.kinds import Kind, Lane, Queue, Single, Subscription
from jobs.progress import Progress

# Periodic upkeep is short and never waits for long work; a queue of long runs is added with its first kind.
MAINTENANCE = Queue("maintenance", limit=4, lane=Lane.SHORT)
# A directory may be slow to answer; nobody else waits for it.
DIRECTORY = Queue("directory", limit=1, lane=Lane.SHORT)
QUEUES: tuple[Queue, ...] = (MAINTENANCE, DIRECTORY)


def _reap_uploads(progress: Progress) -> Mapping[str, Any]:
    progress.phase("removing unfinished uploads")
    return {"uploads": maintenance.reap_uploads()}


def _purge_deleted(progress: Progress) -> Mapping[str, Any]:
    progress.phase("removing rows of deleted repositories")
    return {"repositories": maintenance.purge_deleted()}


def _fold_statistics(progress: Progress) -> Mapping[str, Any]:
    progress.phase("folding")
    return {"repositories": statistics.fold()}


def _forget_person(progress: Progress, user_id: int) -> Mapping[str, Any]:
    his = people.names_of(user_id)
    progress.phase("taking a removed person's name out")
    pushes.forget(his, progress.advance)
    people.forget_members(his)
    settings.forget(his)
    runs.forget(his)
    return {"user": user_id}


def _ensure_partitions(progress: Progress) -> Mapping[str, Any]:
    progress.phase("making partitions")
    return {each.name: str(each.outcome) for each in partitions.ensure()}


def _forget(progress: Progress) -> Mapping[str, Any]:
    done = housekeeping.clean(progress)
    progress.phase("removing sessions that are over")
    return {**done, "sessions": sessions.forget_ended()}


KINDS: tuple[Kind, ...] = (
    Kind(
        "uploads.reap",
        _reap_uploads,
        "Remove unfinished uploads",
        MAINTENANCE.name,
        max_attempts=1,  # the next one is due soon anyway
        single_active=Single.ONE,
        keep=20,
    ),
    Kind(
        "repositories.purge",
        _purge_deleted,
        "Remove deleted repositories",
        MAINTENANCE.name,
        max_attempts=1,
        timeout=timedelta(hours=3),
        single_active=Single.ONE,
        keep=20,
    ),
    Kind(
        "statistics.fold",
        _fold_statistics,
        "Fold statistics",
        MAINTENANCE.name,
        max_attempts=1,
        single_active=Single.ONE,
        keep=5,  # one every ten seconds says nothing to anybody
    ),
    Kind(
        "audit.partitions",
        _ensure_partitions,
        "Make partitions of the audit log",
        MAINTENANCE.name,
        single_active=Single.ONE,
        keep=50,
    ),
    Kind(
        "people.forget",
        _forget_person,
        "Take a removed person's name out",
        MAINTENANCE.name,
        timeout=timedelta(hours=3),
        keep=20,
        permission=P.USER_DELETE,
        schedulable=False,  # whom it is about is said by his removal alone
    ),
    Kind(
        directory.KIND,
        directory.sync,
        "Read people and groups of the directory",
        DIRECTORY.name,
        backoff=timedelta(seconds=30),
        single_active=Single.ONE,
        keep=100,
        permission=P.USER_UPDATE,
    ),
    Kind(
        "jobs.housekeeping",
        _forget,
        "Remove old runs and ended sessions",
        MAINTENANCE.name,
        max_attempts=1,
        single_active=Single.ONE,
        keep=20,
    ),
)

SUBSCRIPTIONS: dict[str, tuple[Subscription, ...]] = {
    people.EVENT: (Subscription("people.forget"),),
}
