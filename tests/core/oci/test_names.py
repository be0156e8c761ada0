from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NameInvalid
from core.oci.names import ProjectName, RepositoryName, check_external

components = st.from_regex(r"[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}", fullmatch=True)
names = st.lists(components, min_size=1, max_size=5).map("/".join)


@given(names)
def test_a_legal_name_reads_back_as_itself(text: str) -> None:
    name = RepositoryName.parse(text)
    assert str(name) == text
    assert RepositoryName.parse(str(name)) == name
    assert name.is_bare == ("/" not in text)
    assert "/".join(filter(None, (name.project, name.path))) == text


@given(components)
def test_a_component_is_a_project_name(text: str) -> None:
    assert str(ProjectName.parse(text)) == text
    assert RepositoryName.parse(f"{text}/x").project == text


@given(st.one_of(st.text(max_size=300), st.text("aB0._-/\n\u00e9\ud800", max_size=300)))
def test_any_text_is_a_name_or_an_invalid_name(text: str) -> None:
    for parse in (RepositoryName.parse, ProjectName.parse):
        said = ""
        try:
            assert str(parse(text)) == text
        except NameInvalid as error:
            said = error.message
        assert said.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "a/b",
        "a--b/c",
        "a__b/c",
        "a.b_c-d----e/f",
        "0/1",
        "p/blobs/uploads",
        "p/tags/list",
        "a/manifests/manifests",
        "p/" + "a" * 253,
    ],
)
def test_odd_but_legal_names_are_accepted(text: str) -> None:
    assert RepositoryName.parse(text).path == text.split("/", 1)[1]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "is empty"),
        ("Foo/bar", "component 1 of 2: 'F' at position 0 is not allowed (names are lower case)"),
        ("foo/Bar", "component 2 of 2: 'B' at position 0"),
        ("a..b", "separators '..' at position 1"),
        ("a/b___c", "separators '___' at position 1"),
        ("a._b", "separators '._' at position 1"),
        ("a_-b", "separators '_-'"),
        ("-a", "must start and end with a letter or digit"),
        ("a-", "must start and end with a letter or digit"),
        ("a/b_", "must start and end"),
        ("a//b", "component 2 of 3: is empty"),
        ("/a", "component 1 of 2: is empty"),
        ("a/", "component 2 of 2: is empty"),
        ("a/../b", "component 2 of 3: '..' must start and end"),
        (".", "must start and end"),
        ("a\n", r"'\n' at position 1"),
        ("a b", "' ' at position 1"),
        ("a:5000/b", "':' at position 1"),
        ("a/b@sha256", "'@' at position 1"),
        ("\u00e9/b", r"'\xe9' at position 0"),
        ("a/\uff11", r"'\uff11' at position 0"),
        ("a/\x00", r"'\x00' at position 0"),
        ("a\udcff", r"'\udcff' at position 1"),
        ("a" * 256, "has 256 characters, the limit is 255"),
        ("a/" * 100_000, "has 200000 characters"),
    ],
)
def test_what_is_wrong_with_a_name_is_said(text: str, because: str) -> None:
    with pytest.raises(NameInvalid) as caught:
        RepositoryName.parse(text)
    assert because in caught.value.message
    assert len(caught.value.message) < 500


def test_a_name_of_one_component_is_bare_and_has_no_path() -> None:
    name = RepositoryName.parse("nginx")
    assert (name.is_bare, name.project, name.path) == (True, "nginx", "")


@pytest.mark.parametrize("text", ["a/b", "A", "a..b", "", "a" * 256, "-a", "a\n", "a b"])
def test_a_project_name_is_one_legal_component(text: str) -> None:
    with pytest.raises(NameInvalid, match="project name"):
        ProjectName.parse(text)


def test_a_name_must_fit_behind_the_external_host() -> None:
    host = "registry.example:5000"
    longest = "p/" + "a" * (255 - len(host) - 1 - 2)
    check_external(RepositoryName.parse(longest), host)
    with pytest.raises(NameInvalid, match="accept at most 233"):
        check_external(RepositoryName.parse(longest + "a"), host)


def test_a_hostile_name_is_refused_at_once() -> None:
    # A legal run with one character too many at its end: where a careless expression backtracks for ever.
    with pytest.raises(NameInvalid):
        RepositoryName.parse("a" + "-a" * 126 + "-")
