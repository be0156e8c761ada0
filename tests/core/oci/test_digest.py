from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DigestInvalid
from core.oci.digest import Algorithm, Digest

HEX = "0123456789abcdef" * 4
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

digests = st.builds(Digest.of, st.binary(max_size=40), st.sampled_from(Algorithm))


@given(digests)
def test_a_digest_reads_back_from_its_wire_form_and_from_its_column(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest
    assert Digest.from_bytes(digest.raw) == digest
    assert str(digest) == f"{digest.algorithm}:{digest.hex}"


@given(st.one_of(st.text(), st.from_regex(r"sha(256|512|1)?:[a-fA-F0-9]{60,66}\n?", fullmatch=True)))
def test_any_text_is_a_digest_or_an_invalid_digest(text: str) -> None:
    said = ""
    try:
        assert str(Digest.parse(text)) == text
    except DigestInvalid as error:
        said = error.message
    assert said.isascii()
    assert len(said) < 1000


def test_the_digest_of_nothing_is_the_well_known_one() -> None:
    assert str(Digest.of(b"")) == EMPTY
    assert Digest.of(b"", Algorithm.SHA512).hex == hashlib.sha512(b"").hexdigest()


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "is not a digest"),
        ("latest", "is not a digest"),
        (HEX, "is not a digest"),
        ("sha256:", "takes 64 hex digits, not 0"),
        ("sha256:short", "takes 64 hex digits, not 5"),
        ("sha256:baddigeststring", "takes 64 hex digits, not 15"),
        (f"sha256:{HEX}0", "not 65"),
        (f"sha256:{HEX}\n", "not 65"),
        (f"sha256:{HEX} ", "not 65"),
        (f" sha256:{HEX}", "unknown algorithm ' sha256'"),
        (f"sha256:{HEX.upper()}", "must be lower case (position 17)"),
        (f"sha256:{HEX[:-1]}g", "'g' is not a hex digit (position 70)"),
        (f"sha256:{HEX[:-1]}\uff11", r"'\uff11' is not a hex digit"),
        (f"sha256:{HEX[:-1]}\ud800", r"'\ud800' is not a hex digit"),
        (f"SHA256:{HEX}", "unknown algorithm 'SHA256'"),
        ("sha1:" + "a" * 40, "unknown algorithm 'sha1'"),
        ("md5:" + "a" * 32, "unknown algorithm 'md5'"),
        (f"sha512:{HEX}", "takes 128 hex digits, not 64"),
        (f"sha256+b64:{HEX}", "unknown algorithm"),
        ("sha256:sha256:" + HEX, "not 71"),
        ("sha256:" + "a" * 1_000_000, "not 1000000"),
    ],
)
def test_what_is_wrong_with_a_digest_is_said(text: str, because: str) -> None:
    with pytest.raises(DigestInvalid) as caught:
        Digest.parse(text)
    assert because in caught.value.message
    assert len(caught.value.message) < 300


def test_both_algorithms_parse_in_lower_case() -> None:
    assert Digest.parse(f"sha256:{HEX}").raw == bytes.fromhex(HEX)
    assert Digest.parse(f"sha512:{HEX}{HEX}").algorithm is Algorithm.SHA512


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65, 128])
def test_a_column_of_another_length_is_no_digest(length: int) -> None:
    with pytest.raises(DigestInvalid):
        Digest.from_bytes(bytes(length))


def test_a_digest_cannot_be_built_with_the_length_of_another_algorithm() -> None:
    with pytest.raises(DigestInvalid):
        Digest(Algorithm.SHA512, bytes(32))


def test_a_memoryview_of_a_column_is_read_like_bytes() -> None:
    assert Digest.from_bytes(memoryview(Digest.of(b"x").raw)) == Digest.of(b"x")


def test_equal_digests_are_equal_keys() -> None:
    assert {Digest.of(b"x"): 1}[Digest.parse(str(Digest.of(b"x")))] == 1
    assert Digest.of(b"x") != Digest.of(b"x", Algorithm.SHA512)


@pytest.mark.parametrize("name", ["", "sha1", "SHA256", "sha-256", "sha256 ", "sha384"])
def test_an_unknown_digest_algorithm_parameter_is_refused(name: str) -> None:
    with pytest.raises(DigestInvalid, match="use sha256 or sha512"):
        Algorithm.parse(name)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_an_algorithm_hashes_to_digests_of_its_size(algorithm: Algorithm) -> None:
    hasher = algorithm.new()
    hasher.update(b"abc")
    assert Digest(Algorithm.parse(algorithm.value), hasher.digest()) == Digest.of(b"abc", algorithm)
    assert len(hasher.digest()) == algorithm.size
