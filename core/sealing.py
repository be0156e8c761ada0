"""Secrets at rest: authenticated encryption bound to the place where the secret is stored.

A sealed value is a Fernet token (AES-128-CBC and HMAC-SHA256) of `context NUL plaintext`, under a key that
HKDF-SHA256 derives from a secret string. The context names table, column and row
("signing_key:private_key:2026-01"), so a ciphertext copied to another row does not open there. Several
secrets make rotation possible: the first seals, all open.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import WharfError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PURPOSE: Final = b"wharf sealing v1"
_END_OF_CONTEXT: Final = b"\0"


class SealBroken(WharfError):
    """A sealed value does not open: made under a secret that is no longer configured, or damaged."""


class SealMisplaced(SealBroken):
    """A sealed value opens but was made for another place: somebody moved a ciphertext between rows."""


class Sealer:
    """Seals and unseals with `keys`, the newest first. Raises ValueError without keys or with an empty one.

    HKDF spreads entropy, it adds none: the secrets must be random (32 bytes or more), not chosen by a person.
    """

    def __init__(self, keys: Sequence[bytes | str]) -> None:
        if isinstance(keys, bytes | str) or not keys:
            raise ValueError("sealing needs a list of at least one secret")
        self._fernet = MultiFernet([_fernet(_bytes(key)) for key in keys])

    def seal(self, context: str, plaintext: bytes | str) -> str:
        """The sealed value, ASCII text, 4/3 of the plaintext plus about 150 characters; never the same twice.

        `context` is "table:column:key" with a key that the row keeps for life. Raises ValueError for a bad
        context.
        """
        return self._fernet.encrypt(_prefix(context) + _bytes(plaintext)).decode("ascii")

    def unseal(self, context: str, sealed: str) -> bytes:
        """The plaintext sealed under `context`. Raises SealBroken, SealMisplaced."""
        prefix = _prefix(context)
        opened = self._open(context, sealed)
        if not opened.startswith(prefix):
            raise SealMisplaced(
                f"the secret at {context} was sealed for another place: restore the row", context=context
            )
        return opened[len(prefix) :]

    def reseal(self, context: str, sealed: str) -> str:
        """The same secret under the newest key, for rotation. Raises as `unseal`."""
        return self.seal(context, self.unseal(context, sealed))

    def _open(self, context: str, sealed: str) -> bytes:
        try:
            return self._fernet.decrypt(sealed.encode("ascii"))
        except (InvalidToken, UnicodeEncodeError):
            raise SealBroken(
                f"the secret at {context} does not open with the configured keys: add the one that sealed it",
                context=context,
            ) from None


def _fernet(secret: bytes) -> Fernet:
    if not secret:
        raise ValueError("a sealing secret is empty")
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
    return Fernet(base64.urlsafe_b64encode(derived))


def _prefix(context: str) -> bytes:
    # The key part may hold colons; NUL may not, so that the end of the context is never in doubt.
    parts = context.split(":", 2)
    if len(parts) != 3 or not all(parts) or "\0" in context:
        raise ValueError(f"a sealing context is table:column:key, not {context!r}")
    return context.encode() + _END_OF_CONTEXT


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)
