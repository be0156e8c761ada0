from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DigestInvalid, ReferenceInvalid
from core.oci.digest import Digest
from core.oci.reference import Tag, parse_reference

tags = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", fullmatch=True)


@given(tags)
def test_a_legal_tag_reads_back_as_itself(text: str) -> None:
    assert str(Tag.parse(text)) == text
    assert parse_reference(text) == Tag(text)


@given(st.binary())
def test_a_digest_is_a_reference(data: bytes) -> None:
    digest = Digest.of(data)
    assert parse_reference(str(digest)) == digest


@given(st.one_of(st.text(max_size=150), st.text("aZ09._-:\n\ud800", max_size=150)))
def test_any_text_is_a_reference_or_one_of_two_errors(text: str) -> None:
    try:
        assert str(parse_reference(text)) == text
    except DigestInvalid:
        assert ":" in text
    except ReferenceInvalid:
        assert ":" not in text


@pytest.mark.parametrize(
    "text", ["a", "_", "_x", "latest", "1.0", "A-b_c.D", "a" * 128, "sha256-abc.sig", "v1..2--"]
)
def test_odd_but_legal_tags_are_accepted(text: str) -> None:
    assert parse_reference(text) == Tag(text)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "is empty"),
        ("latest\n", r"'\n' at position 6"),
        (".x", "may not start with '.'"),
        ("-x", "may not start with '-'"),
        ("a" * 129, "has 129 characters, the limit is 128"),
        ("\u00e9", r"'\xe9' at position 0"),
        ("1\uff12", r"'\uff12' at position 1"),
        ("a+b", "'+' at position 1"),
        ("a b", "' ' at position 1"),
        ("a/b", "'/' at position 1"),
        ("a\x00", r"'\x00' at position 1"),
        ("a\udcff", r"'\udcff' at position 1"),
    ],
)
def test_what_is_wrong_with_a_tag_is_said(text: str, because: str) -> None:
    with pytest.raises(ReferenceInvalid) as caught:
        parse_reference(text)
    assert because in caught.value.message


@pytest.mark.parametrize(
    "text", [":", "latest:", "a:b", "sha1:" + "a" * 40, "sha256:short", "sha256:" + "A" * 64, "tag:1.0"]
)
def test_a_reference_with_a_colon_is_never_a_tag(text: str) -> None:
    with pytest.raises(DigestInvalid):
        parse_reference(text)
