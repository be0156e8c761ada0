from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.oci.config import MAX_HISTORY, ConfigFacts, HistoryEntry, parse_config, parse_timestamp
from tests.core.oci.documents import encoded

finite = st.floats(allow_nan=False, allow_infinity=False)
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=10)
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), finite, any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=6,
)
FIELDS = ["os", "architecture", "variant", "created", "history", "author"]


def test_the_facts_of_a_docker_build_are_read() -> None:
    config = {
        "architecture": "arm64",
        "variant": "v8",
        "os": "linux",
        "author": "me",
        "created": "2024-01-31T12:00:00.123456789+02:00",
        "config": {"Env": ["PATH=/"]},
        "history": [
            {"created": "2024-01-31T09:00:00Z", "created_by": "COPY . /", "comment": "buildkit"},
            {"created_by": "ENV a=b", "empty_layer": True},
        ],
    }
    at_nine = datetime(2024, 1, 31, 9, 0, tzinfo=UTC)
    assert parse_config(encoded(config)) == ConfigFacts(
        os="linux",
        architecture="arm64",
        variant="v8",
        created=datetime(2024, 1, 31, 10, 0, 0, 123456, tzinfo=UTC),
        history=(
            HistoryEntry("COPY . /", empty_layer=False, comment="buildkit", created=at_nine),
            HistoryEntry("ENV a=b", empty_layer=True, comment="", created=None),
        ),
        author="me",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b"apiVersion: v2\nname: chart\n",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"os":"a","os":"b"}',
    ],
)
def test_a_config_that_is_none_gives_no_facts(data: bytes) -> None:
    assert parse_config(data) == ConfigFacts()


def test_a_config_above_four_mebibytes_gives_no_facts() -> None:
    config = encoded({"os": "linux"})
    assert parse_config(config + b" " * 4_194_304) == ConfigFacts()


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(data: bytes) -> None:
    assert isinstance(parse_config(data), ConfigFacts)


@given(st.dictionaries(st.sampled_from(FIELDS), junk))
def test_no_members_are_an_error_and_texts_can_be_stored(config: dict[str, object]) -> None:
    facts = parse_config(json.dumps(config).encode())
    for text in (facts.os, facts.architecture, facts.variant, facts.author):
        text.encode("utf-8")
        assert "\0" not in text
    assert facts.created is None or facts.created.tzinfo is UTC


@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(["created_by", "comment", "created", "empty_layer"], junk)
        )
    )
)
def test_every_history_step_keeps_its_place(history: list[dict[str, object]]) -> None:
    facts = parse_config(json.dumps({"history": history}).encode())
    assert [step.empty_layer for step in facts.history] == [
        step.get("empty_layer") is True for step in history
    ]
    for step in facts.history:
        assert "\0" not in (step.created_by + step.comment).encode().decode()


def test_a_history_that_cannot_be_counted_is_left_out_whole() -> None:
    assert parse_config(encoded({"os": "linux", "history": [{}, "x"]})) == ConfigFacts(os="linux")
    assert parse_config(encoded({"history": [{}] * (MAX_HISTORY + 1)})).history == ()
    assert len(parse_config(encoded({"history": [{}] * MAX_HISTORY})).history) == MAX_HISTORY


def test_texts_are_cut_and_cleaned() -> None:
    facts = parse_config(encoded({"os": "l\0inux", "author": "x" * 100_000, "variant": "\ud800"}))
    assert facts.os == "l\ufffdinux"
    assert facts.variant == "\ufffd"
    assert len(facts.author) == 16 * 1024


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31T12:00:00Z", datetime(2024, 1, 31, 12, tzinfo=UTC)),
        ("2024-01-31t12:00:00.5z", datetime(2024, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-01-31T12:00:00.123456789Z", datetime(2024, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2024-01-31T00:30:00+01:00", datetime(2024, 1, 30, 23, 30, tzinfo=UTC)),
        ("2024-01-31T23:30:00-01:00", datetime(2024, 2, 1, 0, 30, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_rfc_3339_times_are_read_in_utc(text: str, expected: datetime) -> None:
    assert parse_timestamp(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:59",
        "0000-01-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-01-31T24:00:00Z",
        "2024-01-31T12:00:60Z",
        "2024-01-31T12:00:00",
        "2024-01-31",
        "20240131T120000Z",
        "2024-01-31T12:00:00Z\n",
        "\uff12024-01-31T12:00:00Z",
        "",
        1706702400,
        None,
        True,
    ],
)
def test_what_is_no_time_or_the_zero_time_of_go_is_no_time(value: object) -> None:
    assert parse_timestamp(value) is None


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}"),
    )
)
def test_no_text_is_an_error_as_a_time(text: str) -> None:
    read = parse_timestamp(text)
    assert read is None or read.utcoffset() is not None
