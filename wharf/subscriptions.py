"""What is run in the background: every kind of run with its body, the queues, and which event starts what.

The one place that knows both sides: jobs/ knows no body, and the packages of the bodies do not know each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from access.principal import Origin, Principal
from access.table import P
from accounts.services import forgetting as people
from accounts.services import sessions
from accounts.sync import job as directory
from artifacts import bulk, maintenance, pull_statistics, statistics, unique_sizes
from artifacts import forgetting as pushes
from audit import partitions
from config import audit_export as exports
from config import audit_purge
from config import forgetting as settings
from jobs import forgetting as runs
from jobs import housekeeping, outputs
from jobs.kinds import Kind, Lane, Queue, Single, Subscription
from jobs.progress import Progress
from projects import quotas
from projects.services import quota_warnings
from wharf import audit_export, audit_jobs
from wharf.requesters import requester

# Periodic upkeep is short and never waits for long work; a queue of long runs is added with its first kind.
MAINTENANCE = Queue("maintenance", limit=4, lane=Lane.SHORT)
# A directory may be slow to answer; nobody else waits for it.
DIRECTORY = Queue("directory", limit=1, lane=Lane.SHORT)
# Months are verified before they are dropped, which takes minutes.
UPKEEP = Queue("upkeep", limit=1)
# Each reads much and writes a large file: people take turns.
EXPORTS = Queue("exports", limit=1)
# Many small acts that somebody waits for.
DELETIONS = Queue("deletions", limit=2)
QUEUES: tuple[Queue, ...] = (MAINTENANCE, DIRECTORY, UPKEEP, EXPORTS, DELETIONS)


def _reap_uploads(progress: Progress) -> Mapping[str, Any]:
    progress.phase("removing unfinished uploads")
    return {"uploads": maintenance.reap_uploads()}


def _purge_deleted(progress: Progress) -> Mapping[str, Any]:
    progress.phase("removing rows of deleted repositories")
    return {"repositories": maintenance.purge_deleted()}


def _fold_statistics(progress: Progress) -> Mapping[str, Any]:
    progress.phase("folding")
    return {"repositories": statistics.fold()}


def _age_pulls(progress: Progress) -> Mapping[str, Any]:
    progress.phase("counting the pulls of 30 days")
    pull_statistics.age()
    return {}


def _count_unique(progress: Progress) -> Mapping[str, Any]:
    progress.phase("counting unique sizes")
    return {"projects": unique_sizes.count(progress.advance)}


def _forget_person(progress: Progress, user_id: int) -> Mapping[str, Any]:
    his = people.names_of(user_id)
    progress.phase("taking a removed person's name out")
    pushes.forget(his, progress.advance)
    people.forget_members(his)
    settings.forget(his)
    runs.forget(his)
    return {"user": user_id}


def _warn_of_quota(progress: Progress, project_id: int, used: int, hard_limit: int) -> Mapping[str, Any]:
    progress.phase("telling that a quota is nearly used up")
    actor = Principal.system("quota", Origin(agent=f"job {progress.run_id}"))
    quota_warnings.warn(actor, project_id, used=used, hard_limit=hard_limit)
    return {"project": project_id}


def _ensure_partitions(progress: Progress) -> Mapping[str, Any]:
    progress.phase("making partitions")
    return {each.name: str(each.outcome) for each in [*partitions.ensure(), *partitions.ensure_pulls()]}


def _forget(progress: Progress) -> Mapping[str, Any]:
    done = housekeeping.clean(progress)
    progress.phase("removing sessions that are over")
    done = {**done, "sessions": sessions.forget_ended()}
    progress.phase("removing files whose time is over")
    return {**done, "files": outputs.remove_ended(progress)}


def _delete_tags(progress: Progress, **asked: Any) -> Mapping[str, Any]:
    return {"tags": bulk.remove(progress, requester(progress), **asked)}


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
        "statistics.age",
        _age_pulls,
        "Forget pulls older than 30 days in tag counts",
        MAINTENANCE.name,
        single_active=Single.ONE,
        keep=20,
    ),
    Kind(
        "statistics.unique",
        _count_unique,
        "Count the unique sizes of repositories",
        UPKEEP.name,
        timeout=timedelta(hours=6),
        single_active=Single.ONE,
        keep=20,
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
        audit_purge.KIND,
        audit_jobs.run_purge,
        "Purge the audit log",
        UPKEEP.name,
        timeout=timedelta(hours=6),
        backoff=timedelta(minutes=5),
        single_active=Single.ONE,
        permission=P.PURGE_AUDIT_CREATE,
    ),
    Kind(
        exports.KIND,
        audit_export.run_export,
        "Export the audit log",
        EXPORTS.name,
        timeout=timedelta(hours=6),
        permission=P.AUDIT_LOG_LIST,
        schedulable=False,  # what is looked for and by whom is said where it is asked for
        personal=True,
    ),
    Kind(
        bulk.KIND,
        _delete_tags,
        "Delete tags",
        DELETIONS.name,
        timeout=timedelta(hours=6),
        single_active=Single.ONE_PER_SUBJECT,
        permission=P.TAG_DELETE,
        schedulable=False,  # what goes was seen by who asked for it
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
        "quota.warn",
        _warn_of_quota,
        "Tell that a quota is nearly used up",
        MAINTENANCE.name,
        keep=20,
        permission=P.QUOTA_UPDATE,
        schedulable=False,  # the push that comes near the quota says whose it is
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
    quotas.WARNING: (Subscription("quota.warn"),),
}
