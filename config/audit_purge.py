"""The purge of the audit log as people start, schedule, watch and stop it. What it does is wharf.audit_jobs' to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet

from access.check import require
from access.principal import Principal
from access.table import P
from audit.actions import action
from audit.purge import FLOOR_DAYS
from audit.streams import Stream
from config import current
from config.catalogue.audit import AUDIT_LEGAL_HOLD, AUDIT_RETENTION_DAYS, PULL_RETENTION_DAYS
from core.errors import Conflict, InvalidInput
from jobs import schedules, services
from jobs.models import Run, Schedule
from jobs.queries import RunUnknown

KIND: Final = "audit.purge"
HELD: Final = (
    "a legal hold is on: nothing is dropped. It is lifted with: wharf config set audit_legal_hold=false"
)
NOTHING_SAID: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to purge. `days` in place of the settings, at least 30; `said`: in a client's own words, shown to it again."""

    streams: Sequence[Stream] = tuple(Stream)
    days: int | None = None
    dry_run: bool = False
    although_changed: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises InvalidInput."""
        if self.days is not None and self.days < FLOOR_DAYS:
            raise InvalidInput(f"the audit log keeps at least {FLOOR_DAYS} days", days=self.days)

    @property
    def arguments(self) -> dict[str, Any]:
        """Of the job."""
        told = {
            "streams": [str(stream) for stream in self.streams],
            "days": self.days,
            "dry_run": self.dry_run,
            "although_changed": self.although_changed,
        }
        return told | ({"said": dict(self.said)} if self.said else {})


def start(
    actor: Principal,
    *,
    streams: Sequence[Stream] = tuple(Stream),
    days: int | None = None,
    dry_run: bool = False,
    although_changed: bool = False,
    said: Mapping[str, Any] = NOTHING_SAID,
) -> Run:
    """Purge now; see Wish. Raises AlreadyActive, InvalidInput, Conflict on hold, Denied."""
    wish = Wish(streams, days, dry_run, although_changed, said)
    with action(actor, P.PURGE_AUDIT_CREATE, name="audit.purge-start") as draft:
        if current.get(AUDIT_LEGAL_HOLD) and not wish.dry_run:
            raise Conflict(HELD)
        run = services.start(KIND, actor=actor, arguments=wish.arguments)
        draft.resource("job", run.pk, KIND)
        draft.after(wish.arguments)
    return run


def stop(actor: Principal, run_id: int) -> None:
    """Stop a purge, before the next partition; one that has ended stays as it is. Raises RunUnknown, Denied."""
    services.stop_own(actor, run_id, kind=KIND, permission=P.PURGE_AUDIT_STOP)


def runs(actor: Principal) -> QuerySet[Run]:
    """All purges there were, by hand or by schedule, newest first. Raises Denied."""
    require(actor, P.PURGE_AUDIT_LIST, None)
    return Run.objects.filter(kind=KIND).order_by("-created_at", "-id")


def run(actor: Principal, run_id: int) -> Run:
    """Raises RunUnknown, Denied."""
    require(actor, P.PURGE_AUDIT_READ, None)
    found = Run.objects.filter(kind=KIND, pk=run_id).first()
    if found is None:
        raise RunUnknown(f"no purge {run_id}", run=run_id)
    return found


def schedule(actor: Principal) -> Schedule | None:
    """When it is started by itself; None where that schedule was never made. Raises Denied."""
    require(actor, P.PURGE_AUDIT_READ, None)
    return schedules.single(KIND)


def put_schedule(actor: Principal, permission: P, *, cron: str, wish: Wish) -> Schedule:
    """Purge so from now on, at the times of `cron` in UTC. `permission`: to create or to update.

    Raises Denied, InvalidInput.
    """
    return schedules.put(actor, KIND, permission=permission, cron=cron, arguments=wish.arguments)


def drop_schedule(actor: Principal, permission: P) -> None:
    """Purge no more by itself: the schedule stays and is off. Raises Denied."""
    schedules.put(actor, KIND, permission=permission, enabled=False)


def kept_days(days: int | None = None, streams: Sequence[str] = tuple(Stream)) -> dict[Stream, int]:
    """How many days each of the streams is kept, by the settings unless `days` says otherwise."""
    known = current.snapshot()
    by_setting = {
        Stream.EVENTS: known.get(AUDIT_RETENTION_DAYS),
        Stream.PULLS: known.get(PULL_RETENTION_DAYS),
    }
    return {stream: days or by_setting[stream] for stream in map(Stream, streams)}
