"""Where one is and where one may go: crumbs, tabs, older and newer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.icons import icon


@dataclass(frozen=True, slots=True)
class Tab:
    """`count`: how many are there, None where nobody counted."""

    label: str
    href: str
    is_current: bool = False
    count: int | None = None


def crumbs(
    title: str, ahead: Iterable[tuple[str, str]] = (), *, is_name: bool = False, is_code: bool = False
) -> SafeString:
    """The way to the page and its h1. `ahead`: (label, path) of each page above; `is_name`: the title is no word of ours;
    `is_code`: it is one that programs read, such as a tag.
    """
    links = format_html_join("", '<a href="{1}">{0}</a><span class="sep" aria-hidden="true">/</span>', ahead)
    way = format_html('<nav aria-label="{}">{}</nav>', _("Breadcrumb"), links) if links else ""
    kept = SafeString(' translate="no" dir="auto"') if is_name else ""
    look = SafeString(' class="mono-title"') if is_code else ""
    return format_html(
        '<div class="crumbs">{}<h1 id="title"{}><span{}>{}</span></h1></div>', way, look, kept, title
    )


def tabs(entries: Iterable[Tab], label: str) -> SafeString:
    """Links, the current one marked; they scroll sideways where they do not fit."""
    shown = (
        (
            each.href,
            SafeString(' aria-current="page"') if each.is_current else "",
            each.label,
            "" if each.count is None else format_html(' <span class="n">{}</span>', f"{each.count:,}"),
        )
        for each in entries
    )
    return format_html(
        '<nav class="tabs" aria-label="{}">{}</nav>',
        label,
        format_html_join("", '<a href="{}"{}>{}{}</a>', shown),
    )


def pager(newer: str, older: str) -> SafeString:
    """Two steps; one that leads nowhere ("") is said to be off, and keeps its place."""
    return format_html(
        '<nav class="pager" aria-label="{}">{}{}</nav>',
        _("Pages"),
        _step(newer, "prev", icon("chevron-left"), _("Newer"), is_first=True),
        _step(older, "next", icon("chevron-right"), _("Older"), is_first=False),
    )


def _step(href: str, rel: str, arrow: SafeString, text: str, *, is_first: bool) -> SafeString:
    inside = format_html("{}{}", arrow, text) if is_first else format_html("{}{}", text, arrow)
    if not href:
        return format_html('<span class="btn" aria-disabled="true">{}</span>', inside)
    return format_html('<a class="btn" rel="{}" id="pager-{}" href="{}">{}</a>', rel, rel, href, inside)
