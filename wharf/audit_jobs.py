"""The job that purges the audit log by the settings; how it is started stands in config.audit_purge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from access.principal import Origin, Principal
from audit import purge
from audit.export import archive
from audit.purge import Before, Outcome
from audit.seal import keys
from audit.seal.keys import KeyUnusable
from audit.streams import Stream
from config import current
from config.audit_purge import HELD, kept_days
from config.catalogue.audit import AUDIT_EXPORT_BEFORE_PURGE, AUDIT_LEGAL_HOLD
from core.errors import Conflict

if TYPE_CHECKING:
    from jobs.progress import Progress


def run_purge(
    progress: Progress,
    *,
    streams: Sequence[str] = tuple(Stream),
    days: int | None = None,
    dry_run: bool = False,
    although_changed: bool = False,
    said: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """The body. A partition that cannot be dropped now is a failed item, and is tried again by the next run.

    `said` is for who asks later what was asked for.
    """
    del said
    if current.get(AUDIT_LEGAL_HOLD) and not dry_run:
        progress.log.warn(HELD)  # noqa: G010 - a Logbook, not a logger
        return {"held": True}
    keep = kept_days(days, streams)
    actor = Principal.system("audit purge", Origin(agent=f"job {progress.run_id}"))
    before = [] if dry_run else [*([] if although_changed else _proofs(progress)), *_archives(progress)]
    counts: Counter[str] = Counter()
    partitions = purge.due(keep)
    progress.phase("looking at partitions" if dry_run else "dropping partitions", total=len(partitions))
    for item in progress.items(partitions, key=lambda partition: partition.name):
        with item:
            stream = Stream.PULLS if item.value.parent == "audit_pull" else Stream.EVENTS
            if dry_run:
                rows = item.value.rows()
            else:
                outcome, rows = purge.drop(actor, item.value, keep[stream], before)
                if outcome is not Outcome.DROPPED:
                    raise Conflict(f"{item.value.name} was not dropped: {outcome}")
            counts.update({"partitions": 1, "rows": rows, "bytes": item.value.size})
            progress.log.info("would drop" if dry_run else "dropped", **purge.facts(item.value), rows=rows)
    return {**counts, "dry_run": dry_run, "keep_days": {str(stream): kept for stream, kept in keep.items()}}


def _proofs(progress: Progress) -> list[Before]:
    """Months are verified before they are dropped where the key can be read."""
    try:
        return [purge.proven_whole(keys.read(Path(settings.WHARF_AUDIT_KEY_FILE)))]
    except KeyUnusable as reason:
        progress.log.warn("months are dropped without being verified", reason=str(reason))  # noqa: G010 - a Logbook
        return []


def _archives(progress: Progress) -> list[Before]:
    """What is dropped is written out first, where the settings say so."""
    if not current.get(AUDIT_EXPORT_BEFORE_PURGE):
        return []
    folder = Path(settings.WHARF_AUDIT_ARCHIVE)
    return [archive.into(folder, progress.checkpoint, make=not settings.WHARF_AUDIT_ARCHIVE_NAMED)]
