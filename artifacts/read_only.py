"""The read-only switch: whatever would change what is stored is refused while it is on. Pulls never ask."""

from __future__ import annotations

from config import current
from config.catalogue.contents import READ_ONLY
from core.errors import ReadOnly


def refuse() -> None:
    """Part of every act on contents, after its right is checked. Raises ReadOnly."""
    if current.get(READ_ONLY):
        raise ReadOnly(
            "the registry is in read-only mode: pulls go on, pushes and deletions do not; "
            "try again later, or ask an administrator when it will be writable"
        )
