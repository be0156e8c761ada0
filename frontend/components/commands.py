"""What somebody takes along: a button that copies, and a box with a command in it."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.icons import icon
from frontend.components.markup import markup


def copy_button(text: str, label: str) -> SafeString:
    """A small button beside what it copies. It is hidden where no script runs, which could not copy."""
    return markup(
        '<button class="copy needs-script" type="button" data-copy="{}" aria-label="{}">{}</button>',
        text,
        label,
        icon("copy"),
    )


def command(text: str, *, tool: str = "", is_main: bool = False) -> SafeString:
    """A command in its box, whole as title, with the button that copies it. `is_main`: the one act of the page."""
    named = markup('<span class="cmd-tool">{}</span>', tool) if tool else ""
    kind = "btn btn-primary" if is_main else "btn"
    return markup(
        '<div class="cmd">{}<code class="trunc" translate="no" title="{}">{}</code>'
        '<button class="{} needs-script" type="button" data-copy="{}">{}{}</button></div>',
        named,
        text,
        text,
        kind,
        text,
        icon("copy"),
        _("Copy"),
    )


def lines(text: str, label: str) -> SafeString:
    """Several lines to take along, in a box that scrolls by keyboard too; a broken one goes on a little further in."""
    each = SafeString("".join(markup('<span class="ln">{}\n</span>', line) for line in text.split("\n")))
    button = copy_button(text, _("Copy %(what)s") % {"what": label})
    return markup(
        '<div class="lines"><pre tabindex="0" role="region" aria-label="{}"><code translate="no">{}</code></pre>{}</div>',
        label,
        each,
        button,
    )
