"""What `bin/bench audit` puts before a server it compares with: the same Wharf, whose gunicorn notes no pull at all.

The product has no such switch. Neither the line is made nor the spool touched: nothing of the cost is left in the comparison.
"""

from __future__ import annotations

import sys
from typing import Any


def _unaudited(*_: Any, **__: Any) -> None:
    """In the place of both halves of noting a pull."""


if "gunicorn" in sys.orig_argv:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
    from audit import pulls

    pulls.note = _unaudited
    pulls.PullLine.of = _unaudited  # type: ignore[method-assign,assignment]
