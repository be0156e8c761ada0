"""Why somebody may do something, or may not: the lines that have a say in their order, the deciding one marked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.figures import when
from frontend.components.icons import icon
from frontend.messages import said

if TYPE_CHECKING:
    from access.explanation import Explanation
    from access.steps import Step

ICONS: Final = {True: ("circle-check", "ico-ok"), False: ("circle-x", "ico-bad"), None: ("circle", "ico-mut")}


def explain_chain(found: Explanation) -> SafeString:
    """The end of it first, then a line for each step. Colour never says it alone: each has an icon and a word."""
    end = _("Allowed") if found.allowed else _("Not allowed")
    kind, picture = ("note-success", "circle-check") if found.allowed else ("note-danger", "ban")
    return format_html(
        '<div class="why"><div class="note {}" role="status">{}<p><strong>{}</strong> '
        '<span class="muted" translate="no">{}</span></p></div>'
        '<ol class="chain">{}</ol></div>',
        kind,
        icon(picture),
        end,
        ", ".join(found.needed),
        format_html_join("", "{}", ((_line(step),) for step in found.steps)),
    )


def _line(step: Step) -> SafeString:
    picture, kind = ICONS[step.allows]
    words = {True: _("gives it"), False: _("does not give it"), None: _("has no say")}
    return format_html(
        '<li{}>{}<span class="words"><span class="visually-hidden">{}: </span><span dir="auto">{}</span>{}{}{}</span></li>',
        SafeString(' class="decides"') if step.decides else "",
        icon(picture, kind),
        words[step.allows],
        said(step.text),
        _moment(_("since"), step.since),
        _moment(_("members read"), step.synced_at),
        format_html(' <span class="pill">{}</span>', _("decides")) if step.decides else "",
    )


def _moment(words: str, moment: datetime | None) -> SafeString:
    if moment is None:
        return SafeString("")
    return format_html(' <span class="muted fs">{} {}</span>', words, when(moment))
