"""Arguments of runs and payloads of events as JSON text: ids, bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import orjson

from core.errors import InvalidInput

MAX_ARGUMENTS: Final = 8 * 1024


def encoded(arguments: Mapping[str, Any]) -> str:
    """Raises InvalidInput for what is no JSON, or more than 8 KiB of it."""
    try:
        text = json.dumps(arguments, separators=(",", ":"), allow_nan=False)
        orjson.dumps(
            arguments
        )  # refuses what no answer could tell again: numbers beyond 64 bits, half surrogates
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"the arguments of a job must be JSON: {error}") from None
    if "\\u0000" in text:
        raise InvalidInput("the arguments of a job must not hold a NUL character: no database row can")
    if len(text.encode()) > MAX_ARGUMENTS:
        raise InvalidInput(f"the arguments of a job exceed {MAX_ARGUMENTS} bytes: pass ids")
    return text
