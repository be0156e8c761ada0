"""What the preferences and their choices are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.preferences import CHOICES, Preferences

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: Words
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """`help`: what it is good for, "" where the label says it."""

    name: str
    label: Words
    help: Words
    options: tuple[Option, ...]


LABELS: Final[dict[str, tuple[Words, Words]]] = {
    "language": (_("Language"), ""),
    "theme": (_("Theme"), ""),
    "times": (
        _("Times"),
        _("The exact time is always shown to who points at one. Audit and logs are exact anyway."),
    ),
    "sizes": (_("Sizes"), _("Docker's own commands count in decimal units.")),
    "tool": (_("Tool for commands"), _("Commands to copy are written for it first.")),
    "rows": (_("Rows on a page"), ""),
    "density": (_("Density of tables"), ""),
    "shortcuts": (
        _("Keyboard shortcuts"),
        _("Single keys, for example / for the search. Never while you type."),
    ),
}
OPTIONS: Final[dict[tuple[str, str], Words]] = {
    ("language", ""): _("As the browser asks"),
    ("theme", "auto"): _("As the system has it"),
    ("theme", "light"): _("Light"),
    ("theme", "dark"): _("Dark"),
    ("times", "relative"): _("How long ago"),
    ("times", "absolute"): _("Date and time"),
    ("sizes", "binary"): _("Binary (1 GiB = 1024 MiB)"),
    ("sizes", "decimal"): _("Decimal (1 GB = 1000 MB)"),
    ("density", "normal"): _("Normal"),
    ("density", "dense"): _("Dense"),
    ("shortcuts", "on"): _("On"),
    ("shortcuts", "off"): _("Off"),
}


def choices_of(name: str, chosen: Preferences) -> Choice:
    """The preference with its options, that of `chosen` marked."""
    label, help_ = LABELS[name]
    present = getattr(chosen, name)
    options = tuple(Option(value, _word(name, value), value == present) for value in CHOICES[name])
    return Choice(name, label, help_, options)


def _word(name: str, value: str) -> Words:
    if name == "language" and value:
        return dict(settings.LANGUAGES)[value]
    return OPTIONS.get((name, value), value)
