"""The page that asks whether all tags that a filter leaves should be deleted, and the job that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from access.principal import Principal
from artifacts import bulk
from artifacts.browsing.headers import Header
from frontend.answers import see_other
from frontend.forms.seen import moment
from frontend.lists import tags as lists
from frontend.lists.filters import Values
from frontend.lists.state import filters_of
from frontend.places import address
from frontend.repository_places import Crumbs, at, below
from frontend.shell import page
from jobs import queries
from jobs.services import AlreadyActive
from projects import labels


@dataclass(frozen=True, slots=True)
class AllPage:
    """`chips`: (what, value) of each filter; `sent`: (name, value) of what the form sends; `more`: how many go unnamed."""

    header: Header
    above: Crumbs
    question: str
    going: int
    names: tuple[str, ...]
    more: str
    staying: str
    chips: tuple[tuple[str, str], ...]
    sent: tuple[tuple[str, str], ...]
    button: str
    back: str


def answer(request: HttpRequest, actor: Principal, header: Header) -> HttpResponse:
    """What would go; once that is confirmed, the job. Raises InvalidInput, Denied, AlreadyActive."""
    spec = lists.spec(header, labels.offered(actor, header.project, header.given))
    filters = filters_of(request.POST if request.method == "POST" else request.GET, spec)
    if request.method == "POST" and "until" in request.POST:
        run = _begun(actor, header, filters, moment(request.POST["until"]))
        return see_other(address("job", run=str(run)))
    found = bulk.matching(actor, header.place, filters)
    chips = tuple(
        (str(each.label), each.told(filters[each.name])) for each in spec.filters if each.name in filters
    )
    return page(
        request, "frontend/repositories/remove_all.html", _page(header, found, filters, chips), at=at(header)
    )


def _begun(actor: Principal, header: Header, filters: dict[str, Values], until: datetime) -> int:
    """The job, also where this very form has begun it already: somebody pressed twice. Raises as `answer`."""
    try:
        return bulk.start(actor, header.place, filters, until).pk
    except AlreadyActive as active:
        same = queries.visible_runs(actor).filter(
            pk=active.run_id, actor_id=actor.id, arguments__until=until.isoformat()
        )
        if not same.exists():
            raise
        return active.run_id


def _page(
    header: Header,
    found: bulk.Matching,
    filters: dict[str, Values],
    chips: tuple[tuple[str, str], ...],
) -> AllPage:
    number = {"count": f"{found.going:,}"}
    unnamed = found.going - len(found.names)
    asked = tuple((name, value) for name, values in filters.items() for value in values)
    return AllPage(
        header=header,
        above=below(header),
        question=ngettext("Delete %(count)s tag?", "Delete %(count)s tags?", found.going) % number,
        going=found.going,
        names=found.names,
        more=ngettext("and %(count)s more", "and %(count)s more", unnamed) % {"count": f"{unnamed:,}"}
        if unnamed
        else "",
        staying=_staying(found.staying),
        chips=chips,
        sent=(("all", "1"), ("until", found.until.isoformat()), *asked),
        button=ngettext("Delete %(count)s tag", "Delete %(count)s tags", found.going) % number,
        back=address("repository", repository=header.name),
    )


def _staying(number: int) -> str:
    told = ngettext(
        "%(count)s tag that matches is immutable and stays.",
        "%(count)s tags that match are immutable and stay.",
        number,
    )
    return told % {"count": f"{number:,}"} if number else ""
