"""What a browser carries for us while somebody is signing in: sealed, short-lived, of no use under another name or later."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from config.stored import sealer
from core.errors import SignInRefused
from core.sealing import SealBroken

# Browsers keep 4096 bytes of a cookie (RFC 6265 §6.1), and servers take 8 KiB of all of them together.
MAX_VALUE: Final = 3000


def sealed(name: str, facts: Mapping[str, Any]) -> str:
    """The value of the cookie of that name; it may be longer than MAX_VALUE."""
    text = json.dumps({**facts, "at": time.time()}, separators=(",", ":"))
    return sealer().seal(f"cookie:value:{name}", text)


def opened(name: str, value: str, *, seconds: int) -> dict[str, Any]:
    """What was sealed, with `at`, the time it was, at most `seconds` ago. Raises SignInRefused."""
    try:
        facts: dict[str, Any] = json.loads(sealer().unseal(f"cookie:value:{name}", value))
    except SealBroken:
        raise _refusal("its cookie was not made here, or for another sign-in") from None
    if not 0 <= time.time() - facts["at"] <= seconds:
        raise SignInRefused(
            "this took too long: sign in again", reason="its cookie is too old", is_malformed=True
        )
    return facts


def missing() -> SignInRefused:
    """There is no cookie."""
    return _refusal("its cookie is not there: it was begun in another browser, long ago, or is over already")


def _refusal(reason: str) -> SignInRefused:
    return SignInRefused(
        "this sign-in was not begun in this browser, or is over: begin it once more",
        reason=f"the sign-in cannot go on: {reason}",
        is_malformed=True,
    )
