"""What people paste is read as what they mean by it."""

from __future__ import annotations

import pytest

from core.oci.pasted import Pasted, digits, pasted

pytestmark = pytest.mark.unit

HOST = "reg.corp"
DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "name", "reference"),
    [
        ("team/app:1.2", "team/app", "1.2"),
        ("reg.corp/team/app:1.2", "team/app", "1.2"),
        ("reg.corp/team/app", "team/app", ""),
        (f"reg.corp/team/app@{DIGEST}", "team/app", DIGEST),
        (f"team/app:1.2@{DIGEST}", "team/app", DIGEST),
        ("other:5000/team/app:1.2", "team/app", "1.2"),
        ("localhost/team/app", "team/app", ""),
        ("docker pull reg.corp/team/app:1.2", "team/app", "1.2"),
        ("podman pull --tls-verify=false reg.corp/team/app:1.2", "team/app", "1.2"),
        ("FROM reg.corp/team/app:1.2 AS base", "team/app", "1.2"),
        ("helm pull oci://reg.corp/team/chart --version 1.2.3", "team/chart", "1.2.3"),
        ("docker://reg.corp/team/app:1.2", "team/app", "1.2"),
        ("https://reg.corp/r/team/app", "team/app", ""),
        ("https://reg.corp/r/team/app?q=1", "team/app", ""),
        ("https://reg.corp/r/team/deep/app/-/t/1.2?tab=layers", "team/deep/app", "1.2"),
        (f"https://reg.corp/r/team/app/-/m/{DIGEST.replace(':', '%3A')}", "team/app", DIGEST),
        ("https://reg.corp/v2/team/app/manifests/1.2", "team/app", "1.2"),
        ("nginx:1.27", "library/nginx", "1.27"),
        ("reg.corp/nginx", "library/nginx", ""),
    ],
)
def test_a_reference_is_read_however_it_is_written(text: str, name: str, reference: str) -> None:
    found = pasted(text, HOST)
    assert found is not None
    assert (found.names, found.reference) == ((name,), reference)


def test_a_first_part_with_a_dot_may_be_a_host_or_a_project() -> None:
    assert pasted("my.team/app/api:1", HOST) == Pasted(("my.team/app/api", "app/api"), "1")


@pytest.mark.parametrize("text", ["", "  ", ":", "@", "a\0b", "x" * 2000])
def test_what_names_nothing_is_nothing(text: str) -> None:
    assert pasted(text, HOST) is None


@pytest.mark.parametrize("text", ["https://", "https://reg.corp/", "//", "a b c", "-", "\u202e/x", "%00/%00"])
def test_no_text_breaks_the_reading(text: str) -> None:
    pasted(text, HOST)


def test_the_beginning_of_a_digest_has_bounds_whatever_its_length() -> None:
    odd = digits("SHA256:abc".lower() + "def0")
    assert odd is not None
    low, high = odd.bounds
    assert (odd.hex, odd.size) == ("abcdef0", 32)
    assert low <= bytes.fromhex("abcdef00") < bytes.fromhex("abcdef0f") <= high
    assert not low <= bytes.fromhex("abcdef10") <= high
    whole = digits(DIGEST)
    assert whole is not None
    assert whole.bounds[0] == bytes.fromhex("ab" * 32)


@pytest.mark.parametrize("text", ["abcdef", "sha256:xyz1234", "latest", f"{DIGEST}0", "md5:abcdef01"])
def test_what_is_too_short_or_no_digest_is_none(text: str) -> None:
    assert digits(text) is None
