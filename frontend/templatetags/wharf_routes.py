"""Links to pages that may not be there."""

from __future__ import annotations

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()


@register.simple_tag
def route(name: str) -> str:
    """The path of the route, "" where there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
