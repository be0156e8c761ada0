"""One artifact: by a tag or by its digest, one tab after the other, and its documents as they were pushed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from access.table import P
from accounts import browser
from artifacts import queries
from artifacts.browsing import documents as described
from artifacts.browsing import headers, pointers, sheets
from artifacts.browsing.headers import Header
from artifacts.browsing.pointers import Gone
from artifacts.browsing.sheets import Sheet
from core.errors import ManifestUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag
from frontend.hosts import address as host_of
from frontend.methods import READ
from frontend.places import address
from frontend.repository_places import Crumbs, at, below
from frontend.sheets import chart, documents, history, layers, overview, referrers
from frontend.sheets.asked import Asked, asked
from frontend.sheets.overview import own_page
from frontend.sheets.page import sheet_page, wanted
from frontend.shell import page


@dataclass(frozen=True, slots=True)
class GonePage:
    """A tag that was deleted. `kept`: the page of what it pointed at, "" where that is gone as well; `restore`: where it can be
    had back, "" for who may not.
    """

    header: Header
    above: Crumbs
    title: str
    gone: Gone
    digest: str
    kept: str
    timeline: str
    restore: str


@READ
def show_tag(request: HttpRequest, repository: str, tag: str) -> HttpResponse:
    """What the tag points at now; 410 for one that was deleted."""
    header = headers.header(browser.actor_of(request), repository, P.ARTIFACT_READ)
    name = Tag.parse(tag)
    try:
        found = sheets.sheet(header.place, name)
    except ManifestUnknown:
        if gone := pointers.end_of(header.place, name):
            return _gone(request, header, gone)
        raise
    return _shown(request, header, found)


@READ
def show_digest(request: HttpRequest, repository: str, digest: str) -> HttpResponse:
    """The same for good, whatever its tags do."""
    header = headers.header(browser.actor_of(request), repository, P.ARTIFACT_READ)
    return _shown(request, header, sheets.sheet(header.place, Digest.parse(digest)))


@READ
def raw(request: HttpRequest, repository: str, digest: str) -> HttpResponse:
    """A document byte for byte, as a file: never shown as a page of ours, whatever is in it."""
    header = headers.header(browser.actor_of(request), repository, P.ARTIFACT_READ)
    of = Digest.parse(digest)
    if request.GET.get("document") == "config":
        content = described.described(header.place, of).config
        if content is None:
            raise ManifestUnknown("the config is not kept beside the manifest: pull it", digest=digest)
        return _file(content, f"config-{of.hex[:12]}.json")
    return _file(queries.manifest(header.place.target, of).payload, f"manifest-{of.hex[:12]}.json")


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _shown(request: HttpRequest, header: Header, found: Sheet) -> HttpResponse:
    view = asked(request)
    if view.tab in chart.FILES and found.type != overview.CHART:
        view = replace(view, tab="overview")
    context = sheet_page(request, header, found, view, body=_body(request, header, found, view))
    return page(request, "frontend/artifacts/sheet.html", context, at=at(header))


def _body(request: HttpRequest, header: Header, found: Sheet, view: Asked) -> Any:
    content, place = found.content(view.platform), header.place
    if view.tab in chart.FILES and content is not None:
        return chart.document(place, content, view.tab)
    if view.tab == "layers":
        return layers.tab(browser.actor_of(request), place, content, view, host=host_of(request).host)
    if view.tab == "referrers":
        return referrers.tree(place, found, content, wanted(request, header, found, view))
    if view.tab == "manifest":
        return documents.document(place, found, content, view)
    if view.tab == "history":
        return history.history(place, found)
    return overview.overview(place, found, content, view)


def _gone(request: HttpRequest, header: Header, gone: Gone) -> HttpResponse:
    timeline = address("repository_timeline", repository=header.name)
    old = gone.change.old
    context = GonePage(
        header=header,
        above=below(header),
        title=_("The tag %(name)s was deleted") % {"name": gone.change.name},
        gone=gone,
        digest=str(old or ""),
        kept=own_page(header.place, old) if old and gone.is_kept else "",
        timeline=f"{timeline}?tag={gone.change.name}" if timeline else "",
        restore=_restore(header, gone),
    )
    return page(request, "frontend/artifacts/gone.html", context, at=at(header), status=410)


def _restore(header: Header, gone: Gone) -> str:
    path = address("repository_restore", repository=header.name)
    if not (path and gone.is_kept and P.TAG_RESTORE in header.given):
        return ""
    return f"{path}?{urlencode({'tag': gone.change.name, 'digest': str(gone.change.old)}, safe=':')}"
