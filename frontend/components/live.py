"""What asks the server by itself, again and again, while somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.table import P
from frontend.places import address

if TYPE_CHECKING:
    from artifacts.browsing.headers import Header


def uploads(header: Header) -> SafeString:
    """The place of the strip of uploads, for who may push to the repository; without a script a link to their page."""
    to = address("repository_uploads", repository=header.name)
    if not to or P.REPOSITORY_PUSH not in header.given:
        return SafeString("")
    return format_html(
        '<div id="uploads" hx-get="{0}" hx-trigger="load" hx-swap="outerHTML">'
        '<noscript><p><a href="{0}">{1}</a></p></noscript></div>',
        to,
        _("What is being uploaded now"),
    )
