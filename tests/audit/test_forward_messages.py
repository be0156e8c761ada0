"""Events as syslog messages: by the letter of RFC 5424, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.forward.messages import Form, Record, header_word
from audit.forward.target import Endpoint, Facility, Target
from tests.audit.syslog import Message

pytestmark = pytest.mark.unit

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=1024)


def target(**more: Any) -> Target:
    return Target(Endpoint.parse("tls://logs.example.com"), **more)


def record(detail: str = "{}", **more: Any) -> Record:
    facts = {
        "id": 7,
        "stream": "events",
        "operation": "tag.delete",
        "result": "ok",
        "actor_name": "ann",
        **more,
    }
    return Record(1, "2026-11-21T22:00:00.000001Z", facts, detail)


def message(found: Record, **more: Any) -> Message:
    return Message.of(Form(target(**more)).message(found).decode())


def test_an_event_is_one_message_with_its_id_in_the_structured_data_and_all_of_it_as_json():
    found = message(record('{"before": {"digest": "sha256:1"}}', ip="192.0.2.7", request_id="r1"))
    assert (found.time, found.app_name, found.name) == ("2026-11-21T22:00:00.000001Z", "wharf", "tag.delete")
    assert found.told == {
        "id": "7", "stream": "events", "operation": "tag.delete", "result": "ok", "actor": "ann", "ip": "192.0.2.7",
        "request": "r1",
    }  # fmt: skip
    assert found.facts["detail"] == {"before": {"digest": "sha256:1"}}


@pytest.mark.parametrize(
    ("result", "facility", "priority"),
    [("ok", "audit", 13 * 8 + 6), ("denied", "local0", 16 * 8 + 4), ("failed", "authpriv", 10 * 8 + 3)],
)
def test_the_priority_tells_facility_and_outcome(result: str, facility: str, priority: int):
    assert message(record(result=result), facility=Facility(facility)).priority == priority


def test_a_row_without_a_real_time_has_none():
    found = Form(target()).message(Record(None, None, {"operation": "a.b"})).decode()
    assert found.split(" ")[1] == "-"


@given(name=TEXT, agent=TEXT, resource=TEXT)
def test_no_text_breaks_a_message_or_makes_it_too_long(name: str, agent: str, resource: str):
    facts = {
        "actor_name": name,
        "agent": agent,
        "resource_name": resource,
        "token_id": name,
        "request_id": agent,
    }
    written = Form(target(max_bytes=2048)).message(record(json.dumps({"x": name}), **facts))
    assert len(written) <= 2048
    head, _, text = written.partition(b"] {")
    assert text.isascii()
    assert b"\n" not in text
    assert not text.startswith(b"\xef\xbb\xbf")
    assert json.loads(b"{" + text)["id"] == 7
    assert head.startswith(b"<110>1 ")


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_texts_come_out_as_they_went_in(name: str):
    found = message(record(json.dumps({"x": name}, ensure_ascii=False), actor_name=name))
    assert found.told["actor"] == name
    assert found.facts["actor_name"] == found.facts["detail"]["x"] == name


def test_what_does_not_fit_is_left_out_and_told():
    found = message(record(json.dumps({"x": "y" * 7500})), max_bytes=8192)
    assert "cut" not in found.facts
    found = message(record(json.dumps({"x": "y" * 9000})), max_bytes=8192)
    assert found.facts["cut"] == ["detail"]
    assert "detail" not in found.facts
    found = message(record("{}", resource_name="\U0001f600" * 1000), max_bytes=8192)
    assert found.facts["cut"] == ["detail", "resource_name"]


def test_numbers_of_the_detail_keep_every_digit():
    written = Form(target()).message(record('{"n": 123456789012345678901234567890.10}'))
    assert b'"detail":{"n": 123456789012345678901234567890.10}' in written


@pytest.mark.parametrize(
    ("text", "word"), [("", "-"), ("a b\n", "a_b_"), ("Ämter", "_mter"), ("x" * 99, "x" * 48)]
)
def test_words_of_the_header_are_printable_ascii(text: str, word: str):
    assert header_word(text, 48) == word
