"""Two tags or digests of a repository beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import browser
from artifacts.browsing import comparison, headers
from artifacts.browsing.comparison import Comparison
from artifacts.browsing.headers import Header
from core.errors import InvalidInput
from core.oci.reference import Reference, parse_reference
from frontend import comparisons
from frontend.answers import see_other
from frontend.comparisons import Figures, Stretch, Told
from frontend.methods import FORM
from frontend.places import address
from frontend.repository_places import Crumbs, at, below
from frontend.shell import page


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says."""

    old: str
    new: str
    platform: str
    unfolded: bool

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        sent = request.GET
        old, new = sent.get("from", "").strip(), sent.get("to", "").strip()
        return cls(old, new, sent.get("platform", ""), "all" in sent)


@dataclass(frozen=True, slots=True)
class ComparePage:
    """`old`, `new`: as they were asked for; `found`: None while nothing was; `problem`: why nothing is compared, or "".

    `swapped`, `fixed`, `unfolded`: this page the other way round, by digests that never mean anything else, and with all lines.
    """

    header: Header
    above: Crumbs
    old: str
    new: str
    names: tuple[str, ...]
    found: Comparison | None
    problem: str
    figures: Figures | None
    layers: tuple[Stretch, ...]
    settings: tuple[Told, ...]
    swapped: str
    fixed: str
    unfolded: str


@FORM
def show(request: HttpRequest, repository: str) -> HttpResponse:
    """The page; two tags that were selected in a list lead to it, the one that stands further down as the older one."""
    header = headers.header(browser.actor_of(request), repository)
    # Of who is not signed in the form is a GET: it needs no cookie, and there is nothing else that a list lets him do.
    sent = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" or "selected" in sent:
        return see_other(_address(header, *_selected(sent.getlist("selected"))))
    asked = Asked.of(request)
    wanted, problem = _wanted(asked.old, asked.new)
    found = comparison.compare(header.place, *wanted, asked.platform) if wanted else None
    context = _shown(header, asked, found, problem or _problem(header, asked, found))
    status = 404 if found and (found.old is None or found.new is None) else 200
    return page(request, "frontend/repositories/compare.html", context, at=at(header), status=status)


def _shown(header: Header, asked: Asked, found: Comparison | None, problem: str) -> ComparePage:
    old, new, platform = asked.old, asked.new, found.platform if found else ""
    fixed = ""
    if found and found.old and found.new:
        fixed = _address(header, str(found.old.digest), str(found.new.digest), platform)
    return ComparePage(
        header=header,
        above=below(header),
        old=old,
        new=new,
        names=tuple(comparison.newest_tags(header.place)),
        found=found,
        problem=problem,
        figures=comparisons.figures(found) if found else None,
        layers=comparisons.stretches(found.layers if found else (), unfolded=asked.unfolded),
        settings=comparisons.settings(found.settings if found else ()),
        swapped=_address(header, new, old, platform),
        fixed=fixed,
        unfolded=f"{_address(header, old, new, platform)}&all=1",
    )


def _selected(names: Sequence[str]) -> tuple[str, str]:
    """The older and the newer of two; of more than two nobody knows which were meant."""
    if len(names) > 2:
        return "", ""
    new, old = (*names, "", "")[:2]
    return old, new


def _wanted(old: str, new: str) -> tuple[tuple[Reference, Reference] | None, str]:
    """Both as references, or what is wrong with them."""
    if not old or not new:
        return None, ""
    try:
        return (parse_reference(old), parse_reference(new)), ""
    except InvalidInput as error:
        return None, error.message


def _problem(header: Header, asked: Asked, found: Comparison | None) -> str:
    if found is None:
        return ""
    missing = [name for name, side in ((asked.old, found.old), (asked.new, found.new)) if side is None]
    if missing:
        return _("There is no %(names)s in %(repository)s.") % {
            "names": ", ".join(missing),
            "repository": header.name,
        }
    return comparisons.nothing_text(found) if found.was is None or found.now is None else ""


def _address(header: Header, old: str, new: str, platform: str = "") -> str:
    asked = {"from": old, "to": new} | ({"platform": platform} if platform else {})
    return f"{address('repository_compare', repository=header.name)}?{urlencode(asked)}"
