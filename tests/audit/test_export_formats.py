"""Files of the audit log: what is in them, byte for byte, and what no spreadsheet may calculate."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from access.principal import ActorKind
from audit.export import stored
from audit.export.formats import COLUMNS, PIECE_ROWS, Format, cell, pieces
from audit.parts import Result
from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.streams import Stream

EVENT = Entry(
    stream=Stream.EVENTS,
    id=7,
    ts=datetime(2026, 11, 21, 18, 0, 0, 5, tzinfo=UTC),
    actor_kind="user",
    actor_id=3,
    actor_name="alice",
    auth="session",
    token_id="",
    ip="2001:db8::1",
    agent='curl "8", ok',
    request_id="r-1",
    operation="tag.delete",
    permission="tag:delete",
    resource_type="tag",
    resource_id="9",
    resource_name="p/r:ü",
    project_id=None,
    result="ok",
    detail={"before": {"digest": "=1+1"}, "n": [1, "a,b"]},
)


def file(form: Format, *entries: Entry) -> bytes:
    return b"".join(piece for _, piece in pieces(entries, form))


def with_text(fields: tuple[str, ...], text: str) -> Entry:
    said: dict[str, Any] = dict.fromkeys(fields, text)
    return replace(EVENT, **said)


def table(*entries: Entry) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file(Format.CSV, *entries).decode(), newline="")))


def test_a_csv_file_has_the_names_of_its_columns_and_a_row_for_each_entry():
    header, row = table(EVENT)
    assert header == list(COLUMNS)
    told = dict(zip(header, row, strict=True))
    assert told["time"] == "2026-11-21T18:00:00.000005Z"
    assert (told["agent"], told["resource_name"], told["project_id"]) == ('curl "8", ok', "p/r:ü", "")
    assert json.loads(told["detail"]) == EVENT.detail


def test_a_csv_file_is_that_of_rfc_4180():
    content = file(Format.CSV, replace(EVENT, actor_name='a"b', agent="x\r\ny"))
    assert content.startswith(b"stream,id,time,")
    assert content.endswith(b"\r\n")
    assert b',"a""b",' in content
    assert b'"x\r\ny"' in content  # a line end inside a cell is quoted, not a new row
    assert len(table(replace(EVENT, agent="x\r\ny"))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "\u3000-1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_what_a_spreadsheet_would_calculate_begins_with_an_apostrophe(text: str):
    fields = (
        "actor_name",
        "agent",
        "request_id",
        "resource_name",
        "resource_id",
        "token_id",
        "resource_type",
    )
    header, row = table(with_text(fields, text))
    assert {row[header.index(name)] for name in fields} == {f"'{text}"}


@pytest.mark.parametrize("text", ["", " ", "alice", "a=b", "1-2", "'=1", "x@y", "\u00a0"])
def test_plain_text_stays_as_it_is(text: str):
    assert cell(text) == text


def test_no_cell_of_a_whole_file_begins_a_formula():
    fields = ("actor_kind", "actor_name", "auth", "ip", "operation", "permission", "result")
    _, row = table(with_text(fields, "=cmd|' /C x'!A0"))
    assert [each for each in row if each[:1] in tuple("=+-@\t\r")] == []


def test_a_line_of_json_holds_the_entry_as_it_is():
    (line,) = file(Format.JSONL, replace(EVENT, agent="=1+1\n\u2028")).decode().rstrip("\n").split("\n")
    told = json.loads(line)
    assert tuple(told) == COLUMNS
    assert (told["stream"], told["agent"], told["detail"]) == ("events", "=1+1\n\u2028", EVENT.detail)
    assert (told["project_id"], told["ip"], told["time"]) == (
        None,
        "2001:db8::1",
        "2026-11-21T18:00:00.000005Z",
    )


@pytest.mark.parametrize("form", list(Format))
def test_a_number_of_any_size_in_a_detail_is_no_hindrance(form: Format):
    assert str(2**70).encode() in file(form, replace(EVENT, detail={"n": 2**70}))


def test_pieces_count_their_entries():
    many = [replace(EVENT, id=n) for n in range(2 * PIECE_ROWS + 1)]
    assert [n for n, _ in pieces(many, Format.JSONL)] == [PIECE_ROWS, PIECE_ROWS, 1]
    assert [n for n, _ in pieces(many, Format.CSV)] == [0, PIECE_ROWS, PIECE_ROWS, 1]
    assert [n for n, _ in pieces([], Format.JSONL)] == []
    assert file(Format.CSV) == ",".join(COLUMNS).encode() + b"\r\n"


FILTERS: list[dict[str, Any]] = [
    {},
    {"streams": frozenset({Stream.PULLS}), "actor": "Alice", "actor_kind": ActorKind.ROBOT, "actor_id": 0},
    {"since": EVENT.ts, "until": EVENT.ts, "operations": ("tag.delete",), "project_ids": ()},
    {
        "result": Result.DENIED,
        "address": ip_network("10.0.0.0/8"),
        "resource_exact": "p/r",
        "project_ids": (3, 4),
    },
]


@pytest.mark.parametrize("said", FILTERS)
def test_a_filter_comes_back_from_a_jobs_arguments_as_it_went(said: dict[str, Any]):
    wanted = Filter(**said)
    assert stored.read(json.loads(json.dumps(stored.written(wanted)))) == wanted
    assert set(stored.written(wanted)) == set(said)
