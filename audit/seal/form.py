"""The canonical form of a row of the audit log: the exact bytes that are sealed. Form 1; described in docs/audit.md.

    b"\\x01", then the length of the record in 4 bytes, the record, and the detail.

The record is what PostgreSQL's `record_send` gives of `COLUMNS`: the number of columns, then for each the number of its type,
the length of the value (-1 for NULL) and the value, as in the binary format of the protocol: integers big-endian, texts in
UTF-8, times as microseconds since 2000-01-01 UTC in 8 bytes, addresses as family, prefix length, a zero, size and bytes. No
locale, time zone or setting has a say in it. The detail is JSON: PostgreSQL decides the order of keys of a jsonb, so it is
written anew here, with keys in the order of their code points and numbers digit by digit.

Source: PostgreSQL manual, "Message formats" (Bind, formats of values); src/backend/utils/adt/rowtypes.c.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

FORM: Final = 1

COLUMNS: Final = (
    "id",
    "ts",
    "actor_kind",
    "actor_id",
    "actor_name",
    "auth",
    "token_id",
    "ip",
    "agent",
    "request_id",
    "operation",
    "permission",
    "resource_type",
    "resource_id",
    "resource_name",
    "project_id",
    "result",
    "xid",
)
MOST_BRACKETS: Final = 200
"""A deeper detail is taken as PostgreSQL writes it: reading it could exhaust the stack."""

# Months since the year 0, in UTC; what lies outside of two bytes is the first or the last of them.
_MONTH: Final = """
    CASE WHEN isfinite(ts) THEN least(greatest(
        extract(year FROM ts AT TIME ZONE 'UTC') * 12 + extract(month FROM ts AT TIME ZONE 'UTC') - 1, 0), 65535)
    ELSE 65535 END::integer
"""
# record_send: one value for the whole row, made by the server, in place of eighteen to decode and to encode again.
SELECTED: Final = f"id, xid::text::bigint, {_MONTH}, record_send(ROW({', '.join(COLUMNS)})), detail::text"

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ID: Final = slice(12, 20)
_TS: Final = slice(28, 36)
_PREFIX: Final = struct.Struct(">BI")
_SIGNED: Final = struct.Struct(">q")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as `SELECTED` gives it. `month`: months since the year 0 (UTC)."""

    id: int
    xid: int
    month: int
    record: bytes
    detail: str

    @property
    def ts(self) -> int:
        """Microseconds since 2000-01-01 UTC."""
        found: int = _SIGNED.unpack(self.record[_TS])[0]
        return found

    def canonical(self) -> bytes:
        return _PREFIX.pack(FORM, len(self.record)) + self.record + canonical_json(self.detail)

    def with_id(self, id_: int) -> Row:
        """The same row under another id, to tell whether two have changed places."""
        record = self.record[: _ID.start] + _SIGNED.pack(id_) + self.record[_ID.stop :]
        return Row(id_, self.xid, self.month, record, self.detail)


def canonical_json(text: str) -> bytes:
    """JSON as jsonb writes it -> "j" and the same value in one spelling; "t" and the text itself when it is nested too deep.

    A number is the string of U+0000 and its digits: no string of a jsonb holds U+0000, and no digit is lost to a float.
    """
    if text == "{}":
        return b"j{}"
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        return b"t" + text.encode()
    return b"j" + _encoder.encode(_decoder.decode(text)).encode()


def _digits(lexeme: str) -> Any:
    return "\0" + lexeme


_decoder: Final = json.JSONDecoder(parse_int=_digits, parse_float=_digits)
_encoder: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def month_name(month: int) -> str:
    """2026-11 of the month 24322."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def moment(microseconds: int) -> str:
    """A time of a record for people."""
    try:
        return f"{_EPOCH + timedelta(microseconds=microseconds):%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        return "a time no calendar has"
