"""Days and times as the options of a command give them."""

from __future__ import annotations

import argparse
from datetime import datetime

from core.errors import InvalidInput


def day_or_time(text: str) -> datetime:
    """In UTC where it names no zone. Raises ArgumentTypeError."""
    from audit.reading.parsing import moment

    try:
        return moment(text)
    except InvalidInput as refusal:
        raise argparse.ArgumentTypeError(refusal.message) from None
