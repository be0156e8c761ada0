"""Asking before something is done that cannot be taken back: what it does, in numbers, and a button that says the verb.

Level 1 is a click. From level 2 on a name has to be typed. Level 3 besides takes who has proved himself a short while ago:
the view asks for that (access.table.NEEDS_CONFIRMATION), before the page is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.icons import icon

TYPED = "typed_name"


@dataclass(frozen=True, slots=True)
class Ask:
    """`action`: where the form goes; `effect`: a sentence; `verb`: "Revoke the token", never "OK"; `back`, `keep`: the way out.

    `name`: what has to be typed, "" at level 1. `sent`: hidden fields. `mistake`: what was wrong with what was typed.
    """

    action: str
    effect: str
    verb: str
    back: str
    keep: str
    level: int = 1
    name: str = ""
    sent: tuple[tuple[str, str], ...] = ()
    mistake: str = ""

    def is_met(self, typed: str) -> bool:
        """Whether what was typed is the name; at level 1 there is nothing to type."""
        return self.level == 1 or typed.strip() == self.name


def confirm(ask: Ask, csrf_token: object = "") -> SafeString:
    """The form. In a dialog it is what the dialog shows."""
    hidden = format_html_join("", '<input type="hidden" name="{}" value="{}">', ask.sent)
    return format_html(
        '<form class="ask" method="post" action="{}" data-dialog-body>'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">{}<p class="ask-effect">{}</p>{}'
        '<div class="acts"><button class="btn btn-danger">{}</button> '
        '<a class="btn" href="{}" data-dialog-close>{}</a></div></form>',
        ask.action,
        csrf_token,
        hidden,
        ask.effect,
        "" if ask.level == 1 else _typing(ask),
        ask.verb,
        ask.back,
        ask.keep,
    )


def opener(label: str, href: str, icon_name: str = "", kind: str = "") -> SafeString:
    """A link to such a page, which opens in a dialog where a script runs. `kind`: further classes of the button."""
    return format_html(
        '<a class="btn{}" href="{}" data-dialog>{}{}</a>',
        f" {kind}" if kind else "",
        href,
        icon(icon_name) if icon_name else "",
        label,
    )


def _typing(ask: Ask) -> SafeString:
    wrong = SafeString(' aria-invalid="true"') if ask.mistake else ""
    told = (
        format_html('<p class="mistake" id="typed-mistake" role="alert">{}</p>', ask.mistake)
        if ask.mistake
        else ""
    )
    proven = (
        format_html('<p class="help">{}</p>', _("You have confirmed that it is you."))
        if ask.level > 2
        else ""
    )
    return format_html(
        '{}<div class="fld"><label for="typed-name">{}</label>'
        '<input class="form-control" id="typed-name" name="{}" type="text" '
        'required autocomplete="off" autocapitalize="none" spellcheck="false" autofocus aria-describedby="typed-what{}"{}>{}'
        '<p class="help" id="typed-what">{} <code translate="no" dir="auto">{}</code></p></div>',
        proven,
        _("Type the name to go on"),
        TYPED,
        " typed-mistake" if ask.mistake else "",
        wrong,
        told,
        _("Exactly so:"),
        ask.name,
    )
