"""What is being uploaded to a repository at this moment: a page, and the strip over the pages of the repository."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.table import P
from accounts import browser
from artifacts.browsing import headers, uploading
from artifacts.browsing.headers import Header
from artifacts.browsing.uploading import News, Upload
from frontend.answers import is_fragment
from frontend.components.notices import toast
from frontend.methods import READ
from frontend.places import address
from frontend.repository_places import Crumbs, at, below
from frontend.shell import page

# Seconds between two looks: while something is going on, and otherwise.
BUSY, IDLE = 2, 15
LONGEST: Final = 18


@dataclass(frozen=True, slots=True)
class Strip:
    """`again`: where it is asked for the next time, with what is known by now; `every`: in so many seconds."""

    uploads: tuple[Upload, ...]
    again: str
    every: int
    toasts: tuple[SafeString, ...]
    page: str


@dataclass(frozen=True, slots=True)
class UploadsPage:
    header: Header
    above: Crumbs
    uploads: tuple[Upload, ...]
    every: int


@READ
def show(request: HttpRequest, repository: str) -> HttpResponse:
    """The page (`whole`: for its own script, too), or for any other one the strip.

    204 where that would show nothing that is not there already.
    """
    header = headers.header(browser.actor_of(request), repository, P.REPOSITORY_PUSH)
    found = tuple(uploading.uploads(header.place))
    if not is_fragment(request) or "whole" in request.GET:
        context = UploadsPage(header, below(header), found, BUSY if found else IDLE)
        return page(request, "frontend/repositories/uploads.html", context, at=at(header))
    strip = _strip(header, found, request.GET.get("since", ""))
    if request.GET.get("seen") and f"seen={request.GET['seen']}" in strip.again and not strip.toasts:
        return HttpResponse(status=204)
    return render(request, "frontend/repositories/strip.html", {"strip": strip})


def _strip(header: Header, found: tuple[Upload, ...], since: str) -> Strip:
    """`since`: the event that was the newest one the last time; who asks for the first time hears of no old ones."""
    known = since.isascii() and since.isdecimal() and len(since) <= LONGEST
    news = uploading.news(header.place, int(since)) if known else []
    last = (
        max([each.event for each in news], default=int(since))
        if known
        else uploading.last_event(header.place)
    )
    here = address("repository_uploads", repository=header.name)
    asked = urlencode({"since": last, "seen": _print(found)})
    toasts = tuple(_toast(header.name, each) for each in reversed(news))
    return Strip(found, f"{here}?{asked}", BUSY if found else IDLE, toasts, here)


def _print(found: tuple[Upload, ...]) -> str:
    """Tells one state from another."""
    return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def _toast(repository: str, pushed: News) -> SafeString:
    to = address("tag", repository=repository, tag=pushed.tag)
    text = _("The tag %(name)s was pushed.") % {"name": pushed.tag}
    return toast("success", text, to=to, label=_("Show it"))
