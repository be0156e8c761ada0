"""The canonical form against what docs/audit.md says of it, with values nobody would think of."""

from __future__ import annotations

import ipaddress
import json
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.seal.form import COLUMNS, SELECTED, Row, canonical_json, month_name

TYPES = {
    "id": "bigint",
    "ts": "timestamptz",
    "actor_id": "bigint",
    "ip": "inet",
    "project_id": "bigint",
    "xid": "xid8",
}
NUMBERS = {"bigint": 20, "text": 25, "inet": 869, "timestamptz": 1184, "xid8": 5069}

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
bigints = st.integers(-(2**63), 2**63 - 1)
addresses = st.one_of(
    st.none(),
    st.ip_addresses(),
    st.builds(lambda a, n: ipaddress.ip_interface(f"{a}/{n}"), st.ip_addresses(v=4), st.integers(0, 32)),
)
rows = st.fixed_dictionaries(
    {
        name: {
            "id": bigints,
            "actor_id": bigints,
            "project_id": st.none() | bigints,
            "ts": st.datetimes(timezones=st.just(UTC)),
            "ip": addresses,
            "xid": st.integers(0, 2**63 - 1),
        }.get(name, texts)
        for name in COLUMNS
    }
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(texts, values, max_size=5)
pytestmark = pytest.mark.django_db
odd = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def as_sent(row: dict[str, Any]) -> bytes:
    """The record as it is documented, without PostgreSQL."""
    parts = [struct.pack(">i", len(COLUMNS))]
    for name in COLUMNS:
        type_ = TYPES.get(name, "text")
        body = _value(type_, row[name])
        parts.append(struct.pack(">Ii", NUMBERS[type_], -1 if body is None else len(body)) + (body or b""))
    return b"".join(parts)


def _value(type_: str, value: Any) -> bytes | None:
    if value is None:
        return None
    if type_ in ("bigint", "xid8"):
        return struct.pack(">q", value)
    if type_ == "timestamptz":
        span = value - datetime(2000, 1, 1, tzinfo=UTC)
        return struct.pack(">q", (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds)
    if type_ == "inet":
        bits: int = value.network.prefixlen if hasattr(value, "network") else value.max_prefixlen
        packed: bytes = value.packed
        return bytes((2 if value.version == 4 else 3, bits, 0, len(packed))) + packed
    return str(value).encode()


def read(row: dict[str, Any], detail: str = "{}", *changes: str) -> Row:
    columns = ", ".join(f"%s::text::{TYPES.get(name, 'text')} AS {name}" for name in COLUMNS)
    with connection.cursor() as cursor:
        for change in changes:
            cursor.execute(change)
        given = [None if row[name] is None else str(row[name]) for name in COLUMNS]
        cursor.execute(
            f"SELECT {SELECTED} FROM (SELECT {columns}, %s::text::jsonb AS detail) audit_event",
            [*given, detail],
        )
        id_, xid, month, record, text = cursor.fetchone()
    return Row(id_, xid, month, bytes(record), text)


@odd
@given(rows)
def test_a_record_is_what_the_document_says(row: dict[str, Any]):
    found = read(row)
    assert found.record == as_sent(row)
    assert (found.id, found.xid) == (row["id"], row["xid"])
    assert found.month == min(row["ts"].year * 12 + row["ts"].month - 1, 65_535)
    assert found.with_id(7).record == as_sent(row | {"id": 7})
    assert struct.pack(">q", found.ts) == _value("timestamptz", row["ts"])


@odd
@given(rows, documents)
def test_no_setting_of_the_session_changes_the_form(row: dict[str, Any], document: dict[str, Any]):
    detail = json.dumps(document, default=float)
    usual = read(row, detail)
    changed = read(
        row,
        detail,
        "SET LOCAL timezone = 'Pacific/Chatham'",
        "SET LOCAL datestyle = 'SQL, DMY'",
        "SET LOCAL extra_float_digits = -15",
        "SET LOCAL bytea_output = 'escape'",
    )
    assert changed.canonical() == usual.canonical()


@odd
@given(documents, st.randoms())
def test_the_order_of_keys_and_the_spelling_do_not_count(document: dict[str, Any], random: Any):
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(each) for each in value] if isinstance(value, list) else value

    here = json.dumps(document, default=float)
    there = json.dumps(shuffled(document), default=float, ensure_ascii=False, indent=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text::jsonb::text, %s::text::jsonb::text", [here, there])
        one, other = cursor.fetchone()
    assert canonical_json(one) == canonical_json(other)


@odd
@given(values, values)
def test_different_values_have_different_forms(one: Any, other: Any):
    first, second = (json.dumps({"v": each}, default=str) for each in (one, other))
    # As texts: Python holds True for 1.
    assert (canonical_json(first) == canonical_json(second)) == (_sorted(first) == _sorted(second))


def _sorted(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"v": 1}', '{"v": 1.0}'),
        ('{"v": 1}', '{"v": "1"}'),
        ('{"v": 1}', '{"v": true}'),
        ('{"v": 0.1}', '{"v": 0.1000000000000000055511151231257827}'),
        ('{"v": [1, [2]]}', '{"v": [[1], 2]}'),
        ('{"v": null}', "{}"),
        ("{}", "[]"),
        ('{"a": "b\\",\\"c"}', '{"a": "b", "c": ""}'),
    ],
)
def test_what_looks_alike_is_not_alike(one: str, other: str):
    assert canonical_json(one) != canonical_json(other)


def test_numbers_keep_every_digit():
    digits = "1" * 5000
    assert digits.encode() in canonical_json(f'{{"v": {digits}}}')
    assert b"1.50" in canonical_json('{"v": 1.50}')


def test_a_deep_detail_does_not_stop_the_sealer():
    deep = "[" * 5000 + "]" * 5000
    assert canonical_json(deep) == b"t" + deep.encode()


@pytest.mark.parametrize(
    "when", ["infinity", "-infinity", "294276-12-31 23:59:59+00", "4713-01-01 00:00:00+00 BC"]
)
def test_no_time_stops_the_sealer(when: str):
    row = dict.fromkeys(COLUMNS, "x") | {
        "id": 1,
        "actor_id": 1,
        "project_id": None,
        "ip": None,
        "xid": 3,
        "ts": when,
    }
    found = read(row)
    assert len(found.canonical()) > 100
    assert 0 <= found.month <= 65_535


def test_months_have_names():
    assert month_name(2026 * 12 + 10) == "2026-11"
