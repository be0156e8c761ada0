"""How often a repository was pulled: by day, by tag, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.table import P
from accounts import browser
from artifacts.browsing import headers
from artifacts.browsing.headers import Header
from audit import usage
from audit.reading import pullers
from audit.reading.pullers import Pullers
from core.errors import SearchTooLong
from frontend.answers import is_fragment
from frontend.components.charts import share
from frontend.components.navigation import Tab
from frontend.components.plots import bars
from frontend.methods import READ
from frontend.places import address
from frontend.repository_places import Crumbs, above, at
from frontend.repository_places import tabs as tabs_of
from frontend.shell import page

DAYS: Final = 90
MOST_TAGS: Final = 20


@dataclass(frozen=True, slots=True)
class Row:
    """`link`: where the name leads, "" for nowhere; `drawn`: its share."""

    name: str
    pulls: int
    drawn: SafeString
    link: str = ""


@dataclass(frozen=True, slots=True)
class PullersPart:
    """`problem`: why it is not known; `users`: None for who may not know them; `note`: what the sums are of."""

    note: str
    problem: str
    clients: tuple[Row, ...]
    users: tuple[Row, ...] | None


@dataclass(frozen=True, slots=True)
class UsagePage:
    """`days`: the newest first, with pulls alone; `part`: None where a script asks for it when somebody looks."""

    header: Header
    above: Crumbs
    tabs: tuple[Tab, ...]
    pulls: int
    total: str
    chart: SafeString
    days: tuple[tuple[str, int], ...]
    tags: tuple[Row, ...]
    part: PullersPart | None
    part_link: str
    sees_users: bool


@READ
def show(request: HttpRequest, repository: str) -> HttpResponse:
    """The page; `?by=client` with the part that takes longer, which is all that a script asks for."""
    header = headers.header(browser.actor_of(request), repository, P.REPOSITORY_READ)
    part = _part(header) if request.GET.get("by") == "client" else None
    if part is not None and is_fragment(request):
        return render(request, "frontend/repositories/pullers.html", {"part": part})
    today = datetime.now(UTC).date()
    days, tags = usage.by_day_and_tag(header.place.repository_id, today - timedelta(days=DAYS - 1), MOST_TAGS)
    context = _shown(header, _each_day(today, dict(days)), tags, part)
    return page(request, "frontend/repositories/usage.html", context, at=at(header))


def _shown(
    header: Header, days: list[tuple[str, int]], tags: list[tuple[str, int]], part: PullersPart | None
) -> UsagePage:
    pulls = sum(number for _day, number in days)
    here = address("repository_usage", repository=header.name)
    return UsagePage(
        header=header,
        above=above(header),
        tabs=tabs_of(header, "repository_usage"),
        pulls=pulls,
        total=pulls_text(pulls),
        chart=bars(days, _("Pulls on each of 90 days"), said=pulls_text),
        days=tuple((day, number) for day, number in reversed(days) if number),
        tags=tuple(_tag(header.name, name, number, _most(tags)) for name, number in tags),
        part=part,
        part_link=f"{here}?by=client",
        sees_users=P.LOG_LIST in header.given,
    )


def _most(rows: Sequence[tuple[str, int]]) -> int:
    """The longest bar is the full one."""
    return max((number for _name, number in rows), default=0)


def pulls_text(number: int) -> str:
    return ngettext("%(count)s pull", "%(count)s pulls", number) % {"count": f"{number:,}"}


def _each_day(today: date, pulled: dict[date, int]) -> list[tuple[str, int]]:
    every = (today - timedelta(days=back) for back in reversed(range(DAYS)))
    return [(day.isoformat(), pulled.get(day, 0)) for day in every]


def _tag(repository: str, name: str, number: int, whole: int) -> Row:
    drawn = share(number, whole, pulls_text(number))
    if not name:
        return Row("", number, drawn)
    return Row(name, number, drawn, address("tag", repository=repository, tag=name))


def _part(header: Header) -> PullersPart:
    place = header.place
    try:
        found = pullers.pullers(place.target.project.id, place.repository_id, place.target.name)
    except SearchTooLong:
        return PullersPart("", _("Counting took too long. Try again when less is going on."), (), None)
    users = _rows([(name, number) for _kind, name, number in found.actors])
    clients = _rows(found.clients[:MOST_TAGS])
    return PullersPart(_note(found), "", clients, users if P.LOG_LIST in header.given else None)


def _rows(found: Sequence[tuple[str, int]]) -> tuple[Row, ...]:
    most = _most(found)
    return tuple(Row(name, number, share(number, most, pulls_text(number))) for name, number in found)


def _note(found: Pullers) -> str:
    if found.is_all:
        return _("last %(days)s days") % {"days": pullers.DAYS}
    return _("newest %(lines)s entries of the log of pulls") % {"lines": f"{pullers.MOST_LINES:,}"}
