"""What a run is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Subject:
    """By the name it has now: ("repository", "17", "library/alpine")."""

    type: str = ""
    id: str = ""
    name: str = ""


NOTHING: Final = Subject()
