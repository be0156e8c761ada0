"""What one takes from a list as it is shown: its address, itself as a file; and how many rows a page of lists has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from frontend.lists.state import State, usual_rows
from frontend.places import address


@dataclass(frozen=True, slots=True)
class Tools:
    """Addresses, "" for what a list cannot: as files, the page of its saved filters, and itself for the form of the rows."""

    csv: str
    json_lines: str
    saved: str
    back: str


def tools_of(state: State) -> Tools:
    start = replace(state.first(), per=usual_rows())
    can_export = bool(state.spec.fields)
    saved = address("saved_filters") if state.spec.name else ""
    kept = {"list": state.spec.name, "at": start.path, "query": urlencode(start.pairs())}
    return Tools(
        csv=_file(start, "csv") if can_export else "",
        json_lines=_file(start, "jsonl") if can_export else "",
        saved=f"{saved}?{urlencode(kept)}" if saved else "",
        back=start.url(),
    )


def _file(state: State, form: str) -> str:
    return f"{state.path}?{urlencode([*state.pairs(), ('export', form)])}"
