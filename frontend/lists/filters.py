"""What a list can be narrowed by: how it stands in the address, in the form, in a chip, and what it does to the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.functional import Promise

Words = str | Promise
Values = tuple[str, ...]
Narrow = Callable[[QuerySet[Any], Values], QuerySet[Any]]

MAX_TEXT: Final = 255
MAX_VALUES: Final = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """`name`: its parameter; `narrow`: the rows that are left by the values, of which there is at least one.

    `choices`: value -> words, none for free text; `several`: more than one choice at a time, any of which is enough.
    """

    name: str
    label: Words
    narrow: Narrow
    choices: Mapping[str, Words] = field(default_factory=dict)
    several: bool = False
    placeholder: Words = ""
    hint: Words = ""

    @property
    def is_text(self) -> bool:
        return not self.choices

    def values(self, given: Sequence[str]) -> Values:
        """Those that mean something, in the order of the choices; what means nothing is ignored, as addresses grow old."""
        if self.is_text:
            texts = tuple(text for each in given[:1] if (text := each.strip()))
            return tuple(text for text in texts if len(text) <= MAX_TEXT and text.isprintable())
        chosen = tuple(value for value in self.choices if value in given)
        return chosen if self.several else chosen[:1]

    def told(self, values: Values) -> str:
        """As a chip says it: "linux/amd64 or wasm"."""
        if self.is_text:
            return values[0]
        return ", ".join(str(self.choices[value]) for value in values)
