"""Which tags may not be moved or deleted: rules of a project over its repositories and their tags.

Source: Harbor, "Tag Immutability Rules"; a rule has a glob over repositories and one over tags, each to match or to exclude.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.globs import Glob
from core.oci.accessory import fallback_tag_subject


@dataclass(frozen=True, slots=True)
class Selector:
    """What the glob matches, or with `excludes` everything else."""

    glob: Glob
    excludes: bool = False

    def takes(self, text: str) -> bool:
        return self.glob.matches(text) is not self.excludes

    @property
    def expression(self) -> str:
        """The glob as a PostgreSQL regular expression of the whole text."""
        return f"^{self.glob.expression}$"


@dataclass(frozen=True, slots=True)
class Rule:
    """Tags that `tags` takes, in repositories whose path below the project `repositories` takes, are immutable."""

    repositories: Selector
    tags: Selector
    is_enabled: bool = True

    def fixes(self, path: str, tag: str) -> bool:
        return self.is_enabled and self.repositories.takes(path) and self.tags.takes(tag)


def is_fixed(rules: Iterable[Rule], path: str, tag: str) -> bool:
    """Whether any rule makes this tag of the repository immutable.

    Never a tag of signatures: its clients rewrite it with each further signature.
    """
    return fallback_tag_subject(tag) is None and any(rule.fixes(path, tag) for rule in rules)
