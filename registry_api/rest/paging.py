"""Pages of lists: `page`, `page_size`, `X-Total-Count` and `Link`, as Harbor has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse, QueryDict

from core.errors import PaginationInvalid

DEFAULT_SIZE = 10
MAX_SIZE = 100
MAX_NUMBER = 1_000_000
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """The `number`-th page (from 1) of `size` entries."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def page_of(query: QueryDict) -> Page:
    """Raises PaginationInvalid, which says what is allowed.

    Harbor's command line sends 0 for both with every list that it was told nothing about, and Harbor answers with all there is:
    here that is the first page, and as many entries as a page may have.
    """
    return Page(
        _number(query, "page", default=1, maximum=MAX_NUMBER) or 1,
        _number(query, "page_size", default=DEFAULT_SIZE, maximum=MAX_SIZE) or MAX_SIZE,
    )


def _number(query: QueryDict, name: str, *, default: int, maximum: int) -> int:
    given = query.get(name)
    if not given:
        return default
    if not _DIGITS.fullmatch(given) or int(given) > maximum:
        raise PaginationInvalid(f"{name} is a whole number from 0 to {maximum}")
    return int(given)


def numbered(response: HttpResponse, http: HttpRequest, query: QueryDict, *, page: Page, total: int) -> None:
    """Put X-Total-Count and Link on the answer that holds `page` of `total` entries."""
    response["X-Total-Count"] = str(total)
    links = [
        f'<{_address(http, query, number)}>; rel="{relation}"' for relation, number in _relations(page, total)
    ]
    if links:
        response["Link"] = " , ".join(links)


def _relations(page: Page, total: int) -> list[tuple[str, int]]:
    """Neighbours as Harbor names them, with first and last where there is more than one page."""
    last = max(1, -(-total // page.size))
    found: list[tuple[str, int]] = []
    if last > 1:
        found.append(("first", 1))
    if 1 < page.number <= last:
        found.append(("prev", page.number - 1))
    if page.number < last:
        found.append(("next", page.number + 1))
    if last > 1:
        found.append(("last", last))
    return found


def _address(http: HttpRequest, query: QueryDict, number: int) -> str:
    """Path and query alone: whatever name the client used for us stays in force."""
    kept = [(name, value) for name, values in query.lists() if name != "page" for value in values]
    return f"{quote(http.path)}?{urlencode([*kept, ('page', str(number))])}"
