"""A picture out of the sprite."""

from __future__ import annotations

from functools import cache

from django.utils.safestring import SafeString

from frontend import assets, icons
from frontend.components.markup import markup


def icon(name: str, kind: str = "") -> SafeString:
    """The icon of that name, said by nobody: words stand beside it, or its control is labelled. `kind`: further classes."""
    return _drawn(assets.url("icons.svg"), name, kind)


# A page of fifty rows has three hundred of them.
@cache
def _drawn(sprite: str, name: str, kind: str) -> SafeString:
    if name not in icons.NAMES and name != icons.MARK:
        raise KeyError(f"{name} is not in frontend/icons.py")
    return markup(
        '<svg class="i{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {kind}" if kind else "",
        sprite,
        name,
    )
