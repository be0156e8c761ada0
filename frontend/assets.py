"""Files that pages load, under names that carry their hash so that they may be kept for a year."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).resolve().parent / "static" / "frontend"
KINDS: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `name` is what it is asked for by."""

    name: str
    content_type: str
    content: bytes


@cache
def assets() -> dict[str, Asset]:
    """All of them, by the names of their files."""
    return {path.name: _read(path) for path in STATIC.iterdir() if path.suffix in KINDS}


def by_name(name: str) -> Asset | None:
    """The one that is asked for by that name."""
    return next((each for each in assets().values() if each.name == name), None)


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    return Asset(name, KINDS[path.suffix], content)
