"""Small marks beside a name: a pill, platforms, labels, a filter in use."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence
from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend.components.icons import icon
from frontend.components.markup import markup

SHOWN: Final = 2
# So many colours there are for labels (css/states.css), chosen by the label's own.
COLOURS: Final = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple")
# Up to which place on the wheel, in degrees, a colour is called that.
_WHEEL: Final = (
    (18, "red"),
    (42, "orange"),
    (68, "yellow"),
    (158, "green"),
    (192, "teal"),
    (250, "blue"),
    (325, "purple"),
    (360, "red"),
)
_HEX: Final = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.ASCII | re.IGNORECASE)
# Below this saturation nobody sees a colour.
_PALE: Final = 0.15


def pill(text: str, icon_name: str = "") -> SafeString:
    """A fact about the whole page, at its title: "Private"."""
    return markup('<span class="pill">{}{}</span>', icon(icon_name) if icon_name else "", text)


def platforms(names: Sequence[str], most: int = SHOWN) -> SafeString:
    """ "linux/amd64" is "amd64" to most people; the first `most`, and how many more there are."""
    chip = '<span class="plat" title="{}" translate="no">{}</span>'
    shown = [markup(chip, name, name.removeprefix("linux/")) for name in names[:most]]
    return SafeString(" ".join(shown) + _more(names[most:]))


def labels(names: Sequence[tuple[str, str]], most: int = SHOWN) -> SafeString:
    """(name, colour as the API has it, "#1D5100") of each; what is no colour is grey."""
    chip = '<span class="tagged tagged-{}" translate="no" dir="auto">{}</span>'
    shown = [markup(chip, nearest(colour), name) for name, colour in names[:most]]
    return SafeString(" ".join(shown) + _more([name for name, _colour in names[most:]]))


def nearest(colour: str) -> str:
    """The one of COLOURS that people would call it: only these can be read by day and by night."""
    found = _HEX.fullmatch(colour)
    if found is None:
        return colour if colour in COLOURS else COLOURS[0]
    hue, _lightness, saturation = colorsys.rgb_to_hls(*(int(part, 16) / 255 for part in found.groups()))
    if saturation < _PALE:
        return COLOURS[0]
    return next(name for end, name in _WHEEL if hue * 360 <= end)


def aliases(names: Sequence[str]) -> SafeString:
    """Other names of the same: the first, and how many more."""
    if not names:
        return SafeString("")
    return markup('<span class="alias trunc" translate="no">{}</span>', names[0]) + _more(names[1:])


def filter_chip(what: str, value: str, without: str) -> SafeString:
    """A filter in use. `without`: the page's address without it."""
    return markup(
        '<span class="chip"><span class="k">{}</span> <span translate="no">{}</span>'
        '<a href="{}" aria-label="{}">{}</a></span>',
        what,
        value,
        without,
        _("Remove the filter %(what)s %(value)s") % {"what": what, "value": value},
        icon("x", "i-sm"),
    )


def _more(rest: Sequence[str]) -> SafeString:
    if not rest:
        return SafeString("")
    said = ngettext("%(count)s more: %(names)s", "%(count)s more: %(names)s", len(rest))
    told = said % {"count": len(rest), "names": ", ".join(rest)}
    return markup(
        ' <span class="alias" title="{}" translate="no"><span aria-hidden="true">+{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        told,
        len(rest),
        told,
    )
