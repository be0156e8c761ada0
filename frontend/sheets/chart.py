"""The tabs with what a Helm chart says of itself: its README, and the values it has unless somebody sets others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from artifacts.browsing import charts
from artifacts.browsing.sheets import Content
from artifacts.places import Located
from frontend.components.markdown import MOST, markdown
from frontend.sheets import texts

MOST_LINES: Final = 5_000
# The tab -> the document.
FILES: Final = {"readme": "readme.md", "values": "values.yaml"}


@dataclass(frozen=True, slots=True)
class Chart:
    """One document, by its `name` in the chart: `written`, a README as HTML; else its `lines`. `text`: to be copied;
    `more`: not all of it is shown.
    """

    tab: str
    name: str
    written: SafeString
    lines: tuple[str, ...]
    text: str
    more: bool
    template: str = "frontend/artifacts/chart.html"


def document(place: Located, content: Content, tab: str) -> Chart:
    """One query, and the chart's layer."""
    found = charts.documents(place, content.artifact_id) if content.artifact_id is not None else {}
    text = texts.readable(found.get(FILES[tab], ""))
    if tab == "readme":
        return Chart(
            tab, FILES[tab], markdown(text[:MOST]) if text else SafeString(""), (), "", len(text) > MOST
        )
    lines = text.rstrip("\n").split("\n") if text else []
    return Chart(tab, FILES[tab], SafeString(""), tuple(lines[:MOST_LINES]), text, len(lines) > MOST_LINES)
