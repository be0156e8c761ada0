"""Large exports of the audit log: started, listed, downloaded. What the job does stands in wharf/audit_export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from django.db.models import QuerySet

from access.check import done_by
from access.principal import ActorKind, Principal
from audit.actions import Draft, action
from audit.export import stored
from audit.export.exporting import Wish, authority, mark_of, seen
from audit.export.formats import Format
from core.errors import Conflict, Denied
from database import sql
from jobs import outputs, services
from jobs.models import ACTIVE, Output, Run, State
from jobs.queries import RunUnknown

KIND: Final = "audit.export"
MOST_AT_ONCE: Final = 3
"""Exports that one person may have under way: the files may be large."""

CHANGED: Final = "what you may see of the audit log has changed since: have the export made again"
# Of one person, who would otherwise be counted twice at the same time.
_ONE_AFTER_THE_OTHER: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))::text"


@dataclass(frozen=True, slots=True)
class Execution:
    """An export that somebody asked for, and its file while it can be downloaded."""

    run: Run
    output: Output | None


def start(actor: Principal, wish: Wish) -> Run:
    """Have the file made in the background. Raises Denied, Conflict (enough are under way), InvalidInput."""
    wish = wish.fixed
    needed = authority(actor, wish)
    with action(actor, needed.permission, name="audit.export-start", anyone=needed.anyone) as draft:
        scope = seen(actor, wish)
        _check_person(actor)
        sql.value(_ONE_AFTER_THE_OTHER, [f"{KIND}:{actor.kind}:{actor.id}"])
        if _own(actor).filter(state__in=ACTIVE).count() >= MOST_AT_ONCE:
            raise Conflict(
                f"{MOST_AT_ONCE} exports of yours are under way: wait for one, or stop one (POST /api/v2.0/jobs/ID/stop)"
            )
        arguments = {
            "filter": stored.written(wish.wanted),
            "form": str(wish.form),
            "own": wish.own,
            "mark": mark_of(scope),
        }
        run = services.start(KIND, actor=actor, arguments=arguments)
        draft.resource("job", run.pk, f"{KIND} {wish.file_name}")
        draft.after(wish.facts)
    return run


def executions(actor: Principal) -> QuerySet[Run]:
    """The exports the actor asked for, newest first."""
    return _own(actor).order_by("-created_at", "-id")


def execution(actor: Principal, run_id: int) -> Execution:
    """Raises RunUnknown, also for somebody else's."""
    run = _own(actor).filter(pk=run_id).first()
    if run is None:
        raise RunUnknown(f"no export {run_id}", run=run_id)
    return with_outputs([run])[0]


def with_outputs(runs: list[Run]) -> list[Execution]:
    """The runs with their files (one query)."""
    files = outputs.kept(run.pk for run in runs)
    whole = {run.pk: files.get(run.pk) for run in runs if run.state == State.SUCCEEDED}
    return [Execution(run, whole.get(run.pk)) for run in runs]


def download(actor: Principal, run_id: int) -> tuple[Output, BinaryIO]:
    """The file, open, for who asked for it and may still see all that is in it. Each download is an event.

    The stream is the caller's to close. Raises RunUnknown, OutputUnknown, Denied, StorageFailed.
    """
    found = execution(actor, run_id)
    wish = wish_of(found.run)
    needed = authority(actor, wish)
    with action(actor, needed.permission, name="audit.export-download", anyone=needed.anyone) as draft:
        _check_person(actor)
        if mark_of(seen(actor, wish)) != found.run.arguments["mark"]:
            raise Denied(CHANGED)
        output = _ready(actor, found)
        _tell(draft, output)
    return output, outputs.open_file(output)


def wish_of(run: Run) -> Wish:
    """What a run was asked for."""
    return wish_from(**run.arguments)


def wish_from(*, filter: dict[str, Any], form: str, own: bool, mark: str) -> Wish:  # noqa: A002, ARG001
    """Of the arguments of a run, as they are named there."""
    return Wish(stored.read(filter), Format(form), own)


def _ready(actor: Principal, found: Execution) -> Output:
    if found.run.state in ACTIVE:
        raise outputs.OutputUnknown(f"export {found.run.pk} is not finished yet", run=found.run.pk)
    if found.output is None:
        raise outputs.OutputUnknown(
            f"export {found.run.pk} has no file: it failed, or the file's time is over. Have it made again",
            run=found.run.pk,
        )
    return outputs.of_run(actor, found.run.pk)


def _tell(draft: Draft, output: Output) -> None:
    draft.resource("job", output.run_id, f"{KIND} {output.name}")
    draft.after({"file": output.name, "bytes": output.size, "sha256": output.sha256})


def _own(actor: Principal) -> QuerySet[Run]:
    return Run.objects.filter(done_by(actor), kind=KIND)


def _check_person(actor: Principal) -> None:
    """The job looks at its requester's rights again, without the key he came with. Raises Denied."""
    if actor.kind not in (ActorKind.USER, ActorKind.SYSTEM):
        raise Denied("files are made for people alone: a robot streams its exports, a shorter time at once")
    outputs.require_whole(actor)
