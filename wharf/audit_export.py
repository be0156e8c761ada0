"""The job that makes a large export of the audit log, for who asked for it and with the rights he still has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from audit.actions import action
from audit.export.exporting import NAME, Wish, authority, content, mark_of, seen
from audit.reading.scope import Scope
from config import audit_export, current
from config.catalogue.audit import AUDIT_EXPORT_DAYS
from core.errors import Denied
from jobs import outputs
from wharf.requesters import requester

if TYPE_CHECKING:
    from jobs.models import Output
    from jobs.progress import Progress


def run_export(progress: Progress, *, mark: str, **asked: Any) -> Mapping[str, Any]:
    """The body; arguments as config.audit_export.start writes them. Written from its beginning by each attempt."""
    wish = audit_export.wish_from(mark=mark, **asked)
    actor = requester(progress)
    scope = seen(actor, wish)
    if mark_of(scope) != mark:
        raise Denied(audit_export.CHANGED)
    progress.phase("writing the file")
    keep = timedelta(days=current.get(AUDIT_EXPORT_DAYS))
    output = outputs.write(
        progress, wish.file_name, wish.form.media_type, _counted(progress, scope, wish), keep=keep
    )
    told = _told(progress, output)
    needed = authority(actor, wish)
    with action(actor, needed.permission, name=NAME, anyone=needed.anyone) as draft:
        draft.resource("job", progress.run_id, f"{audit_export.KIND} {output.name}")
        draft.after(wish.facts | told)
    return told


def _counted(progress: Progress, scope: Scope, wish: Wish) -> Iterator[bytes]:
    for rows, piece in content(scope, wish):
        progress.advance(rows, bytes=len(piece))
        yield piece


def _told(progress: Progress, output: Output) -> dict[str, Any]:
    return {
        "file": output.name,
        "rows": progress.figures.done,
        "bytes": output.size,
        "sha256": output.sha256,
    }
