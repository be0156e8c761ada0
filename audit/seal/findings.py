"""What verification can find, and the lawful drops it knows of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from audit.seal.blocks import Block
from audit.seal.keys import Ring
from database import sql

MOST_PROBLEMS: Final = 100


class Kind(StrEnum):
    CHANGED = "changed row"
    DELETED = "deleted row"
    INSERTED = "inserted row"
    REORDERED = "reordered row"
    DROPPED = "dropped partition"
    CUT = "cut tail"
    SEAL = "seal"  # the seals themselves: changed, missing, or made with another key
    HEAD = "head"  # a line of the heads file that nobody known has signed


@dataclass(frozen=True, slots=True)
class Problem:
    """`seq`: the number in the chain where it was found, `event` the row's id; None where there is none."""

    kind: Kind
    text: str
    seq: int | None = None
    event: int | None = None


@dataclass(slots=True)
class Report:
    """`rows` verified; `purged` are gone lawfully; `pending` are not yet sealed, the oldest for `pending_seconds`."""

    first_seq: int = 0
    last_seq: int = 0
    head: str = ""
    blocks: int = 0
    rows: int = 0
    purged: int = 0
    pending: int = 0
    pending_seconds: int = 0
    heads: int = 0
    found: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """All are counted, the first hundred are kept."""
        self.found += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    @property
    def first(self) -> Problem | None:
        return self.problems[0] if self.problems else None


@dataclass(slots=True)
class Drops:
    """Months of events and ends of chains whose drop is told by a seal; `signed` by month, the number of the drop."""

    months: dict[int, dict[str, Any]] = field(default_factory=dict)
    refused: dict[int, dict[str, Any]] = field(default_factory=dict)
    chains: dict[int, str] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, blocks: Iterable[Block], ring: Ring) -> Drops:
        """Of blocks that carry notes; one that no key of the ring has made says nothing."""
        drops = cls()
        for block in blocks:
            key = ring.find(block.key)
            if key is not None and block.is_by(key):
                for drop in json.loads(block.notes).get("dropped", []):
                    drops._note(drop)
        drops.fresh = {month for (month,) in sql.rows(_FRESH)}
        return drops

    def tell(self, month: int) -> bool:
        """Whether the month was dropped lawfully."""
        return month in self.months or month in self.fresh

    def _note(self, drop: dict[str, Any]) -> None:
        if drop["parent"] == "audit_event":
            months = range(_month(drop["from"]), _month(drop["to"]))
            (self.months if drop["lawful"] else self.refused).update(dict.fromkeys(months, drop))
        elif drop["parent"] == "audit_seal" and drop["lawful"] and drop["last_seq"] is not None:
            self.chains[drop["last_seq"]] = drop["head"]


# Dropped a moment ago: the next seal will say whether that was lawful.
_FRESH: Final = """
    SELECT (extract(year FROM lower_bound AT TIME ZONE 'UTC') * 12
      + extract(month FROM lower_bound AT TIME ZONE 'UTC') - 1)::integer
    FROM audit_drop
    WHERE parent = 'audit_event' AND at > now() - interval '1 minute' AND upper_bound <= now() - interval '30 days'
"""


def _month(text: str) -> int:
    day = date.fromisoformat(text)
    return day.year * 12 + day.month - 1
