"""The values of a statement under names of their own, so that parts of it can be put together in any order."""

from __future__ import annotations

from typing import Any

_SPECIAL = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class Parameters(dict[str, Any]):
    def add(self, value: Any) -> str:
        """The place of the value in the statement."""
        name = f"p{len(self)}"
        self[name] = value
        return f"%({name})s"


def like(text: str) -> str:
    """`text` itself within a pattern of LIKE."""
    return text.translate(_SPECIAL)
