from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.detail import MAX_DETAIL_BYTES, address, clean, encode


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("docker/27.3 (linux)", "docker/27.3 (linux)"),
        ("a\nb\tc\x1b[31m", "a\ufffdb\ufffdc\ufffd[31m"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("名前 ünïcode", "名前 ünïcode"),
        ("x" * 2000, "x" * 1023 + "…"),
    ],
)
def test_text_is_one_printable_bounded_line(text: str, shown: str):
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("given_ip", "stored"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.1:443", None),
        ("010.1.1.1", None),
        (None, None),
    ],
)
def test_only_addresses_the_database_takes_pass(given_ip: str | None, stored: str | None):
    assert address(given_ip) == stored


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON))
def test_any_detail_becomes_small_json_without_surprises(detail: dict[str, object]):
    text = encode(detail)
    assert len(text.encode()) <= MAX_DETAIL_BYTES
    assert "\\u0000" not in text.replace("\\\\", "")  # a backslash before these letters is no NUL
    json.loads(text, parse_constant=pytest.fail)


def test_the_largest_value_gives_way_first_and_is_named():
    found = json.loads(encode({"text": "t" * 9_000, "digest": "sha256:1", "size": 7}))
    assert found == {"digest": "sha256:1", "size": 7, "truncated": ["text"]}


def test_of_what_was_and_what_is_as_much_is_told_as_fits():
    tags = [{"tag": f"v{number}", "digest": "sha256:" + "0" * 64} for number in range(150)]
    after = {"digest": "sha256:1", "tags": [each["tag"] for each in tags]}
    found = json.loads(encode({"size": 7, "before": {"tags": tags}, "after": after}))
    assert found["after"] == after
    assert found["before"]["tags"] == tags[:63]
    assert found["truncated"] == ["before.tags"]


def test_ten_thousand_small_values_still_fit():
    text = encode({f"key {number}": "value" for number in range(10_000)})
    assert len(text.encode()) <= MAX_DETAIL_BYTES
    assert "truncated" in json.loads(text)


@pytest.mark.parametrize(
    "key", ["password", "new_secret", "Authorization", "refresh_token", "private_key", "apikey"]
)
def test_a_value_under_a_secret_key_is_masked_at_any_depth(key: str):
    assert "canary" not in encode({"a": [{key: "canary"}], key: {"b": "canary"}})
