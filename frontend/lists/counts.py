"""How many rows a list has: exact as far as anybody reads, "10,000+" beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

BOUND: Final = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """So many rows, or (not `is_exact`) more than so many."""

    n: int
    is_exact: bool = True

    @property
    def text(self) -> str:
        return f"{self.n:,}" if self.is_exact else f"{self.n:,}+"


def known(n: int) -> Count:
    """Of what was counted beforehand."""
    return Count(min(n, BOUND), n <= BOUND)


def counted(rows: QuerySet[Any]) -> Count:
    """Of the rows themselves (one query, which stops at the bound)."""
    return known(rows.order_by()[: BOUND + 1].count())
