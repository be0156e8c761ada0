"""The search page, the few lines under the search field as somebody types, and where a pasted reference leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import browser
from artifacts.browsing.everything import MOST, Group, Kind, everything, is_digest, tags_with_label
from artifacts.browsing.going import Spot, only_artifact, spot
from core.oci.pasted import LONGEST, pasted
from frontend import findings
from frontend.answers import see_other
from frontend.components.navigation import Tab
from frontend.findings import Hit, Section
from frontend.hosts import address as host_of
from frontend.methods import READ
from frontend.nearby import Near, called
from frontend.places import address
from frontend.shell import page

# Of a kind on the page with all kinds, and on its own.
FEW: Final = 5
MANY: Final = 50
SHORTEST: Final = 2
"""So many letters are typed before anything is suggested."""
SHARES: Final = {Kind.REPOSITORIES: 4, Kind.TAGS: 3, Kind.DIGESTS: 3, Kind.PROJECTS: 1}


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`searched`: what was looked for, `label`: the id of a label instead. `kind`: the only one that is shown, "" for all.

    `missing`: a pasted reference that leads nowhere; `near`: what is nearly called so, where nothing was found.
    `newer`, `older`: the pages before and after, "" for none.
    """

    searched: str
    label: str
    kind: str
    tabs: tuple[Tab, ...]
    sections: tuple[Section, ...]
    said: str
    is_partial: bool
    missing: bool
    newer: str
    older: str
    may_sign_in: bool
    near: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address of a search asks for."""

    text: str
    kind: Kind | None
    offset: int
    label: int | None
    missing: bool

    def url(self, kind: Kind | None = None, offset: int = 0) -> str:
        subject = {"label": str(self.label)} if self.label is not None else {"q": self.text}
        more = {"type": str(kind)} if kind else {}
        return f"{address('search')}?{urlencode(subject | more | ({'after': str(offset)} if offset else {}))}"


@READ
def show(request: HttpRequest) -> HttpResponse:
    """What was found, in groups or of one kind; what can only be one thing leads there at once."""
    asked = _asked(request.GET)
    if not asked.missing and asked.kind is None and (there := _exactly(request, asked.text)):
        return see_other(there)
    return page(request, "frontend/search/search.html", _page(request, asked))


@READ
def suggest(request: HttpRequest) -> HttpResponse:
    """The few best, as options of a list box."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    if len(text) < SHORTEST:
        return render(request, "frontend/search/suggestions.html", {"hits": []})
    kinds = {Kind.REPOSITORIES, Kind.PROJECTS, Kind.DIGESTS if is_digest(text) else Kind.TAGS}
    groups = everything(browser.actor_of(request), text, kinds, limit=max(SHARES.values()))
    found: list[Hit] = findings.first(groups, text, SHARES)
    told = {"hits": found, "all": f"{address('search')}?{urlencode({'q': text})}", "searched": text}
    return render(request, "frontend/search/suggestions.html", told)


@READ
def go(request: HttpRequest) -> HttpResponse:
    """To what a pasted reference means; to the search where it is none, or nothing the visitor may see."""
    text = request.GET.get("ref", "").strip()[:LONGEST]
    there = _there(request, text, near=True)
    return see_other(there or f"{address('search')}?{urlencode({'q': text, 'missing': '1'})}")


def _asked(query: Mapping[str, str]) -> _Asked:
    kind, after, label = query.get("type", ""), query.get("after", ""), query.get("label", "")
    return _Asked(
        text=query.get("q", "").strip()[:LONGEST],
        kind=Kind(kind) if kind in set(Kind) else None,
        offset=min(int(after), MOST) if after.isascii() and after.isdecimal() and len(after) < 6 else 0,
        label=int(label) if label.isascii() and label.isdecimal() and len(label) < 19 else None,
        missing=query.get("missing") == "1",
    )


def _page(request: HttpRequest, asked: _Asked) -> SearchPage:
    actor = browser.actor_of(request)
    groups = _groups(request, asked)
    size = MANY if asked.kind or asked.label is not None else FEW
    is_more = any(group.more for group in groups) and size == MANY and asked.offset + MANY < MOST
    shown = tuple(
        findings.section(group, asked.text, asked.url(group.kind))
        for group in groups
        if group.rows or group.late
    )
    return SearchPage(
        searched=asked.text,
        label="" if asked.label is None else str(asked.label),
        kind=asked.kind or "",
        tabs=_tabs(asked, groups),
        sections=tuple(replace(each, more="") for each in shown) if size == MANY else shown,
        said=_said(shown),
        is_partial=any(group.late for group in groups),
        missing=asked.missing,
        newer=asked.url(asked.kind, max(asked.offset - MANY, 0)) if asked.offset else "",
        older=asked.url(asked.kind, asked.offset + MANY) if is_more else "",
        may_sign_in=browser.session_of(request) is None and bool(actor),
        near=() if shown else called(actor, asked.text),
    )


def _groups(request: HttpRequest, asked: _Asked) -> list[Group]:
    actor = browser.actor_of(request)
    if asked.label is not None:
        return [tags_with_label(actor, asked.label, limit=MANY, offset=asked.offset)]
    kinds = set(Kind) if asked.kind is None else {asked.kind}
    limit, offset = (MANY, asked.offset) if asked.kind else (FEW, 0)
    return everything(actor, asked.text, kinds, limit=limit, offset=offset)


def _tabs(asked: _Asked, groups: list[Group]) -> tuple[Tab, ...]:
    """Of the kinds that are known to have nothing the tabs are left out, on the page that knows of all."""
    if asked.label is not None or not asked.text:
        return ()
    counts = {group.kind: group.total for group in groups}
    known = {group.kind for group in groups if group.rows or group.late} if asked.kind is None else set(Kind)
    kinds = [kind for kind in Kind if kind in known and (kind is not Kind.USERS or asked.kind is None)]
    if not kinds:
        return ()
    return (
        Tab(_("Everything"), asked.url(), asked.kind is None),
        *(
            Tab(str(findings.WORDS[kind]), asked.url(kind), kind is asked.kind, counts.get(kind))
            for kind in kinds
        ),
    )


def _said(sections: tuple[Section, ...]) -> str:
    number = sum(len(each.hits) for each in sections)
    return ngettext("%(count)s result", "%(count)s results", number) % {"count": f"{number:,}"}


def _exactly(request: HttpRequest, text: str) -> str:
    """Where a text leads that was pasted rather than typed: with a host, a whole digest, or a repository with a tag."""
    wanted = pasted(text, _host(request))
    is_pasted = wanted is not None and (wanted.has_host or bool(wanted.reference and "/" in text))
    return _there(request, text, near=False) if is_pasted or text.startswith("sha256:") else ""


def _there(request: HttpRequest, text: str, *, near: bool) -> str:
    """The page of what the reference means, "" for none; `near`: the repository will do where the tag is not in it."""
    actor = browser.actor_of(request)
    found: Spot | None = only_artifact(actor, text)
    if found is None and (wanted := pasted(text, _host(request))) is not None:
        found = spot(actor, wanted)
    if found is None or not (near or found.is_there):
        return ""
    return findings.place_of(found.repository, found.tag, found.digest)


def _host(request: HttpRequest) -> str:
    try:
        return host_of(request).host
    except DisallowedHost:
        return ""
