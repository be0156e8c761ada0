"""Generated secrets of robots and access tokens: 256 bits at random, shown once, kept as HMAC-SHA256 under a pepper.

What is random needs no slow hash: a `docker pull` with a robot's secret costs microseconds. A chosen one is kept as passwords
are (accounts.passwords). Prefixes let scanners of source code find a leaked one, and tell which table to look in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

ROBOT_PREFIX: Final = "wharf_rob_"
PAT_PREFIX: Final = "wharf_pat_"
CLI_PREFIX: Final = "wharf_cli_"
PREFIXES: Final = (ROBOT_PREFIX, PAT_PREFIX, CLI_PREFIX)
BYTES: Final = 32

_PURPOSE: Final = b"wharf secrets v1"


def generate(prefix: str) -> str:
    """A secret nobody can guess: the prefix and 43 characters of base64url."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(secret: str) -> bytes:
    """What is stored of a generated secret: 32 bytes, worthless without the installation's own secret."""
    return _digest(settings.SECRET_KEY, secret)


def is_digest_of(stored: bytes | memoryview | None, secret: str) -> bool:
    """Whether `stored` was made of this secret, now or under an earlier secret of the installation; in constant time."""
    if stored is None:
        return False
    known = bytes(stored)
    return sum(hmac.compare_digest(known, each) for each in digests(secret)) > 0


def digests(secret: str) -> list[bytes]:
    """All that may be stored of it: one for each secret of the installation, the present one first."""
    return [_digest(key, secret) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _digest(key: str, secret: str) -> bytes:
    return hmac.digest(_pepper(key), secret.encode("utf-8", "surrogatepass"), hashlib.sha256)


@lru_cache(maxsize=8)
def _pepper(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
