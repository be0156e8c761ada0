"""The state of a list is its address: read from it here, and written into every link that changes one thing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from frontend import preferences
from frontend.lists.filters import Values
from frontend.lists.keyset import Order
from frontend.lists.spec import PER, ListSpec, Sort

USUAL_COLUMNS: Final[Values] = ()


@dataclass(frozen=True, slots=True)
class State:
    """`filters`: those in use, by name. `columns`: the names of those shown, empty for the usual. `per`: rows of a page."""

    path: str
    spec: ListSpec
    filters: Mapping[str, Values]
    sort: Sort
    descending: bool
    per: int
    after: str = ""
    before: str = ""
    columns: Values = USUAL_COLUMNS

    @property
    def order(self) -> Order:
        return self.sort.order(descending=self.descending)

    @property
    def sort_text(self) -> str:
        return f"-{self.sort.name}" if self.descending else self.sort.name

    def url(self) -> str:
        """The address of this state: what is as usual is left out, so that one state has one address."""
        pairs = self.pairs()
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def pairs(self) -> list[tuple[str, str]]:
        """What stands in the address: (name, value)."""
        pairs = [(name, value) for name, values in self.filters.items() for value in values]
        pairs += [("sort", self.sort_text)] if self.sort_text != self.spec.default else []
        pairs += [("per", str(self.per))] if self.per != usual_rows() else []
        pairs += [("cols", ",".join(self.columns))] if self.columns else []
        pairs += [(name, text) for name, text in (("after", self.after), ("before", self.before)) if text]
        return pairs

    def query_of_filters(self) -> str:
        """The filters alone, as an address has them, after what asks for all that they leave."""
        pairs = [(name, value) for name, values in self.filters.items() for value in values]
        return urlencode([("all", "1"), *pairs])

    def first(self) -> State:
        """The same list from its first page on."""
        return replace(self, after="", before="")

    def at(self, *, after: str = "", before: str = "") -> State:
        return replace(self, after=after, before=before)

    def sorted_by(self, sort: Sort) -> State:
        """By that column; the other way round where the list is sorted by it already."""
        descending = not self.descending if sort == self.sort else sort.starts_descending
        return replace(self.first(), sort=sort, descending=descending)

    def without(self, name: str) -> State:
        """Without the filter of that name."""
        return replace(
            self.first(), filters={key: value for key, value in self.filters.items() if key != name}
        )

    def unfiltered(self) -> State:
        return replace(self.first(), filters={})


def filters_of(query: QueryDict, spec: ListSpec) -> dict[str, Values]:
    """Those in use, by name; whatever means nothing is ignored."""
    found = {each.name: each.values(query.getlist(each.name)) for each in spec.filters}
    return {name: values for name, values in found.items() if values}


def state_of(request: HttpRequest, spec: ListSpec) -> State:
    """What the address of the request asks for; whatever means nothing there is ignored."""
    query: QueryDict = request.GET
    sort, descending = spec.sort_of(query.get("sort", ""))
    return State(
        path=request.path,
        spec=spec,
        filters=filters_of(query, spec),
        sort=sort,
        descending=descending,
        per=_rows(query.get("per", "")),
        after=query.get("after", ""),
        before=query.get("before", ""),
        columns=_columns(query, spec),
    )


def usual_rows() -> int:
    """As many rows as the reader likes on a page."""
    return int(preferences.active().rows)


def _rows(text: str) -> int:
    return int(text) if text in {str(each) for each in PER} else usual_rows()


def _columns(query: QueryDict, spec: ListSpec) -> Values:
    """The first one always stands there, and what is fixed. A form sends `cols` once for each, a link all of them in one."""
    wanted = {name for each in query.getlist("cols") for name in each.split(",")}
    named = tuple(
        each.name for each in spec.columns if each.name in wanted or each.is_fixed or each is spec.columns[0]
    )
    usual = tuple(each.name for each in spec.columns if each.is_usual)
    return USUAL_COLUMNS if not wanted or named == usual else named
