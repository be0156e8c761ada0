"""How something stands: a job, a scan, the findings of one. Colour never says it alone."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from frontend.components.icons import icon

# The state -> its class, its icon ("" for none), its word.
STATES: Final[dict[str, tuple[str, str, str | Promise]]] = {
    "queued": ("st-mut", "clock", _("queued")),
    "running": ("st-run", "loader-2", _("running")),
    "retrying": ("st-warn", "refresh", _("retrying")),
    "success": ("st-ok", "check", _("success")),
    "partial": ("st-warn", "alert-triangle", _("partial")),
    "failed": ("st-bad", "x", _("failed")),
    "stopped": ("st-mut", "player-stop", _("stopped")),
    "denied": ("st-bad", "ban", _("denied")),
    "ok": ("st-ok", "check", _("ok")),
    "skipped": ("st-mut", "", _("skipped")),
}
# The letter of a severity -> its name. Lists show the first three.
SEVERITIES: Final[dict[str, str | Promise]] = {
    "c": pgettext_lazy("severity", "Critical"),
    "h": pgettext_lazy("severity", "High"),
    "m": pgettext_lazy("severity", "Medium"),
    "l": pgettext_lazy("severity", "Low"),
}


def state(name: str, text: str = "") -> SafeString:
    """The badge of one of STATES; `text` in place of its word."""
    kind, picture, word = STATES[name]
    return format_html(
        '<span class="state {}">{}{}</span>', kind, icon(picture) if picture else "", text or word
    )


def severities(**counts: int) -> SafeString:
    """A chip for each letter given (c=2, h=11, m=40): letter and number in columns of one width; zero is grey, not hidden."""
    chips = [
        (_kind(letter, number), number, SEVERITIES[letter], letter.upper(), number)
        for letter, number in counts.items()
    ]
    return format_html(
        '<span class="sevs">{}</span>',
        format_html_join(
            "",
            '<span class="sev {0}" title="{1} {2}"><i aria-hidden="true">{3}</i><span>{4}</span>'
            '<span class="visually-hidden">{2}</span></span>',
            chips,
        ),
    )


def _kind(letter: str, number: int) -> str:
    return f"sev-{letter}" if number else "sev-z"
