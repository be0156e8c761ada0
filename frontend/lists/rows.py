"""The rows of a list as HTML. They are not written by a template, which would need most of a page's time for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.safestring import SafeString

from frontend.components.markup import escaped, markup
from frontend.lists.spec import Column, ListSpec

_BOX = (
    '<td role="cell" class="c-cb">'
    '<input class="form-check-input" type="checkbox" name="selected" value="{}" aria-label="{}"></td>'
)
_NAME = '<th scope="row" role="rowheader" class="{}">{}</th>'


def writer(spec: ListSpec, columns: Sequence[Column]) -> Callable[[Any], SafeString]:
    """What makes of a row its line: a box to select it by where something can be done with it, its name, its other cells."""
    first, *others = columns

    def line(row: Any) -> SafeString:
        box = markup(_BOX, spec.key(row), spec.select_label(row)) if spec.acts else ""
        name = markup(_NAME, first.css, first.cell(row))
        cells = "".join(
            [f'<td role="cell" class="{each.css}">{escaped(each.cell(row))}</td>' for each in others]
        )
        return SafeString(f'<tr role="row">{box}{name}{cells}</tr>')

    return line
