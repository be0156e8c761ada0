"""What a list is: its columns, sorts and filters, said once; the address, the page and the fragment follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise

from frontend.lists.filters import Filter
from frontend.lists.keyset import Kind, Order

Words = str | Promise
PER: Final = (25, 50, 100)


@dataclass(frozen=True, slots=True)
class Sort:
    """`field`: of the rows, never null; `words`: how the rows then stand, ascending and descending. `is_unique`: no two rows
    have the same, so that none has to be told from another by its id; `id`: what that is called in the field's table.
    """

    name: str
    field: str
    kind: Kind
    words: tuple[Words, Words]
    starts_descending: bool = True
    is_unique: bool = False
    id: str = "pk"

    def order(self, *, descending: bool) -> Order:
        return Order(self.field, self.kind, descending, self.is_unique, self.id)


@dataclass(frozen=True, slots=True)
class Column:
    """`cell`: what stands there of a row; `css`: classes of its cells; `sort`: the name of one, "" for none.

    The first column of a list names its row. `is_usual`: shown unless somebody hides it; the others when he wants them.
    `is_fixed`: always shown, as the first one is.
    """

    name: str
    label: Words
    cell: Callable[[Any], str]
    css: str = ""
    sort: str = ""
    is_usual: bool = True
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """What an export says of a row: text, numbers, times, lists of them; never what a page makes of them."""

    name: str
    value: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done to several rows: a form goes to `path`, which shows what would happen before anything does.

    `takes_all`: it can be done to all that the filters leave, by the same path with "all=1" and the filters; `takes`: to so
    many and no others, 0 for any number.
    """

    label: Words
    path: str
    icon: str
    destroys: bool = False
    takes_all: bool = False
    takes: int = 0


@dataclass(frozen=True, slots=True)
class Empty:
    """In place of rows where there are none at all. `to`, `label`: the one step on; `lines`: commands that are one."""

    title: Words
    text: Words = ""
    icon: str = "package"
    to: str = ""
    label: Words = ""
    lines: str = ""


@dataclass(frozen=True, slots=True)
class ListSpec:
    """`caption`: what its rows are; `counted`: so many of them, in words; `default`: the sort of none, with its sign.

    `key`: what a row is called by, sent as `selected` where somebody selects it; `acts`: those the reader may do.
    `name`: what filters of such a list are kept under, "" where none are; `fields`: what an export has of each row.
    """

    caption: Words
    counted: Callable[[int], str]
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    default: str
    filters: tuple[Filter, ...]
    empty: Empty
    css: str = ""
    acts: tuple[Act, ...] = ()
    key: Callable[[Any], str] = str
    select_label: Callable[[Any], str] = str
    name: str = ""
    fields: tuple[Field, ...] = ()

    def sort_of(self, text: str) -> tuple[Sort, bool]:
        """The sort that an address asks for ("-pushed"), and whether it descends; the usual one for what is none."""
        for each in self.sorts:
            if text.removeprefix("-") == each.name:
                return each, text.startswith("-")
        return self.sort_of(self.default)
