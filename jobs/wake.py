"""How the relay hears at once that there is something to hand out; without it, it looks every second anyway."""

from __future__ import annotations

from typing import Final

CHANNEL: Final = "wharf_jobs"

WAKE: Final = f"pg_notify('{CHANNEL}', '')"
"""An SQL expression that wakes every relay when its transaction commits."""
