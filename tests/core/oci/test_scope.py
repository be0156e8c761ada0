from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.oci.names import RepositoryName
from core.oci.scope import MAX_ACTIONS, MAX_SCOPES, Scope, parse_scopes

resources = st.sampled_from(["repository", "registry"])
scopes = st.builds(
    Scope,
    type=resources,
    resource_class=st.sampled_from(["", "plugin"]),
    name=st.from_regex(r"([a-z]{1,5}:[0-9]{1,5}/)?[a-z]{1,5}/[a-z]{1,5}", fullmatch=True),
    actions=st.lists(st.sampled_from(["pull", "push", "delete", "*"]), unique=True).map(tuple),
)


def repository(name: str, *actions: str) -> Scope:
    return Scope("repository", "", name, actions)


@given(scopes)
def test_a_scope_reads_back_as_itself(scope: Scope) -> None:
    assert Scope.parse(str(scope)) == scope


@given(st.lists(st.one_of(st.text(max_size=60), st.text("repositoy:() ,*pul/\x00", max_size=60)), max_size=8))
def test_no_request_for_scopes_is_an_error(values: list[str]) -> None:
    parsed = parse_scopes(values)
    assert len({(scope.type, scope.name) for scope in parsed}) == len(parsed)
    assert parse_scopes(str(scope) for scope in parsed if " " not in scope.name) == [
        scope for scope in parsed if " " not in scope.name
    ]


def test_scopes_are_repeated_parameters_and_space_separated_words() -> None:
    asked = ["repository:a/b:pull", "repository:c/d:pull repository:e/f:push"]
    assert parse_scopes(asked) == [
        repository("a/b", "pull"),
        repository("c/d", "pull"),
        repository("e/f", "push"),
    ]


def test_a_name_may_hold_a_host_and_port_and_is_then_no_repository_of_ours() -> None:
    [scope] = parse_scopes(["repository:host:5000/a/b:pull,push"])
    assert scope == repository("host:5000/a/b", "pull", "push")
    assert scope.repository is None


def test_the_class_of_a_type_is_kept_apart_and_changes_nothing() -> None:
    [scope] = parse_scopes(["repository(plugin):a/b:pull"])
    assert (scope.type, scope.resource_class) == ("repository", "plugin")
    assert scope.repository == RepositoryName("a/b")


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        ":::",
        "",
        " ",
        "a:b",
        "::",
        "repository::pull",
        ":a/b:pull",
        "Repo:a:b",
        "a(:b:c",
        "\x00:a:b",
    ],
)
def test_a_malformed_scope_is_left_out(text: str) -> None:
    assert parse_scopes([text]) == []


@pytest.mark.parametrize(
    "text", ["repository:Foo/bar:pull", "repository:../x:pull", "repository:a\x00b:pull"]
)
def test_a_name_outside_the_grammar_is_kept_but_is_no_repository(text: str) -> None:
    [scope] = parse_scopes([text])
    assert scope.repository is None
    assert str(scope) == text


def test_an_unknown_type_is_kept_but_is_no_repository() -> None:
    [scope] = parse_scopes(["registry:catalog:*"])
    assert scope == Scope("registry", "", "catalog", ("*",))
    assert scope.repository is None


def test_a_star_asks_for_everything() -> None:
    assert parse_scopes(["repository:a/b:*"]) == [repository("a/b", "*")]


@pytest.mark.parametrize(
    ("actions", "kept"),
    [
        ("", ()),
        (",,", ()),
        ("pull,pull,push", ("pull", "push")),
        ("PULL,pu ll,p\u00fcll,**", ()),
        ("push,x", ("push", "x")),
    ],
)
def test_actions_are_a_list_of_plain_words_without_repeats(actions: str, kept: tuple[str, ...]) -> None:
    scope = Scope.parse(f"repository:a/b:{actions}")
    assert scope is not None
    assert scope.actions == kept


def test_duplicates_are_merged_where_the_first_stood() -> None:
    asked = ["repository:a/b:pull repository:c/d:pull", "repository(plugin):a/b:push,pull"]
    assert parse_scopes(asked) == [repository("a/b", "pull", "push"), repository("c/d", "pull")]


def test_the_hundred_and_first_scope_is_left_out() -> None:
    asked = [f"repository:a/r{number}:pull" for number in range(MAX_SCOPES + 1)]
    parsed = parse_scopes(asked)
    assert len(parsed) == MAX_SCOPES == 100
    assert parsed[-1].name == "a/r99"


def test_repeats_do_not_use_up_the_cap() -> None:
    asked = ["repository:a/b:pull"] * 150 + ["repository:c/d:pull"]
    assert [scope.name for scope in parse_scopes([" ".join(asked)])] == ["a/b", "c/d"]


def test_a_hostile_request_earns_bounded_work() -> None:
    many_actions = ",".join("abcdefghijklmnopqrstuvwxyz"[:length] for length in range(1, 27))
    scope = Scope.parse(f"repository:a/b:{many_actions}")
    assert scope is not None
    assert len(scope.actions) == MAX_ACTIONS
    assert parse_scopes([" x" * 1_000_000 + " repository:a/b:pull"]) == []
