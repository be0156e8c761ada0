"""The parts of the front page that come when they are seen; without a script each is a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from access.principal import Principal
from artifacts import room
from audit.parts import Result
from audit.reading import scope, search
from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.streams import Stream
from core.errors import StorageFailed
from frontend.components.figures import size_text
from frontend.findings import SHORT_DIGEST, place_of
from frontend.places import address
from jobs import failing, queries
from projects import browsing, mine

ROWS: Final = 6
PUSHES: Final = ("artifact.push", "tag.create", "artifact.copy")
READ: Final = 30
SHOWN_TAGS: Final = 3
SPAN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pushed:
    """`reference`: ":1.0, latest" or "@1a2b…", after the repository."""

    repository: str
    reference: str
    link: str
    at: datetime

    @property
    def text(self) -> str:
        return f"{self.repository}{self.reference}"


@dataclass(frozen=True, slots=True)
class Failed:
    """A run that failed. `subject`: what it was about, "" where it is about no one thing."""

    link: str
    kind: str
    subject: str
    state: str
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Full:
    """A project that uses most of its quota."""

    name: str
    link: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the strip: what it is, how much, and a line below it."""

    label: str | Promise
    value: str
    below: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """`template`: of its rows; `rows`: what `read` gives for the one who looks; `empty`: said where there are none."""

    name: str
    title: str | Promise
    template: str
    empty: str | Promise
    read: Callable[[Principal], Sequence[Any]]
    allowed: Callable[[Principal], bool]


def pushed(actor: Principal) -> Sequence[Pushed]:
    """What he pushed himself in the last month, as the audit log has it: each thing once, when he last did."""
    wanted = Filter(
        streams=frozenset({Stream.EVENTS}),
        since=datetime.now(UTC) - SPAN,
        operations=PUSHES,
        result=Result.OK,
    )
    found = search.search(scope.scope_of(actor, own=True), wanted, size=READ)
    made = {each.text: each for each in reversed([_pushed(entry) for entry in found.entries])}
    latest = sorted(made.values(), key=lambda each: each.at, reverse=True)
    # The parts of an index come without a name, one by one.
    return [each for each in latest if each.reference.startswith(":")][:ROWS] or latest[:ROWS]


def _pushed(entry: Entry) -> Pushed:
    """By its tags where it got some, else by the beginning of its digest."""
    name, _at, digest = entry.resource_name.partition("@")
    repository, colon, tag = name.partition(":")
    after = entry.detail.get("after")
    tags = (
        [tag] if colon else [str(each) for each in after.get("tags", ())] if isinstance(after, dict) else []
    )
    beside = ", ".join(tags[:SHOWN_TAGS])
    return Pushed(
        repository,
        f":{beside}" if beside else f"@{digest.partition(':')[2][:SHORT_DIGEST]}",
        place_of(repository, tag=tags[0] if len(tags) == 1 else "", digest="" if beside else digest),
        entry.ts,
    )


def failed(actor: Principal) -> Sequence[Failed]:
    return [
        Failed(
            address("job", run=str(each.pk)),
            each.kind,
            each.subject_name,
            "partial" if each.state == "partial" else "failed",
            each.finished_at or each.created_at,
            each.error,
        )
        for each in failing.own_failures(actor, limit=ROWS)
    ]


def full(actor: Principal) -> Sequence[Full]:
    return [
        Full(each.name, address("project", project=each.name), each.used, each.limit or 0)
        for each in mine.nearly_full(actor, most=ROWS)
    ]


def health(actor: Principal) -> Sequence[Figure]:
    """What an administrator looks at first."""
    held = browsing.everything(actor)
    if held is None:
        return ()
    queues = queries.queues(actor)
    waiting, running = sum(each.waiting for each in queues), sum(each.running for each in queues)
    broken = sum(each.failed_24h for each in queues)
    repositories = ngettext("%(count)s repository", "%(count)s repositories", held.repositories)
    return (
        Figure(_("Projects"), f"{held.projects:,}", repositories % {"count": f"{held.repositories:,}"}),
        Figure(_("Storage in use"), size_text(held.used)),
        _disk(actor),
        Figure(_("Jobs running"), f"{running:,}", str(_("%(count)s waiting")) % {"count": f"{waiting:,}"}),
        Figure(_("Jobs failed, 24 hours"), f"{broken:,}", is_bad=broken > 0),
    )


def _disk(actor: Principal) -> Figure:
    try:
        total, free = room.of_the_store(actor)
    except StorageFailed as failure:
        return Figure(_("Disk free"), "—", failure.message, is_bad=True)
    below = str(_("of %(size)s")) % {"size": size_text(total)}
    return Figure(_("Disk free"), size_text(free), below, is_bad=free < total * 0.1)


PANELS: Final = (
    Panel("health", _("The registry"), "figures", "", health, lambda actor: actor.is_admin),
    Panel("pushed", _("Pushed by you"), "pushed", _("You pushed nothing in the last 30 days."), pushed, lambda _: True),
    Panel("full", _("Nearly full"), "full", _("No project of yours is nearly full."), full, lambda _: True),
    Panel("failed", _("Your failed jobs"), "failed", _("No job of yours failed in the last 7 days."), failed, lambda _: True),
)  # fmt: skip


def by_name(name: str, actor: Principal) -> Panel | None:
    """The panel, for who may have it."""
    return next((each for each in PANELS if each.name == name and each.allowed(actor)), None)
