"""Sort keys for tags: 1.10 after 1.9, prereleases before their release, names before versions.

The key is ASCII and compares by bytes (a column with COLLATE "C"). A version is its numbers, then one of
three ranks (prerelease, release, variant such as `-alpine` or `-1`), then the rest, each written so that byte
order is the wanted order. `1.2`, `v1.2` and `1.2.0` have equal keys: break ties by the tag itself.
"""

from __future__ import annotations

import re

_VERSION = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+)*)(.*)", re.DOTALL)
# A short commit hash that happens to start with a digit is a name, not version 7 of something.
_COMMIT = re.compile(r"(?=.*[a-f])(?=.*[0-9])[0-9a-f]{7,40}", re.ASCII)
_PART = re.compile(r"[0-9]+|[a-z]+", re.ASCII)
_PRERELEASE = re.compile(
    r"[._-]?(?:(?:alpha|beta|rc|cr|pre|preview|prerelease|dev|snapshot|nightly|canary|ea|milestone|next|unstable)"
    r"(?![a-z])|[abcm][0-9]+(?![a-z0-9]))",
    re.ASCII,
)
_SPELLINGS = {"a": "alpha", "b": "beta", "c": "rc", "cr": "rc", "m": "milestone"}

_NAME, _RELEASED = "0", "1"
# Ordered: what follows the numbers decides between 1.2-rc1 < 1.2 < 1.2-alpine < 1.2.1.
_RANK_PRERELEASE, _RANK_RELEASE, _RANK_VARIANT, _NEXT_NUMBER = "0", "1", "2", "3"
# Ordered: a number before a word (semver.org, rule 11.4.3).
_NUMBER_PART, _WORD_PART = "1", "2"


def version_key(tag: str) -> str:
    """The sort key of a tag: ASCII, at most about five times as long as the tag."""
    matched = None if _COMMIT.fullmatch(tag) else _VERSION.fullmatch(tag)
    if matched is None:
        return _NAME + _parts(tag.lower())
    rest = matched[2].lower()
    return _RELEASED + _numbers(matched[1]) + _ranked(rest)


def is_prerelease(tag: str) -> bool:
    """Whether it is a version that was tagged before its release: `1.11.0-rc1`, not `1.11.0`, `1.11.0-alpine` or a name."""
    matched = None if _COMMIT.fullmatch(tag) else _VERSION.fullmatch(tag)
    return matched is not None and bool(_PRERELEASE.match(matched[2].lower()))


def _numbers(dotted: str) -> str:
    numbers = [number.lstrip("0") for number in dotted.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return "".join(_NEXT_NUMBER + _number(number) for number in numbers)


def _ranked(rest: str) -> str:
    if not rest:
        return _RANK_RELEASE
    if _PRERELEASE.match(rest):
        return _RANK_PRERELEASE + _parts(rest, spellings=_SPELLINGS)
    return _RANK_VARIANT + _parts(rest)


def _parts(text: str, *, spellings: dict[str, str] | None = None) -> str:
    known = spellings or {}
    return "".join(
        _NUMBER_PART + _number(part.lstrip("0"))
        if part.isdigit()
        else f"{_WORD_PART}{known.get(part, part)}."
        for part in _PART.findall(text)
    )


def _number(significant: str) -> str:
    """Digits without leading zeros, after their count: a longer number is a greater one."""
    digits = significant or "0"
    return f"{len(digits):03d}{digits}"
