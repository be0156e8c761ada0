"""Sizes, times, counts, digests: how a value is written, by the preferences of whoever reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from frontend import preferences
from frontend.components.commands import copy_button
from frontend.components.markup import markup

BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
DECIMAL: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
SHORT_DIGEST: Final = 12
# Above this a count is rounded; the exact one is its title.
ROUNDED_FROM: Final = 10_000
NONE: Final = "—"
# How many seconds one has.
_UNITS: Final = (
    (31_536_000, gettext_lazy("%(number)s y")),
    (86_400, gettext_lazy("%(number)s d")),
    (3_600, gettext_lazy("%(number)s h")),
    (60, gettext_lazy("%(number)s min")),
)


def size_text(size: int) -> str:
    """ "4.81 GiB": two decimals below 10, one below 100, else none; decimal units for who likes them."""
    step, units = (1000, DECIMAL) if preferences.active().sizes == "decimal" else (1024, BINARY)
    value, unit = float(size), 0
    while value >= step - 0.5 and unit < len(units) - 1:
        value, unit = value / step, unit + 1
    decimals = 0 if unit == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{decimals}f} {units[unit]}"


def size(value: int | None) -> SafeString:
    """The size, exact to the byte for who points at it."""
    if value is None:
        return nothing()
    exact = ngettext("%(count)s byte", "%(count)s bytes", value) % {"count": _grouped(value)}
    return markup('<span class="nowrap" title="{}">{}</span>', exact, size_text(value))


def grown(value: int | None) -> SafeString:
    """So many bytes more or less than before: "+1.20 MiB", "−340 KiB", "±0"."""
    if value is None:
        return nothing()
    if not value:
        return SafeString('<span class="nowrap">±0</span>')
    sign = "+" if value > 0 else "−"
    exact = ngettext("%(count)s byte", "%(count)s bytes", abs(value)) % {"count": _grouped(abs(value))}
    return markup('<span class="nowrap" title="{}{}">{}{}</span>', sign, exact, sign, size_text(abs(value)))


def count(value: int | None, *, at_least: bool = False) -> SafeString:
    """ "1,234", "12.3k" with the exact one as title; `at_least`: there are more ("10,000+")."""
    if value is None:
        return nothing()
    if at_least:
        return markup("<span>{}+</span>", _grouped(value))
    if value < ROUNDED_FROM:
        return markup("<span>{}</span>", _grouped(value))
    return markup('<span title="{}">{}</span>', _grouped(value), _rounded(value))


def when(moment: datetime | None, *, absolute: bool = False) -> SafeString:
    """How long ago, in a form that scripts bring up to date; the date to the minute for who prefers it; where `absolute`, all
    of it."""
    if moment is None:
        return nothing()
    exact = _exact(moment)
    if absolute:
        shown, kind = exact, ""
    elif preferences.active().times == "relative":
        shown, kind = ago(timezone.now() - moment), ' data-relative=""'
    else:
        shown, kind = exact[: len("2025-11-20 12:00")], ' class="date"'
    return markup(
        '<time datetime="{}" title="{}"{}>{}</time>', _stamp(moment), exact, SafeString(kind), shown
    )


def clock(moment: datetime) -> SafeString:
    """The time of day, of what stands among others of the same hour; all of it as title."""
    local = f"{moment.astimezone(ZoneInfo(preferences.active().time_zone)):%H:%M:%S}"
    return markup('<time datetime="{}" title="{}">{}</time>', _stamp(moment), _exact(moment), local)


def ago(since: timedelta) -> str:
    """ "3 min ago", "in 9 d", "just now"."""
    seconds = since.total_seconds()
    for length, text in _UNITS:
        if abs(seconds) >= length:
            # What lasts 90 days has 90 days to go a moment later.
            number = int(seconds // length) if seconds > 0 else round(-seconds / length)
            words = str(text) % {"number": number}
            return (_("%(time)s ago") if seconds > 0 else _("in %(time)s")) % {"time": words}
    return _("just now")


def digest(value: str, *, copies: bool = True) -> SafeString:
    """The first twelve digits, all of it as title and by the button beside it. `value`: "sha256:…"."""
    short = value.partition(":")[2][:SHORT_DIGEST] or value
    button = copy_button(value, _("Copy the digest %(digest)s") % {"digest": short}) if copies else ""
    return markup(
        '<span class="line"><code translate="no" title="{}">{}</code>{}</span>', value, short, button
    )


def short(text: str, most: int = 24) -> str:
    """The text with its middle cut out where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    ahead = (most - 1 + 1) // 2
    return f"{text[:ahead]}…{text[len(text) - (most - 1 - ahead) :]}"


def name(text: str, most: int = 24) -> SafeString:
    """Somebody's or something's name as it is: not translated, in its own direction, whole as title where it is cut."""
    shown = short(text, most)
    if shown == text:
        return markup('<span translate="no" dir="auto">{}</span>', text)
    return markup('<span translate="no" dir="auto" title="{}">{}</span>', text, shown)


def _exact(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(preferences.active().time_zone))
    text = local.isoformat(" ", "seconds")
    return f"{text[:19]} {text[19:25]}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _grouped(value: int) -> str:
    return f"{value:,}"


def _rounded(value: int) -> str:
    for unit, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= unit:
            return f"{value / unit:.1f}".removesuffix(".0") + letter
    return str(value)


def nothing() -> SafeString:
    """Where a value would stand."""
    return markup('<span class="muted">{}<span class="visually-hidden">{}</span></span>', NONE, _("none"))
