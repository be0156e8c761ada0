"""Which browser a User-Agent is of, for people: "Firefox, Linux". It is what the client says of itself, and proves nothing."""

from __future__ import annotations

from typing import Final

# The first that is found decides: most of them say that they are others besides.
BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
MOST: Final = 40


def browser_name(agent: str) -> str:
    """ "Firefox, Linux"; the beginning of what it says of itself where that is none of ours, "" for nothing."""
    found = [_first(BROWSERS, agent), _first(SYSTEMS, agent)]
    return ", ".join(filter(None, found)) if found[0] else agent[:MOST]


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for mark, name in names if mark in agent), "")
