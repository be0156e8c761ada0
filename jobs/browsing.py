"""Runs as people browse them: narrowed for a list, how many are under way, a page of a log, and what may be done with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import BooleanField, DateTimeField, Q, QuerySet
from django.db.models.expressions import RawSQL

from access.check import permissions_of, system_permissions_of
from access.principal import ActorKind, Principal
from jobs import kinds, queries
from jobs.models import ACTIVE, Level, LogLine, Run, State, Task

MOST_COUNTED: Final = 99
LINES: Final = 500
_ROUTINE: Final = ("statistics.fold",)
# A level and what is worse.
_LEVELS: Final = {
    "warning": (Level.WARNING, Level.ERROR),
    "error": (Level.ERROR,),
}


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines in order. `earlier`, `later`: the number before and after which there are more of them, 0 for none; `last`: of
    the newest shown.
    """

    lines: tuple[LogLine, ...]
    earlier: int
    later: int
    last: int


def noteworthy(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Without what goes on every few seconds and went well."""
    return runs.exclude(kind__in=_ROUTINE, state=State.SUCCEEDED)


def of_kinds(runs: QuerySet[Run], names: Sequence[str]) -> QuerySet[Run]:
    return runs.filter(kind__in=list(names))


def in_states(runs: QuerySet[Run], states: Sequence[str]) -> QuerySet[Run]:
    return runs.filter(state__in=list(states))


def started_by(runs: QuerySet[Run], actor: Principal) -> QuerySet[Run]:
    return runs.filter(actor_kind=str(actor.kind), actor_id=actor.id)


def triggered(runs: QuerySet[Run], trigger: str) -> QuerySet[Run]:
    return runs.filter(trigger=trigger)


def of_project(runs: QuerySet[Run], name: str) -> QuerySet[Run]:
    """Those of the project that has the name now; the caller sees nothing there that he did not see before."""
    condition = "job_run.project_id = (SELECT id FROM project WHERE name = %s AND deleted_at IS NULL)"
    return runs.filter(RawSQL(condition, (name,), output_field=BooleanField()))  # noqa: S611 - a constant


def made_within(runs: QuerySet[Run], days: int) -> QuerySet[Run]:
    moment = RawSQL("now() - %s * interval '1 day'", (days,), output_field=DateTimeField())
    return runs.filter(created_at__gte=moment)


def under_way(actor: Principal) -> int:
    """How many runs that the actor started have not ended; of more than MOST_COUNTED one more than that (one query)."""
    if actor.kind is ActorKind.ANONYMOUS or actor.grants is not None:
        return 0
    active = queries.visible_runs(actor).order_by().filter(state__in=ACTIVE)
    return started_by(active, actor)[: MOST_COUNTED + 1].count()


def may_retry(actor: Principal, run: Run) -> bool:
    """Whether `retry` would be allowed once the run has ended; for showing buttons."""
    try:
        kind = kinds.kind(run.kind)
    except kinds.KindUnknown:
        return False
    if kind.personal and (run.actor_kind, run.actor_id) != (str(actor.kind), actor.id):
        return False
    needed, project = queries.authority_to_start(run)
    if project is not None:
        return needed in permissions_of(actor, project)
    given = system_permissions_of(actor)
    return needed in given and kind.permission in given


def failed_items(run_id: int, *, after: str = "", limit: int) -> tuple[Task, ...]:
    """Items whose last attempt failed, in the order of their ids, after that id. The caller has checked that the run may be
    seen."""
    number = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    found = Task.objects.filter(run_id=run_id, state=State.FAILED, pk__gt=number).order_by("pk")
    return tuple(found[:limit])


def log_page(run_id: int, *, level: str = "", text: str = "", before: int = 0, after: int = 0) -> LogPage:
    """The last LINES lines of a run's log, or those before or after a number; `level`: "warning" or "error" and worse.

    `text`: a part of the message, whatever its case. The caller has checked that the run may be seen.
    """
    found = LogLine.objects.filter(_wanted(run_id, level, text))
    if after:
        lines = tuple(found.filter(n__gt=after).order_by("n")[: LINES + 1])
        shown = lines[:LINES]
        last = shown[-1].n if shown else after
        return LogPage(shown, shown[0].n if shown else after + 1, last if len(lines) > LINES else 0, last)
    if before:
        found = found.filter(n__lt=before)
    newest = tuple(found.order_by("-n")[: LINES + 1])
    shown = newest[:LINES][::-1]
    last = shown[-1].n if shown else 0
    return LogPage(shown, shown[0].n if len(newest) > LINES else 0, last if before else 0, last)


def _wanted(run_id: int, level: str, text: str) -> Q:
    wanted = Q(run_id=run_id)
    if level in _LEVELS:
        wanted &= Q(level__in=_LEVELS[level])
    return wanted & Q(message__icontains=text) if text else wanted
