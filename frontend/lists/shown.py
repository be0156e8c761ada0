"""A list as a page shows it: heads, rows, chips and steps, everything a link; and the answer, whole or the list alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend.lists import keyset
from frontend.lists.counts import Count, counted
from frontend.lists.filters import Filter, Values
from frontend.lists.rows import writer
from frontend.lists.spec import PER, Act, Column, ListSpec
from frontend.lists.state import State, state_of
from frontend.lists.tools import Tools, tools_of

Words = str | Promise
Described = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Head:
    """`link`: the attributes of the link that sorts, "" where nothing does; `sorted`: "ascending", "descending" or ""."""

    label: Words
    css: str
    link: SafeString
    sorted: str


@dataclass(frozen=True, slots=True)
class Chip:
    label: Words
    text: str
    said: str
    link: SafeString


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: Words
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Menu:
    """A filter in the form. `text`: what is typed in it, of one without choices."""

    name: str
    label: Words
    choices: tuple[Choice, ...]
    several: bool
    is_used: bool
    text: str = ""
    placeholder: Words = ""
    hint: Words = ""

    @property
    def kind(self) -> str:
        return "checkbox" if self.several else "radio"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the templates of lists are made of. `count`: of all rows that match; `total`: of all there are; `rows`: those of
    the page as they were described, which the lines were written from.
    """

    spec: ListSpec
    state: State
    heads: tuple[Head, ...]
    lines: tuple[SafeString, ...]
    count: Count
    total: Count
    chips: tuple[Chip, ...]
    newer: SafeString
    older: SafeString
    restarted: bool
    clear: SafeString
    url: str
    rows: Sequence[Any]

    @property
    def counted(self) -> str:
        return f"{self.count.text} {self.spec.counted(self.count.n)}"

    @property
    def order(self) -> str:
        return str(self.state.sort.words[self.state.descending])

    @property
    def is_filtered(self) -> bool:
        return bool(self.state.filters)

    @property
    def said(self) -> str:
        """For who does not see the page."""
        return f"{self.counted}, {self.order}"

    @property
    def position(self) -> str:
        told = ngettext("%(shown)s of %(all)s", "%(shown)s of %(all)s", len(self.lines))
        return told % {"shown": f"{len(self.lines):,}", "all": self.count.text}

    @property
    def of_total(self) -> str:
        """Between the count and the order: "of 88, "."""
        return _("of %(all)s,") % {"all": self.total.text} + " "

    @property
    def restart_text(self) -> str:
        return _("The address named a place that is not in this list: this is its first page.")

    @property
    def first_act(self) -> Act:
        return self.spec.acts[0]

    @property
    def searched(self) -> Menu | None:
        """The filter that is typed into."""
        return next((menu for menu in self.menus if not menu.choices), None)

    @property
    def menus(self) -> tuple[Menu, ...]:
        return tuple(_menu(each, self.state.filters.get(each.name, ())) for each in self.spec.filters)

    @property
    def chosen_columns(self) -> tuple[Choice, ...]:
        """Those that may be hidden."""
        shown = {each.name for each in columns_of(self.state)}
        return tuple(
            Choice(each.name, each.label, each.name in shown)
            for each in self.spec.columns[1:]
            if not each.is_fixed
        )

    @property
    def sizes(self) -> tuple[Choice, ...]:
        return tuple(Choice(str(per), str(per), per == self.state.per) for per in PER)

    @property
    def tools(self) -> Tools:
        return tools_of(self.state)

    @property
    def whole(self) -> str:
        """The filters, for an act on all that they leave; "" where all of it is on this page."""
        return self.state.query_of_filters() if self.count.n > len(self.lines) else ""

    @property
    def all_text(self) -> str:
        told = ngettext("all %(count)s that match:", "all %(count)s that match:", self.count.n)
        return told % {"count": self.count.text}

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the form of the filters sends along beside them: (name, value)."""
        sort = self.state.sort_text if self.state.sort_text != self.spec.default else ""
        return (("sort", sort),)


def shown(
    request: HttpRequest,
    spec: ListSpec,
    rows: QuerySet[Any],
    *,
    described: Described,
    total: Callable[[], Count] | None = None,
) -> Shown:
    """The page of the list that the request asks for: one query for the rows, one to count what is not counted beforehand.

    `described`: the rows with what stands beside them, in their order. `total`: how many there are without any filter.
    """
    state = state_of(request, spec)
    left = narrowed(rows, spec, state)
    page, restarted = _page(left, state)
    whole = total() if total is not None else None
    count = whole if whole is not None and not state.filters else counted(left)
    return made(
        state,
        replace(page, rows=described(page.rows)),
        count=count,
        total=whole or count,
        restarted=restarted,
    )


def made(state: State, page: keyset.Page, *, count: Count, total: Count, restarted: bool = False) -> Shown:
    """The list of a page whose rows are described."""
    base, told = state.first(), page.rows
    return Shown(
        spec=state.spec,
        state=state,
        heads=tuple(_head(each, state) for each in columns_of(state)),
        lines=tuple(map(writer(state.spec, columns_of(state)), told)),
        count=count,
        total=total,
        chips=tuple(_chips(state)),
        newer=_step(base.at(before=page.newer)) if page.newer else _back(state, page),
        older=_step(base.at(after=page.older)) if page.older else SafeString(""),
        restarted=restarted,
        clear=link(base.unfiltered().url()),
        url=(base if restarted else state).url(),
        rows=told,
    )


def link(url: str) -> SafeString:
    """A real link that changes the list alone where a script runs: the attributes of an `a`."""
    return format_html(
        'href="{0}" hx-get="{0}" hx-target="#list" hx-swap="innerHTML" hx-push-url="true"', url
    )


def columns_of(state: State) -> list[Column]:
    """Those that are shown."""
    if state.columns:
        return [each for each in state.spec.columns if each.name in state.columns]
    return [each for each in state.spec.columns if each.is_usual]


def narrowed(rows: QuerySet[Any], spec: ListSpec, state: State) -> QuerySet[Any]:
    """What the filters leave."""
    for each in spec.filters:
        if values := state.filters.get(each.name):
            rows = each.narrow(rows, values)
    return rows


def _page(rows: QuerySet[Any], state: State) -> tuple[keyset.Page, bool]:
    """The page, and whether it is the first one because the address named no place in this list."""
    try:
        found = keyset.page(rows, state.order, state.per, after=state.after, before=state.before)
    except keyset.BadCursor:
        return keyset.page(rows, state.order, state.per), True
    return found, False


def _step(state: State) -> SafeString:
    return link(state.url())


def _back(state: State, page: keyset.Page) -> SafeString:
    """From a page that has lost its rows one goes to the first one."""
    return _step(state.first()) if not page.rows and (state.after or state.before) else SafeString("")


def _head(column: Column, state: State) -> Head:
    sort = next((each for each in state.spec.sorts if each.name == column.sort), None)
    if sort is None:
        return Head(column.label, column.css, SafeString(""), "")
    direction = ("ascending", "descending")[state.descending] if sort == state.sort else ""
    return Head(column.label, column.css, link(state.sorted_by(sort).url()), direction)


def _chips(state: State) -> Iterator[Chip]:
    for each in state.spec.filters:
        if values := state.filters.get(each.name):
            text = each.told(values)
            said = _("Remove the filter %(what)s %(value)s") % {"what": each.label, "value": text}
            yield Chip(each.label, text, said, link(state.without(each.name).url()))


def _menu(each: Filter, values: Values) -> Menu:
    return Menu(
        name=each.name,
        label=each.label,
        choices=tuple(Choice(value, label, value in values) for value, label in each.choices.items()),
        several=each.several,
        is_used=bool(values),
        text=values[0] if each.is_text and values else "",
        placeholder=each.placeholder,
        hint=each.hint,
    )
