"""How many requests anybody may make."""

from __future__ import annotations

from typing import Final

from config import kinds
from config.catalogue.setting import Section, Setting

REQUESTS_PER_MINUTE: Final[Setting[int]] = Setting(
    "requests_per_minute",
    Section.LIMITS,
    kinds.whole(0, 10_000_000, "requests, 0 for no limit"),
    0,
    "How many requests one user or robot may make in a minute.",
)
REQUESTS_PER_MINUTE_OF_ADDRESS: Final[Setting[int]] = Setting(
    "requests_per_minute_of_address",
    Section.LIMITS,
    kinds.whole(0, 10_000_000, "requests, 0 for no limit"),
    0,
    "How many requests may come from one address in a minute, whoever makes them.",
)
