"""What a page says beside its contents: a notice in place, an empty list, a toast."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.icons import icon

# What it is about -> its class, its icon, how it is announced.
KINDS: Final = {
    "danger": ("note-danger", "alert-triangle", "alert"),
    "warning": ("note-warning", "alert-triangle", "status"),
    "success": ("note-success", "circle-check", "status"),
    "info": ("note-info", "info-circle", "status"),
}


def notice(kind: str, text: str, *, id_: str = "") -> SafeString:
    """A line in its place, which stays. `kind`: one of KINDS."""
    look, picture, role = KINDS[kind]
    return format_html(
        '<div class="note {}" role="{}"{}>{}<p>{}</p></div>',
        look,
        role,
        format_html(' id="{}"', id_) if id_ else "",
        icon(picture),
        text,
    )


def toast(kind: str, text: str, *, to: str = "", label: str = "") -> SafeString:
    """A notice that htmx puts into #toasts from any answer; `to`, `label`: where it leads. Errors stay until somebody closes
    them."""
    look, picture, role = KINDS[kind]
    onward = format_html(' <a href="{}">{}</a>', to, label) if to else ""
    return format_html(
        '<div hx-swap-oob="beforeend:#toasts"><div class="toast-w {}" role="{}" data-toast="{}">{}<p>{}{}</p>'
        '<button class="copy" type="button" data-close aria-label="{}">{}</button></div></div>',
        look,
        role,
        "stays" if role == "alert" else "goes",
        icon(picture),
        text,
        onward,
        _("Close"),
        icon("x"),
    )


def said(text: str) -> SafeString:
    """The same for who does not see the page: the live region that stands in every page."""
    return format_html('<div id="sr-status" hx-swap-oob="innerHTML">{}</div>', text)


def empty(
    title: str, text: str = "", *, icon_name: str = "package", to: str = "", label: str = ""
) -> SafeString:
    """In place of a list without rows: what would be here, and the one step on (`to`, `label`)."""
    onward = format_html('<p><a class="btn" href="{}">{}</a></p>', to, label) if to else ""
    told = format_html('<p class="muted">{}</p>', text) if text else ""
    return format_html(
        '<div class="empty">{}<h2>{}</h2>{}{}</div>', icon(icon_name, "i-lg"), title, told, onward
    )
