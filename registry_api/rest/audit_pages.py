"""A page of the audit log: by number as Harbor's clients ask for it, or by the cursor of `Link`, without end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.serializers import Serializer

from access.principal import Principal
from audit.reading import search
from audit.reading.cursor import Cursor
from audit.reading.places import PLACES
from audit.reading.scope import Scope
from audit.reading.search import BOUND, Count
from core.errors import PaginationInvalid
from registry_api.rest import answers, audit_filters, filters, paging
from registry_api.rest.listing import paged
from registry_api.rest.schema import parameter

MORE: Final = "X-Total-Count-Exceeded"


def answer(http: HttpRequest, actor: Principal, scope: Scope, shape: type[Serializer[Any]]) -> HttpResponse:
    """The page that the request asks for, each entry as `shape` shows it. Raises InvalidInput, SearchTooLong, Unavailable."""
    page, oldest_first = paging.page_of(http.GET), audit_filters.is_oldest_first(http.GET)
    wanted = audit_filters.wanted(actor, http.GET)
    after = Cursor.parse(cursor) if (cursor := http.GET.get("cursor")) else None
    total, found = None, None
    with PLACES.one(actor):
        if after is not None:  # who reads on was told how many there are
            found = search.search(scope, wanted, after=after, size=page.size, oldest_first=oldest_first)
        else:
            total = search.count(scope, wanted)
            if _is_within(page, total):
                found = search.search(
                    scope, wanted, size=page.size, skip=page.offset, oldest_first=oldest_first
                )
    response = answers.several(shape, found.entries if found else ())
    _tell(response, http, total, _links(page, total, found))
    return response


def _is_within(page: paging.Page, total: Count) -> bool:
    """Whether there is anything on the page. Raises PaginationInvalid for one beyond what is counted."""
    if page.offset >= total.n and not total.exact:
        raise PaginationInvalid(
            f'pages reach {BOUND} entries: follow the Link of rel="next" for more, or narrow the time (q=op_time=[…~…])'
        )
    return page.offset < total.n


def _tell(
    response: HttpResponse, http: HttpRequest, total: Count | None, links: list[tuple[str, dict[str, str]]]
) -> None:
    if total is not None:
        response["X-Total-Count"] = str(total.n)
        if not total.exact:
            response[MORE] = "true"
    if links:
        response["Link"] = " , ".join(f'<{_address(http, place)}>; rel="{name}"' for name, place in links)


def _links(
    page: paging.Page, total: Count | None, found: search.Page | None
) -> list[tuple[str, dict[str, str]]]:
    """Relations and the parameters that lead there. A page found by a cursor has no number, and no `total`."""
    several = total is None or total.n > page.size
    links: list[tuple[str, dict[str, str]]] = [("first", {"page": "1"})] if several else []
    if total is not None and page.number > 1 and found is not None:
        links.append(("prev", {"page": str(page.number - 1)}))
    if found is not None and found.next is not None:
        links.append(("next", {"cursor": str(found.next)}))
    if total is not None and several and total.exact:
        links.append(("last", {"page": str(-(-total.n // page.size))}))
    return links


def _address(http: HttpRequest, place: dict[str, str]) -> str:
    """Path and query alone: whatever name the client used for us stays in force."""
    kept = [
        (name, value)
        for name, values in http.GET.lists()
        if name not in ("page", "cursor")
        for value in values
    ]
    return f"{quote(http.path)}?{urlencode([*kept, *place.items()])}"


def documented(summary: str, shape: type[Serializer[Any]]) -> Callable[[Any], Any]:
    """A decorator for a view's `get`: its parameters and entries in the OpenAPI document."""
    return extend_schema(summary=summary, parameters=PARAMETERS, responses={200: shape(many=True)})


def _header(name: str, type_: OpenApiTypes, description: str, *, always: bool) -> OpenApiParameter:
    return OpenApiParameter(
        name, type_, OpenApiParameter.HEADER, description=description, response=[200], required=always
    )


_PATTERNS = ", ".join(match.value for match in filters.Match)
Q: Final = parameter(
    "q",
    f"Filters, separated by commas ({_PATTERNS}). Fields: {', '.join(sorted(audit_filters.FIELDS))}. Without op_time: the "
    "last 7 days.",
)
PARAMETERS: Final = [
    *paged(),
    Q,
    parameter("sort", "-op_time (the newest first, the default) or op_time."),
    parameter("cursor", "Where the page before ended, as its Link tells; in place of page."),
    _header(
        "X-Total-Count",
        OpenApiTypes.INT,
        f"How many entries there are on all pages, counted to {BOUND}. Not on a page that a cursor leads to.",
        always=False,
    ),
    _header(MORE, OpenApiTypes.STR, "true where there are more than X-Total-Count tells.", always=False),
    _header("Link", OpenApiTypes.STR, "The neighbouring pages (RFC 8288).", always=False),
]
