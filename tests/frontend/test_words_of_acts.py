"""What happened in a project is told in words, never by the name of an operation."""

from __future__ import annotations

from audit.operations import OPERATIONS, Kind
from frontend.overviews import WORDS

# What happens in a project and stands in its log; pulls are not among the acts that are shown.
NOUNS = {"artifact", "tag", "blob", "repository", "project", "quota", "label", "tag-rule", "member", "robot"}


def test_every_act_in_a_project_has_words() -> None:
    acts = {
        each.name
        for each in OPERATIONS.values()
        if each.noun in NOUNS and each.kind in (Kind.CHANGE, Kind.SYSTEM)
    }
    assert acts - WORDS.keys() == set()
    assert WORDS.keys() - acts == set()
