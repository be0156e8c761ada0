"""What stands over every tab of an artifact: its name, platforms, facts, what can be done, and the commands that get it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from access.table import P, Permissions, least_role
from accounts import browser
from artifacts.browsing.headers import Header
from artifacts.browsing.sheets import Content, Sheet
from core.oci.artifact_type import IMAGE, UNKNOWN
from core.oci.digest import Digest
from frontend import clients
from frontend.clients import Tool, Wanted
from frontend.components.menus import Item
from frontend.components.navigation import Tab
from frontend.hosts import address as host_of
from frontend.lists.projects import ROLES
from frontend.places import address
from frontend.repository_places import Crumbs, below
from frontend.sheets import chart, texts
from frontend.sheets.asked import Asked
from frontend.sheets.overview import CHART, own_page
from frontend.shell import signed_in

SHOWN_PLATFORMS: Final = 4
TAB_NAMES: Final[dict[str, str | Promise]] = {
    "overview": gettext_lazy("Overview"),
    "readme": gettext_lazy("README"),
    "values": gettext_lazy("Values"),
    "layers": gettext_lazy("Layers"),
    "referrers": gettext_lazy("Referrers"),
    "manifest": gettext_lazy("Manifest"),
    "history": pgettext_lazy("of an artifact", "History"),
}
KINDS: Final[dict[str, tuple[str, str | Promise]]] = {
    IMAGE: ("package", gettext_lazy("Image")),
    CHART: ("folders", gettext_lazy("Helm chart")),
    "WASM": ("cpu", gettext_lazy("WebAssembly")),
}
OTHER: Final = ("file-text", gettext_lazy("Artifact"))
INDEX: Final = ("stack-2", gettext_lazy("Image index"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same page for another platform, tool or kind of reference. `id`: so that the focus stays on it."""

    label: str
    link: str
    is_chosen: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Commands:
    """The box. `kept`: the tool that is remembered; `insecure`: what clients have to be told of a registry by plain HTTP."""

    tools: tuple[Choice, ...]
    references: tuple[Choice, ...]
    tool: Tool
    kept: str
    insecure: tuple[tuple[str, str, str], ...]
    here: str


@dataclass(frozen=True, slots=True)
class SheetPage:
    """`title`: the tag, or the short digest; `kind`: icon and word; `lacking`: what whoever looks may not do, and who may."""

    header: Header
    sheet: Sheet
    content: Content | None
    above: Crumbs
    title: str
    kind: tuple[str, str | Promise]
    type: str
    platforms: tuple[Choice, ...]
    more_platforms: tuple[Item, ...]
    platform: str
    tabs: tuple[Tab, ...]
    commands: Commands | None
    compare: str
    add_tag: str
    menu: tuple[Item, ...]
    lacking: str
    subject: tuple[str, str] | None
    parents: tuple[tuple[str, str], ...]
    body: Any


def sheet_page(request: HttpRequest, header: Header, sheet: Sheet, asked: Asked, *, body: Any) -> SheetPage:
    """Around the body of the tab that is shown."""
    content = sheet.content(asked.platform)
    links = tuple(_platforms(sheet, content, asked))
    return SheetPage(
        header=header,
        sheet=sheet,
        content=content,
        above=below(header),
        title=sheet.tag.name if sheet.tag else f"{sheet.digest.algorithm}:{sheet.digest.hex[:12]}",
        kind=INDEX if sheet.is_index else KINDS.get(sheet.type, OTHER),
        type=_type(sheet),
        platforms=links[:SHOWN_PLATFORMS] if len(links) > 1 else (),
        more_platforms=tuple(Item(each.label, each.link) for each in links[SHOWN_PLATFORMS:]),
        platform=texts.readable(content.platform) if content else "",
        tabs=_tabs(sheet, content, asked),
        commands=_commands(asked, wanted(request, header, sheet, asked)) if _pulls(header) else None,
        compare=_with("repository_compare", header, {"to": reference(sheet)}),
        add_tag=_with("artifact_add_tag", header, {"digest": str(sheet.digest)})
        if P.TAG_CREATE in header.given
        else "",
        menu=tuple(_menu(header, sheet, is_known=signed_in(browser.actor_of(request)))),
        lacking=lacking(header.given),
        subject=_linked(header, sheet.subject) if sheet.subject else None,
        parents=tuple(_linked(header, each) for each in sheet.parents),
        body=body,
    )


def wanted(request: HttpRequest, header: Header, sheet: Sheet, asked: Asked) -> Wanted:
    """What the commands of the page get."""
    content = sheet.content(asked.platform)
    return Wanted(
        at=host_of(request),
        repository=header.name,
        digest=str(sheet.digest),
        tag=sheet.tag.name if sheet.tag else "",
        platform=content.platform if content and asked.platform == content.platform else "",
        type=sheet.type,
        is_index=sheet.is_index,
        is_open=header.project.public,
        by_digest=asked.by == "digest",
    )


