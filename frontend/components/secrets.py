"""Fields for secrets: what stands in them is never shown, only when it was set."""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.figures import when


def secret_field(
    name: str,
    label: str,
    *,
    autocomplete: str = "new-password",
    help_: str = "",
    mistake: str = "",
    set_at: datetime | None = None,
    focused: bool = False,
) -> SafeString:
    """A field to write a secret into. `set_at`: when the present one was set, which this one would replace. `mistake`: what is
    wrong with what was sent; it has to be typed again."""
    told = format_html('<p class="help" id="{}-help">{}</p>', name, help_) if help_ else ""
    wrong = format_html('<p class="mistake" id="{}-mistake">{}</p>', name, mistake) if mistake else ""
    described = " ".join(f"{name}-{each}" for each, text in (("mistake", mistake), ("help", help_)) if text)
    return format_html(
        '<div class="fld secret"><div class="row2"><label for="{0}">{1}</label>{2}</div>'
        '<input class="form-control" id="{0}" name="{0}" type="password" autocomplete="{3}" required{4}{5}{6}>'
        '<button class="linkish needs-script" type="button" data-reveals="{0}" aria-pressed="false">{7}'
        '<span class="visually-hidden"> {1}</span></button>{8}{9}</div>',
        name,
        label,
        _since(set_at),
        autocomplete,
        format_html(' aria-describedby="{}"', described) if described else "",
        SafeString(' aria-invalid="true"') if mistake else "",
        SafeString(" autofocus") if focused else "",
        _("Show"),
        wrong,
        told,
    )


def _since(moment: datetime | None) -> SafeString:
    if moment is None:
        return SafeString("")
    return format_html('<span class="muted fs">{} {}</span>', _("set"), when(moment))
