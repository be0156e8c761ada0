"""What is ticked in a menu: boxes of which one or several may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from frontend.components.markup import markup

_CHOICE = '<label class="form-check"><input class="form-check-input" type="{}" name="{}" value="{}"{}> <span>{}</span></label>'
_TICKED = {True: SafeString(" checked"), False: SafeString("")}


class Choice(Protocol):
    """`is_chosen`: it is ticked."""

    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str | Promise: ...
    @property
    def is_chosen(self) -> bool: ...


def choices(kind: str, name: str, offered: Iterable[Choice]) -> SafeString:
    """`kind`: "radio" or "checkbox"; `name`: of the field. A list has forty of them: from a template they cost as much as
    the rest of its form.
    """
    made = [markup(_CHOICE, kind, name, each.value, _TICKED[each.is_chosen], each.label) for each in offered]
    return SafeString("".join(made))
