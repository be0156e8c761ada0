"""Menus that open without a script: a summary and what it shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from frontend.components.icons import icon
from frontend.components.markup import markup


@dataclass(frozen=True, slots=True)
class Item:
    """One line. `destroys`: it stands last, red and apart; `copies`: in place of leading anywhere it takes that text along,
    where a script runs.
    """

    label: str
    href: str
    icon: str = ""
    destroys: bool = False
    copies: str = ""


def kebab(label: str, items: list[Item]) -> SafeString:
    """The menu of a row. `label`: "More about 1.10.2"."""
    kept = "".join([_line(item) for item in items if not item.destroys])
    lost = "".join([_line(item) for item in items if item.destroys])
    return markup(
        '<details class="menu"><summary class="kebab" aria-label="{}">{}</summary>'
        '<div class="menu-list">{}</div></details>',
        label,
        icon("dots-vertical"),
        SafeString(f"{kept}<hr>{lost}" if kept and lost else kept + lost),
    )


def _line(item: Item) -> SafeString:
    picture = icon(item.icon) if item.icon else ""
    if item.copies:
        return markup(
            '<button class="needs-script" type="button" data-copy="{}">{}{}</button>',
            item.copies,
            picture,
            item.label,
        )
    kind = SafeString(' class="del"') if item.destroys else ""
    return markup('<a href="{}"{}>{}{}</a>', item.href, kind, picture, item.label)
