"""Where a page of the audit log ended, as text that clients hand back."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from core.errors import InvalidInput

_FORM: Final = struct.Struct(">Bqqq")
_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry that was read, and since when the search reads: a default moves on with the clock, pages do not."""

    ts: datetime
    id: int
    since: datetime

    def __str__(self) -> str:
        packed = _FORM.pack(_VERSION, _number(self.ts), self.id, _number(self.since))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidInput."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            version, ts, id_, since = _FORM.unpack(packed)
            found = cls(_time(ts), id_, _time(since))
        except (binascii.Error, struct.error, OverflowError, ValueError):
            raise _wrong() from None
        if version != _VERSION or str(found) != text:
            raise _wrong()
        return found


def _wrong() -> InvalidInput:
    return InvalidInput("this is no cursor of a page of the audit log: begin with the first page")


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _time(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
