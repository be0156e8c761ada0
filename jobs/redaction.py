"""Text for people made safe to keep: on one line, bounded, without what looks like a secret. Pure functions."""

from __future__ import annotations

import re
from typing import Final

from audit.detail import MASK, clean

MAX_MESSAGE: Final = 2_000

_FLAGS = re.ASCII | re.IGNORECASE
_QUOTE = "[\"']"
_SECRETS = r"passw\w{0,30}|passphrase|secret\w{0,30}|\w{0,30}token|credentials?|(?:private|api|access)_?key|client_?secret"
# A password inside a URL, credentials behind their scheme, and the value that follows a telling name.
_RULES: Final = (
    (re.compile(r"([a-z][a-z0-9+.-]{0,20}://[^\s/:@]{0,256}:)[^\s/@]{1,512}@", _FLAGS), rf"\1{MASK}@"),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9+/_.=~-]{6,}", _FLAGS), rf"\1 {MASK}"),
    (
        re.compile(rf"((?:{_SECRETS}){_QUOTE}?\s{{0,4}}[=:]\s{{0,4}}{_QUOTE}?)[^\s\"'&,;]+", _FLAGS),
        rf"\1{MASK}",
    ),
)


def redacted(text: str, limit: int = MAX_MESSAGE) -> str:
    """`text` on one line of at most `limit` characters, with secret-like values masked."""
    safe = text[: limit * 2]  # what is cut off need not be searched
    for pattern, replacement in _RULES:
        safe = pattern.sub(replacement, safe)
    return clean(" ⏎ ".join(safe.splitlines()), limit)
