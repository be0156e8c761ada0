from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.oci.version_key import is_prerelease, version_key

tags = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", fullmatch=True)
numbers = st.lists(st.integers(0, 10**12), min_size=1, max_size=5).map(tuple)
prereleases = st.sampled_from(
    ["alpha", "alpha.1", "beta", "beta2", "rc1", "rc.10", "dev", "SNAPSHOT", "pre", "ea"]
)


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def significant(version: tuple[int, ...]) -> tuple[int, ...]:
    while version and version[-1] == 0:
        version = version[:-1]
    return version


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.9", "1.10", "1.10.1", "1.11", "2", "10"],
        [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
        ],
        ["1.0.0-rc.1", "1.0.0", "1.0.0-alpine", "1.0.1-rc1", "1.0.1"],
        ["3.13.0a1", "3.13.0a2", "3.13.0b1", "3.13.0rc1", "3.13.0rc10", "3.13.0"],
        ["1.0-SNAPSHOT", "1.0", "1.1-SNAPSHOT", "1.1"],
        ["4.0.0-M1", "4.0.0-M3", "4.0.0-RC1", "4.0.0"],
        ["17-ea-1", "17-ea-20", "17", "17.0.1"],
        ["1.2.3", "1.2.3-1", "1.2.3-2", "1.2.3-10", "1.2.4"],
        ["v1.2.3", "v1.2.3-14-gabcdef0", "v1.2.4-rc1", "v1.2.4"],
        ["1.2.3", "1.2.3-a1b2c3d", "1.2.4"],
        ["1.1.1", "1.1.1a", "1.1.1w"],
        ["2024.01.31", "2024.02.01", "2024.10.01", "20240131", "20241001"],
        ["9" * 25, "1" + "0" * 25],
        ["build-9", "build-10", "latest", "main", "release-1.9", "release-1.10", "0.0.1", "1.0"],
        ["7f3a9c2", "latest", "1.0"],
        ["0", "0.0.1", "0.1", "1"],
    ],
)
def test_tags_sort_as_people_read_them(ascending: list[str]) -> None:
    assert sorted(ascending, key=version_key) == ascending
    for lower, higher in itertools.pairwise(ascending):
        assert version_key(lower).encode() < version_key(higher).encode()


@given(numbers, numbers)
def test_versions_compare_by_their_numbers(one: tuple[int, ...], two: tuple[int, ...]) -> None:
    keys = version_key(dotted(one)), version_key(dotted(two))
    assert (keys[0] < keys[1]) == (significant(one) < significant(two))
    assert (keys[0] == keys[1]) == (significant(one) == significant(two))


# Two numbers at least: `10000ea` is taken for a commit.
@pytest.mark.parametrize(
    ("tag", "is_one"),
    [
        ("1.11.0-rc1", True),
        ("v2.0b1", True),
        ("1.0-SNAPSHOT", True),
        ("1.11.0", False),
        ("1.11.0-alpine", False),
        ("latest", False),
        ("rc", False),
        ("7d865e9", False),
    ],
)
def test_a_version_before_its_release_is_told_from_others(tag: str, is_one: bool) -> None:
    assert is_prerelease(tag) is is_one


@given(numbers.map(lambda version: (1, *version)), prereleases, st.sampled_from(["-", ".", "_", ""]))
def test_a_prerelease_sorts_before_its_release_and_after_the_one_before(
    version: tuple[int, ...], prerelease: str, separator: str
) -> None:
    release = dotted(version)
    before = dotted((*version[:-1], version[-1] + 1))
    assert version_key(f"{release}{separator}{prerelease}") < version_key(release)
    assert version_key(release) < version_key(f"{before}{separator}{prerelease}")


@given(
    numbers, st.sampled_from(["-alpine", "-slim", "-1", "-r0", "-debian-12", "_build5", "-windowsservercore"])
)
def test_a_variant_sorts_between_its_release_and_the_next(version: tuple[int, ...], variant: str) -> None:
    release = dotted(version)
    assert version_key(release) < version_key(release + variant)
    assert version_key(release + variant) < version_key(f"{release}.0.1")


@given(numbers)
def test_a_leading_v_and_trailing_zeros_change_nothing(version: tuple[int, ...]) -> None:
    key = version_key(dotted(version))
    assert version_key(f"v{dotted(version)}") == key
    assert version_key(f"V{dotted(version)}.0.0") == key


@pytest.mark.parametrize("commit", ["7f3a9c2", "10000ea", "0123456789abcdef0123456789abcdef01234567"])
def test_a_commit_hash_is_a_name_even_when_it_starts_with_a_digit(commit: str) -> None:
    assert version_key(commit) < version_key("latest") < version_key("0.0.1")


@given(tags)
def test_every_tag_has_a_short_ascii_key(tag: str) -> None:
    key = version_key(tag)
    assert key.isascii()
    assert key.isprintable()
    assert 1 <= len(key) <= 6 * len(tag) + 20


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=50))
def test_no_text_is_an_error(text: str) -> None:
    assert version_key(text).isascii()


@given(st.from_regex(r"[a-z]{1,8}[-.][0-9]{1,4}", fullmatch=True), numbers)
def test_names_sort_before_versions(name: str, version: tuple[int, ...]) -> None:
    if not (name[0] == "v" and name[1].isdigit()):
        assert version_key(name) < version_key(dotted(version))
