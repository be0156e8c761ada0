"""A noun's list: what may be filtered and sorted by, and how an entry looks; paged, counted, linked, documented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.serializers import Serializer

from registry_api.rest import answers, filters, paging
from registry_api.rest.filters import Field
from registry_api.rest.schema import parameter


@dataclass(frozen=True, slots=True)
class Listing:
    """`fields`: what `q` may name; `sorts`: what `sort` may name, with the lookup path of each; `default`: the sort of none."""

    entry: type[Serializer[Any]]
    fields: Mapping[str, Field]
    sorts: Mapping[str, str]
    default: str

    def answer(
        self,
        http: HttpRequest,
        query: QueryDict,
        rows: QuerySet[Any, Any],
        *,
        total: Callable[[], int] | None = None,
        show: Callable[[list[Any]], list[dict[str, Any]]] | None = None,
    ) -> HttpResponse:
        """The page that `query` asks for, of `rows` (which hold only what the caller may see). Raises InvalidInput.

        `total`: how many rows there are without any filter, where that is counted beforehand. `show`: a page of rows as plain
        values of the entry's names, where a serializer takes too long.
        """
        page = paging.page_of(query)
        order = filters.ordering(query, self.sorts, default=self.default)
        wanted = filters.condition(query, self.fields)
        found = rows.filter(wanted).order_by(*order)
        count = total() if total is not None and not wanted else found.count()
        shown: list[Model] = list(found[page.offset : page.offset + page.size]) if page.offset < count else []
        response = answers.several(self.entry, shown) if show is None else answers.data(show(shown))
        paging.numbered(response, http, query, page=page, total=count)
        return response

    def documented(self, summary: str, *refusals: int) -> Callable[[Any], Any]:
        """A decorator for the view's `get`: its parameters and entries in the OpenAPI document.

        `refusals`: statuses that other lists do not have.
        """
        responses = {200: self.entry(many=True), **dict.fromkeys(refusals)}
        return extend_schema(summary=summary, parameters=self._parameters(), responses=responses)

    def _parameters(self) -> list[OpenApiParameter]:
        patterns = ", ".join(match.value for match in filters.Match)
        q = f"Filters, separated by commas ({patterns}). Fields: {', '.join(sorted(self.fields))}."
        sort = (
            f"Fields, each with - for descending: {', '.join(sorted(self.sorts))}. Default: {self.default}."
        )
        return [
            *paged(),
            parameter("q", q) if self.fields else parameter("q", "This list has no filters."),
            parameter("sort", sort),
            _header(
                "X-Total-Count", OpenApiTypes.INT, "How many entries there are on all pages.", always=True
            ),
            _header("Link", OpenApiTypes.STR, "The neighbouring pages (RFC 8288).", always=False),
        ]


def paged() -> list[OpenApiParameter]:
    """The parameters of a page."""
    number = {"type": "integer", "minimum": 0, "maximum": paging.MAX_NUMBER, "default": 1}
    size = {"type": "integer", "minimum": 0, "maximum": paging.MAX_SIZE, "default": paging.DEFAULT_SIZE}
    return [
        parameter("page", "The page, from 1; 0 is the first as well.", type=number),
        parameter("page_size", "Entries on a page; 0: as many as it may have.", type=size),
    ]


def _header(name: str, type_: OpenApiTypes, description: str, *, always: bool) -> OpenApiParameter:
    return OpenApiParameter(
        name, type_, OpenApiParameter.HEADER, description=description, response=[200], required=always
    )