def reference(sheet: Sheet) -> str:
    """As a page of the repository is asked for it: its tag, or its digest."""
    return sheet.tag.name if sheet.tag else str(sheet.digest)


def own_address(header: Header, sheet: Sheet) -> str:
    """Of the page that shows it."""
    if sheet.tag:
        return address("tag", repository=header.name, tag=sheet.tag.name)
    return address("manifest", repository=header.name, digest=str(sheet.digest))


def lacking(given: Permissions) -> str:
    """What is not offered, and the role that it needs: in one line, "" for who lacks nothing."""
    told = []
    if P.TAG_CREATE not in given:
        told.append(_("Adding tags needs the role %(role)s.") % {"role": _role(P.TAG_CREATE)})
    if P.TAG_DELETE not in given:
        told.append(_("Deleting needs the role %(role)s.") % {"role": _role(P.TAG_DELETE)})
    return " ".join(told)


def _linked(header: Header, digest: Digest) -> tuple[str, str]:
    return str(digest), own_page(header.place, digest)


def _role(permission: P) -> str:
    least = least_role(permission)
    return str(ROLES[least]) if least is not None else ""


def _pulls(header: Header) -> bool:
    return P.REPOSITORY_PULL in header.given


def _type(sheet: Sheet) -> str:
    """What it calls itself, of what people have no word for."""
    return sheet.artifact_type if sheet.type == UNKNOWN else ""


def _platforms(sheet: Sheet, shown: Content | None, asked: Asked) -> Iterator[Choice]:
    if not sheet.is_index:
        return
    current = shown.platform if shown else ""
    for name in sorted(sheet.platforms, key=lambda each: each != current):
        yield Choice(texts.readable(name), asked.link(platform=name), name == current)


def _tabs(sheet: Sheet, content: Content | None, asked: Asked) -> tuple[Tab, ...]:
    further = content.referrers if content else 0
    counts = {"layers": content.layers if content else 0, "referrers": sheet.referrers + further}
    return tuple(
        Tab(str(label), asked.link(tab=name), name == asked.tab, counts.get(name))
        for name, label in TAB_NAMES.items()
        if name not in chart.FILES or sheet.type == CHART
    )


def _commands(asked: Asked, wanted: Wanted) -> Commands:
    chosen = clients.tool(wanted, asked.chosen_tool)
    tools = tuple(
        Choice(each.label, asked.link(tool=each.name), each.name == chosen.name, each.name)
        for each in clients.tools(wanted)
    )
    named = ((_("Tag"), "tag"), (_("Digest"), "digest"))
    references = tuple(
        Choice(label, asked.link(by=name), name == asked.by, name) for label, name in named if wanted.tag
    )
    return Commands(
        tools=tools,
        references=references,
        tool=chosen,
        kept=Asked(asked.path).chosen_tool,
        insecure=clients.settings(wanted.at) if wanted.is_insecure else (),
        here=asked.link(tool=""),
    )


def _menu(header: Header, sheet: Sheet, *, is_known: bool) -> Iterator[Item]:
    """What is done now and then. Each leads to a page that says what would happen. `is_known`: somebody is signed in."""
    digest = {"digest": str(sheet.digest)}
    if sheet.tag:
        pinned = address("manifest", repository=header.name, digest=str(sheet.digest))
        yield Item(_("Page of this digest"), pinned, "link")
    if P.ARTIFACT_LABEL_CREATE in header.given:
        yield Item(_("Labels…"), _with("artifact_labels", header, digest), "tags")
    if is_known and _pulls(header):
        yield Item(_("Copy to…"), _with("artifact_copy", header, {"reference": reference(sheet)}), "copy")
    if sheet.tag and P.IMMUTABLE_TAG_UPDATE in header.given:
        is_locked = sheet.tag.immutable
        label = _("Make mutable again…") if is_locked else _("Make immutable…")
        path = _with("tag_immutable", header, {"tag": sheet.tag.name})
        yield Item(label, path, "lock-open" if is_locked else "lock")
    if sheet.tag and P.TAG_DELETE in header.given:
        path = _with("repository_delete_tags", header, {"selected": sheet.tag.name})
        yield Item(_("Delete tag…"), path, "trash", destroys=True)
    if P.ARTIFACT_DELETE in header.given:
        yield Item(_("Delete artifact…"), _with("artifact_delete", header, digest), "trash", destroys=True)


def _with(name: str, header: Header, values: dict[str, str]) -> str:
    """A page of the repository that is asked about something; "" while there is none of that name."""
    path = address(name, repository=header.name)
    return f"{path}?{urlencode(values, safe=':/')}" if path else ""
