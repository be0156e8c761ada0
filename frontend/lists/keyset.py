"""Pages of a list by the row where the page before ended: no page is further away than another.

Rows are compared as (sort, id) in one ROW comparison, so that an index over both is used whatever the page.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

MAX_LENGTH: Final = 2048
BIGGEST: Final = 2**63 - 1


class BadCursor(ValueError):
    """What stands in the address is no place in this list."""


class Kind(Enum):
    """What a sort compares."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Order:
    """Rows by `field`, which is never null, and then by their id; by the field alone where no two rows have the same.

    `id`: what the id is called beside the field: an index over both is used only where they are of one table.
    """

    field: str
    kind: Kind
    descending: bool
    is_unique: bool = False
    id: str = "pk"

    @property
    def reversed(self) -> Order:
        return replace(self, descending=not self.descending)

    @property
    def terms(self) -> tuple[str, ...]:
        sign = "-" if self.descending else ""
        return (f"{sign}{self.field}",) if self.is_unique else (f"{sign}{self.field}", f"{sign}{self.id}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place in an order: what it is sorted by, and its id."""

    value: str | int | datetime
    id: int

    def encoded(self, order: Order) -> str:
        """As it stands in an address; good for this order alone."""
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        text = json.dumps([order.field, value, self.id], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Page:
    """`newer` and `older`: cursors of the first and the last row, "" where nothing lies beyond."""

    rows: Sequence[Any]
    newer: str
    older: str


def decoded(text: str, order: Order) -> Cursor:
    """Raises BadCursor for what `encoded` has not made for this order."""
    if len(text) > MAX_LENGTH:
        raise BadCursor
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursor from error
    if not isinstance(found, list) or len(found) != 3 or found[0] != order.field:
        raise BadCursor
    return Cursor(_value(found[1], order.kind), _number(found[2]))


def page(rows: QuerySet[Any], order: Order, size: int, *, after: str = "", before: str = "") -> Page:
    """`size` rows that follow `after` or precede `before`, the first ones for neither (one query). Raises BadCursor."""
    backwards = bool(before) and not after
    walked = order.reversed if backwards else order
    found = rows.order_by(*walked.terms)
    edge = after or before
    if edge:
        found = found.filter(_beyond(decoded(edge, order), walked))
    read = list(found[: size + 1])
    shown, more = read[:size], len(read) > size
    if backwards:
        shown.reverse()
    if not shown:
        return Page((), "", "")
    # Where one came from there is something, whatever has become of it meanwhile.
    newer = more if backwards else bool(after)
    older = True if backwards else more
    first, last = (
        Cursor(getattr(each, order.field), each.pk).encoded(order) for each in (shown[0], shown[-1])
    )
    return Page(shown, first if newer else "", last if older else "")


def _beyond(cursor: Cursor, order: Order) -> Q | TupleLessThan | TupleGreaterThan:
    if order.is_unique:
        return Q(**{f"{order.field}__{'lt' if order.descending else 'gt'}": cursor.value})
    further = TupleLessThan if order.descending else TupleGreaterThan
    return further(Tuple(F(order.field), F(order.id)), (cursor.value, cursor.id))


def _value(found: object, kind: Kind) -> str | int | datetime:
    if kind is Kind.NUMBER:
        return _number(found)
    if not isinstance(found, str) or "\0" in found or not found.isprintable():
        raise BadCursor
    if kind is Kind.TEXT:
        return found
    try:
        moment = datetime.fromisoformat(found)
    except ValueError as error:
        raise BadCursor from error
    if moment.tzinfo is None:
        raise BadCursor
    return moment


def _number(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or abs(found) > BIGGEST:
        raise BadCursor
    return found
