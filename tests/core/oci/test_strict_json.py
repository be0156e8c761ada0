from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ManifestInvalid
from core.oci.strict_json import MAX_CONTAINERS, MAX_DEPTH, MAX_VALUES, ascii_json, parse_json

any_character = st.characters(codec=None, exclude_categories=())
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


def refusal_of(data: bytes) -> str:
    with pytest.raises(ManifestInvalid) as caught:
        parse_json(data)
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 600
    return caught.value.message


@given(values)
def test_what_json_writes_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n") == value


@given(
    st.one_of(
        st.binary(max_size=200), st.text('{}[]",:\\ \n01.eE+-truefalsn\u00e9', max_size=200).map(str.encode)
    )
)
def test_any_bytes_are_json_or_an_invalid_manifest(data: bytes) -> None:
    said = ""
    try:
        parse_json(data)
    except ManifestInvalid as error:
        said = error.message
    assert said.isascii()


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (b"", "the body is empty"),
        (b" \n", "not JSON: Expecting value (line 2, column 1)"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "UTF-16"),
        ("{}".encode("utf-16-le"), "UTF-16"),
        ("{}".encode("utf-16-be"), "UTF-16"),
        ("{}".encode("utf-32"), "UTF-16 or UTF-32"),
        (b'{"a":"\xff"}', "not UTF-8: byte 0xff at offset 6"),
        (b'{"a":"\xc3"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":"\xc0\x80"}', "not UTF-8"),
        (b"{}x", "Extra data (line 1, column 3)"),
        (b"{}{}", "Extra data"),
        (b'{"a":1', "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"[1,]", "not JSON"),
        (b'{"a":01}', "not JSON"),
        (b'{"a":+1}', "not JSON"),
        (b'{"a":.5}', "not JSON"),
        (b'{"a":"\n"}', "Invalid control character"),
        (b'{"a":"\\x"}', "Invalid \\escape"),
        (b'{"a":"\\u12"}', "not JSON"),
        (b"// comment\n{}", "not JSON"),
        (b'{"a":\xc2\xa01}', "not JSON"),
    ],
)
def test_what_is_no_json_text_is_refused(data: bytes, because: str) -> None:
    assert because in refusal_of(data)


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (b'{"a":[{"b":NaN}]}', "a[0].b: NaN is not a JSON number"),
        (b'{"a":Infinity}', "a: Infinity is not"),
        (b'{"a":-Infinity}', "a: -Infinity is not"),
        (b"NaN", "NaN is not"),
        (b'{"a":1e400}', "a: number '1e400' does not fit"),
        (b'{"a":-1e400}', "a: number '-1e400' does not fit"),
        (b'{"a":' + b"9" * 5000 + b"}", "a: number '999"),
        (b'{"a":1' + b"0" * 309 + b"}", "does not fit"),
        (b'{"a":0.' + b"1" * 100_000 + b"}", "does not fit"),
        (b'{"a.b":{"":1e999}}', "['a.b']['']: number"),
    ],
)
def test_a_number_that_readers_disagree_on_is_refused_with_its_path(data: bytes, because: str) -> None:
    assert because in refusal_of(data)


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (b'{"layers":[],"layers":[]}', "key 'layers' appears more than once"),
        (b'{"a":{"b":[1,{"c":1,"d":2,"c":3}]}}', "a.b[1]: key 'c' appears more than once"),
        (b'{"a":1,"\\u0061":2}', "key 'a' appears more than once"),
        (b'{"a":{"x":1,"x":2},"a":3}', "key 'a' appears more than once"),
        (b'{"a":{"x":1,"x":2},"b":NaN,"a":3}', "key 'a' appears more than once"),
    ],
)
def test_a_repeated_key_is_refused_with_its_path(data: bytes, because: str) -> None:
    assert refusal_of(data) == because


def test_depth_is_limited_to_64_for_arrays_and_objects_together() -> None:
    half = MAX_DEPTH // 2
    assert parse_json(b'[{"a":' * half + b"0" + b"}]" * half)
    assert "nested more than 64 levels" in refusal_of(b"[" + b'[{"a":' * half + b"0" + b"}]" * half + b"]")


def test_brackets_within_strings_are_no_depth() -> None:
    text = '[{"' * 10_000
    assert parse_json(json.dumps([text, {text: text}]).encode()) == [text, {text: text}]


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 70 + b'"' * 100_000, b"[" * 70 + b'"' + b"\\" * 99_999],
)
def test_hostile_nesting_is_refused_before_the_recursive_parser_sees_it(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parser(**hooks: object) -> None:
        raise AssertionError("reached with nesting that only the interpreter's own limit would stop")

    monkeypatch.setattr(json, "JSONDecoder", parser)
    refusal_of(data)


@pytest.mark.parametrize(
    "data", [b'["' + b'\\"' * 1_000_000, b'"' + b"\\" * 4_000_000, b'"\\' * 1_000_000, b"[}" * 1_000_000]
)
def test_megabytes_of_quotes_escapes_and_brackets_are_refused_in_linear_time(data: bytes) -> None:
    # With anything worse than linear work these do not end within the life of the test run.
    refusal_of(data)


def test_the_number_of_values_is_bounded() -> None:
    assert "arrays and objects" in refusal_of(b"[" + b"[]," * MAX_CONTAINERS + b"[]]")
    assert "values" in refusal_of(b"[" + b"1," * (MAX_VALUES + 1) + b"1]")
    assert len(parse_json(b"[" + b"1," * 1000 + b"1]")) == 1001


def test_the_innermost_values_stay_what_they_are() -> None:
    text = b'[1, -0, 1.5, 1E2, true, false, null, "\\u0000\\ud800\\ud83d\\ude00", 12345678901234567890123]'
    expected = [1, 0, 1.5, 100.0, True, False, None, "\0\ud800\U0001f600", 12345678901234567890123]
    assert parse_json(text) == expected


@given(st.dictionaries(st.text(any_character), st.text(any_character)))
def test_stored_annotations_are_ascii_and_read_back(annotations: dict[str, str]) -> None:
    parsed = json.loads(json.dumps(annotations))
    stored = ascii_json(parsed)
    assert stored.isascii()
    assert "\0" not in stored
    assert json.loads(stored) == parsed
    assert list(json.loads(stored)) == list(parsed)
