"""What happened to the tags of a repository, and the way to set one back: first what would happen, then the deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.table import P
from accounts import browser
from artifacts import restoring
from artifacts.browsing import headers, restorations, timeline
from artifacts.browsing.headers import Header
from artifacts.browsing.restorations import Restoration
from core.oci.digest import Digest
from core.oci.reference import Tag
from frontend.components.figures import size_text
from frontend.components.navigation import Tab
from frontend.components.plots import step_line
from frontend.done import see_done
from frontend.lists import timeline as lists
from frontend.lists.answers import answer
from frontend.lists.shown import Shown, shown
from frontend.methods import FORM, READ
from frontend.places import address
from frontend.repository_places import Crumbs, above, at, below
from frontend.repository_places import tabs as tabs_of
from frontend.shell import page


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """`tag`: the one whose history it is, "" for all; `chart`: "" where there is too little to draw."""

    header: Header
    above: Crumbs
    tabs: tuple[Tab, ...]
    list: Shown
    tag: str
    chart: SafeString
    chart_title: str
    may_restore: bool


@dataclass(frozen=True, slots=True)
class RestorePage:
    header: Header
    above: Crumbs
    restoration: Restoration
    question: str
    button: str
    back: str
    compare: str


@READ
def show(request: HttpRequest, repository: str) -> HttpResponse:
    """The list, and how the size went."""
    header = headers.header(browser.actor_of(request), repository)
    rows = timeline.rows(header.place)
    list_ = shown(request, lists.spec(header), rows, described=timeline.described)
    tag = next(iter(list_.state.filters.get("tag", ())), "")
    context = TimelinePage(
        header=header,
        above=above(header),
        tabs=tabs_of(header, "repository_timeline"),
        list=list_,
        tag=tag,
        chart=_chart(timeline.sizes(header.place, tag), tag),
        chart_title=_chart_title(tag),
        may_restore=P.TAG_RESTORE in header.given,
    )
    return answer(request, "frontend/repositories/timeline.html", context, list_, at=at(header))


@FORM
def restore(request: HttpRequest, repository: str) -> HttpResponse:
    """What setting the tag back would do; a form that was sent does it, unless the tag has moved since it was shown."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.TAG_RESTORE)
    sent = request.POST if request.method == "POST" else request.GET
    tag, digest = Tag.parse(sent.get("tag", "")), Digest.parse(sent.get("digest", ""))
    if request.method == "POST":
        now = Digest.parse(sent["now"]) if sent.get("now") else None
        restoring.restore(actor, header.place.target, tag, digest, now=now)
        timeline = address("repository_timeline", repository=header.name)
        return see_done(timeline, "restored", tag=tag.value)
    found = restorations.restoration(actor, header.place, tag, digest)
    return page(request, "frontend/repositories/restore.html", _asked(header, found), at=at(header))


def _asked(header: Header, found: Restoration) -> RestorePage:
    compare = ""
    if found.now is not None:
        asked = urlencode({"from": found.now, "to": found.digest})
        compare = f"{address('repository_compare', repository=header.name)}?{asked}"
    return RestorePage(
        header=header,
        above=below(header),
        restoration=found,
        question=_("Restore the tag %(name)s?") % {"name": found.tag},
        button=_("Restore the tag %(name)s") % {"name": found.tag},
        back=_history(header, found.tag),
        compare=compare,
    )


def _history(header: Header, tag: str) -> str:
    return f"{address('repository_timeline', repository=header.name)}?{urlencode({'tag': tag})}"


def _chart(sizes: Sequence[tuple[datetime, int]], tag: str) -> SafeString:
    if len(sizes) < 2:
        return SafeString("")
    first, last = size_text(sizes[0][1]), size_text(sizes[-1][1])
    told = _("%(what)s, from %(first)s to %(last)s") % {
        "what": _chart_title(tag),
        "first": first,
        "last": last,
    }
    return step_line(sizes, told, said=size_text)


def _chart_title(tag: str) -> str:
    return _("Size of %(tag)s over time") % {"tag": tag} if tag else _("Size of what was pushed")
