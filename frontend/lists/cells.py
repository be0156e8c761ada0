"""What stands in the cells of several lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.safestring import SafeString

from frontend.components.charts import sparkline
from frontend.components.figures import count, short, when
from frontend.components.icons import icon
from frontend.components.markup import markup

LONGEST_NAME = 40


def named(href: str, text: str, beside: str = "", *, most: int = LONGEST_NAME) -> SafeString:
    """The name of the row's thing, which leads to it ("" while nothing does), and marks beside it."""
    shown = short(text, most)
    if not href:
        return markup(
            '<span class="line"><span class="name trunc" title="{}" translate="no" dir="auto">{}</span>{}</span>',
            text,
            shown,
            beside,
        )
    return markup(
        '<span class="line"><a class="name trunc" href="{}" title="{}" translate="no" dir="auto">{}</a>{}</span>',
        href,
        text,
        shown,
        beside,
    )


def mark(icon_name: str, words: str, css: str = "ico-mut") -> SafeString:
    """A small icon beside a name, said in words."""
    return markup(
        '<span class="{}" title="{}">{}<span class="visually-hidden">{}</span></span>',
        css,
        words,
        icon(icon_name, "i-sm"),
        words,
    )


def pulls(number: int, lately: Sequence[int] = ()) -> SafeString:
    """How often, and how that went in 30 days."""
    drawn = sparkline(lately) if any(lately) else ""
    return markup('<span class="line">{}<span class="grow num">{}</span></span>', drawn, count(number))


def pushed(moment: datetime | None, by: str) -> SafeString:
    """When, and by whom."""
    if not by or moment is None:
        return when(moment)
    return markup(
        '<span class="line">{}<span class="sub trunc" translate="no" dir="auto" title="{}">{}</span></span>',
        when(moment),
        by,
        by,
    )
