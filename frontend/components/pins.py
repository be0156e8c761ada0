"""The star with which somebody keeps a project at hand."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.icons import icon
from frontend.components.markup import markup

FORM: Final = "pins"


def pin_button(name: str, *, is_pinned: bool) -> SafeString:
    """For a page that has the form FORM, which holds the token and says where to come back to.

    A script exchanges the button alone: its id keeps the focus on it.
    """
    return markup(
        '<button class="copy pin" id="pin-{0}" form="{1}" name="{2}" value="{0}" aria-pressed="{3}" aria-label="{4}" '
        'title="{4}" hx-post="/projects/pin" hx-target="this" hx-swap="outerHTML">{5}</button>',
        name,
        FORM,
        "unpin" if is_pinned else "pin",
        "true" if is_pinned else "false",
        _("Pin the project %(name)s") % {"name": name},
        icon("star"),
    )
