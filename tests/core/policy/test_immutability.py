"""Which tags rules make immutable; what globs mean is tested with globs."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.globs import Glob
from core.policy.immutability import Rule, Selector, is_fixed

pytestmark = pytest.mark.unit
SIGNATURE = f"sha256-{'a' * 64}.sig"


def rule(repositories: str, tags: str, **more: bool) -> Rule:
    return Rule(
        Selector(Glob.parse(repositories), more.get("not_repositories", False)),
        Selector(Glob.of_tags(tags), more.get("not_tags", False)),
        is_enabled=more.get("is_enabled", True),
    )


@pytest.mark.parametrize(
    ("rules", "path", "tag", "fixed"),
    [
        ([], "app", "v1", False),
        ([rule("**", "**")], "deep/app", "v1", True),
        ([rule("*", "**")], "deep/app", "v1", False),
        ([rule("**/app", "V{1,2}.*")], "app", "V1.0", True),
        ([rule("**/app", "V{1,2}.*")], "app", "v1.0", False),
        ([rule("app", "latest", not_tags=True)], "app", "latest", False),
        ([rule("app", "latest", not_tags=True)], "app", "v1", True),
        ([rule("test/**", "**", not_repositories=True)], "test/app", "v1", False),
        ([rule("test/**", "**", not_repositories=True)], "prod/app", "v1", True),
        ([rule("**", "**", is_enabled=False)], "app", "v1", False),
        ([rule("other", "**"), rule("app", "v?")], "app", "v1", True),
        ([rule("**", "**")], "app", SIGNATURE, False),
    ],
)
def test_a_tag_is_immutable_when_any_rule_takes_it(
    rules: list[Rule], path: str, tag: str, fixed: bool
) -> None:
    assert is_fixed(rules, path, tag) is fixed


@pytest.mark.parametrize("pattern", ["", "a/b", "a b", "x" * 257, "{a", "a\n", "[a-z]", "é", "\0"])
def test_a_pattern_of_tags_has_characters_of_tags_alone(pattern: str) -> None:
    with pytest.raises(InvalidInput):
        Glob.of_tags(pattern)
