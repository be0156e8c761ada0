"""Parts of an event that readers and services speak of as well: what it was about, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Result(StrEnum):
    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Resource:
    """What was acted on, by the name it had then. `id` is '' for a thing without a row."""

    type: str = ""
    id: str = ""
    name: str = ""


NO_RESOURCE: Final = Resource()
