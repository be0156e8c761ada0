"""Page sizes: the `n` of tags/list, _catalog and referrers (distribution specification, "Listing Tags")."""

from __future__ import annotations

import re

from core.errors import PaginationInvalid
from core.oci.quoting import quoted

_GRAMMAR = re.compile(r"[0-9]{1,9}", re.ASCII)


def parse_page_size(text: str | None, *, default: int, maximum: int) -> int:
    """Entries per page: `default` when `n` is absent or empty, at most `maximum`, 0 when 0 is asked for.

    Raises PaginationInvalid for anything but 1 to 9 ASCII digits.
    """
    if not text:
        return default
    if not _GRAMMAR.fullmatch(text):
        raise PaginationInvalid(f"page size n={quoted(text)} is not a whole number of 1 to 9 decimal digits")
    return min(int(text), maximum)
