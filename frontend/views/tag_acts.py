"""What is done to several tags at once, but for deleting them: first what they are, then the deed, each an act of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.principal import Principal
from access.table import P
from accounts import browser
from artifacts import labels, tags
from artifacts.browsing import headers
from artifacts.browsing import tags as browsing
from artifacts.browsing.headers import Header
from artifacts.browsing.tags import Row
from core.errors import AlreadyExists, LabelUnknown, ManifestUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag
from frontend.done import see_done
from frontend.methods import FORM
from frontend.places import address
from frontend.repository_places import Crumbs, at, below
from frontend.shell import page
from projects.labels import Choice, choices


@dataclass(frozen=True, slots=True)
class LabelsPage:
    """`digests`: what the tags name, each once: that gets the labels; `mistake`: of what was sent, "" for none."""

    header: Header
    above: Crumbs
    question: str
    rows: tuple[Row, ...]
    digests: tuple[str, ...]
    choices: tuple[Choice, ...]
    mistake: str
    back: str


@dataclass(frozen=True, slots=True)
class ImmutablePage:
    """`fix` and `free`: the words of the buttons with their numbers, "" where there is nothing to do so with."""

    header: Header
    above: Crumbs
    question: str
    rows: tuple[Row, ...]
    fix: str
    free: str
    back: str


@FORM
def label(request: HttpRequest, repository: str) -> HttpResponse:
    """Labels to put on what the selected tags name, or to take off it."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.ARTIFACT_LABEL_CREATE)
    offered = choices(actor, header.project)
    if request.method != "POST" or "put" not in request.POST:
        return _labels_page(request, header, offered)
    chosen = [each.id for each in offered if str(each.id) in request.POST.getlist("label")]
    if not chosen:
        return _labels_page(request, header, offered, mistake=_("Choose a label."))
    digests = [Digest.parse(text) for text in request.POST.getlist("digest")[: browsing.MOST_NAMED]]
    for digest, number in product(digests, chosen):
        _label(actor, header, digest, number, put=request.POST["put"] == "yes")
    return see_done(address("repository", repository=header.name), "labels")


@FORM
def immutable(request: HttpRequest, repository: str) -> HttpResponse:
    """Selected tags that nobody can move or delete, or can again."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.IMMUTABLE_TAG_UPDATE)
    rows = _rows(request, header)
    if request.method != "POST" or "immutable" not in request.POST:
        return page(
            request, "frontend/repositories/fix_tags.html", _immutable_page(header, rows), at=at(header)
        )
    for row in rows:
        _fix(actor, header, row, immutable=request.POST["immutable"] == "yes")
    return see_done(address("repository", repository=header.name), "saved")


def _rows(request: HttpRequest, header: Header) -> tuple[Row, ...]:
    """Those of the selected tags that are there."""
    sent = request.POST if request.method == "POST" else request.GET
    found = browsing.named(browsing.rows(header.place), sent.getlist("selected"))
    return tuple(browsing.described(header.place, list(found.order_by("-version_key", "-pk"))))


def _labels_page(
    request: HttpRequest, header: Header, offered: Sequence[Choice], *, mistake: str = ""
) -> HttpResponse:
    rows = _rows(request, header)
    told = ngettext("Labels of what %(count)s tag names", "Labels of what %(count)s tags name", len(rows))
    context = LabelsPage(
        header=header,
        above=below(header),
        question=told % {"count": len(rows)},
        rows=rows,
        digests=tuple(dict.fromkeys(str(row.digest) for row in rows)),
        choices=tuple(offered),
        mistake=mistake,
        back=address("repository", repository=header.name),
    )
    status = 422 if mistake else 200
    return page(request, "frontend/repositories/label_tags.html", context, at=at(header), status=status)


def _immutable_page(header: Header, rows: tuple[Row, ...]) -> ImmutablePage:
    by_hand = sum(row.by_hand for row in rows)
    fix = ngettext("Make %(count)s tag immutable", "Make %(count)s tags immutable", len(rows) - by_hand)
    free = ngettext("Make %(count)s tag mutable again", "Make %(count)s tags mutable again", by_hand)
    return ImmutablePage(
        header=header,
        above=below(header),
        question=_("Immutable tags"),
        rows=rows,
        fix=fix % {"count": len(rows) - by_hand} if by_hand < len(rows) else "",
        free=free % {"count": by_hand} if by_hand else "",
        back=address("repository", repository=header.name),
    )


def _label(actor: Principal, header: Header, digest: Digest, number: int, *, put: bool) -> None:
    """What wears it already, or no longer does, or has gone meanwhile, is left as it is."""
    change = labels.add if put else labels.remove
    try:
        change(actor, header.place.target, digest, number)
    except (AlreadyExists, LabelUnknown, ManifestUnknown):
        return


def _fix(actor: Principal, header: Header, row: Row, *, immutable: bool) -> None:
    """What has gone meanwhile is none of ours."""
    try:
        tags.set_immutable(actor, header.place.target, Tag.parse(row.name), immutable=immutable)
    except ManifestUnknown:
        return
