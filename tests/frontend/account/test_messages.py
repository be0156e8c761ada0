"""What the domain says stands on pages in their language, and is still what the domain says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from frontend import messages
from frontend.domain_words import FORMS

CHECKOUT = Path(__file__).resolve().parents[3]
LAYERS = ("access", "accounts", "projects", "artifacts", "core", "frontend", "database", "jobs")
# Put together from two that stand in the source.
COMPOSED = {
    "{} needs the role {} in the project",
    "{} needs a system administrator",
    "no project '{}'. Did you mean '{}'?",
    "not {}",
}
ROLES = {"project admin", "maintainer", "developer", "guest", "limited guest"}


def templates(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_each_form_is_still_said() -> None:
    paths = (path for layer in LAYERS for path in (CHECKOUT / layer).rglob("*.py"))
    sources = [path for path in paths if path.name != "domain_words.py"]
    said = {text for path in sources for text in templates(ast.parse(path.read_text()))}
    forms = {re.sub(r"%\(\w+\)s", "{}", form) for form in FORMS}
    assert forms - said - COMPOSED - ROLES == set()


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A catalogue of the test's own: what is in it is the language."""
    catalogue: dict[str, str] = {}
    found = trans_real.gettext
    monkeypatch.setattr(messages, "gettext", lambda text: catalogue.get(text) or found(text))
    with translation.override("zh-hans"):
        yield catalogue


def test_what_stands_in_a_message_stays_as_it_came(chinese: dict[str, str]) -> None:
    chinese["no project '%(project)s'"] = "没有项目 %(project)s"
    assert messages.said("no project 'it's %(a)s <b>'") == "没有项目 it's %(a)s <b>"


def test_words_of_ours_within_are_translated_too(chinese: dict[str, str]) -> None:
    chinese["the password cannot be used: %(what)s"] = "不行：%(what)s"
    chinese["at least %(least)s characters are needed"] = "至少 %(least)s 个"
    chinese["it is one of the most common ones, which are guessed first"] = "太常见"
    told = (
        "the password cannot be used: at least 8 characters are needed; "
        "it is one of the most common ones, which are guessed first"
    )
    assert messages.said(told) == "不行：至少 8 个; 太常见"


def test_several_needs_are_told_one_by_one(chinese: dict[str, str]) -> None:
    chinese["nothing above gives it: %(needs)s"] = "没有：%(needs)s"
    chinese["%(permission)s needs the role %(role)s in the project"] = "%(permission)s 要 %(role)s"
    chinese["maintainer"] = "维护者"
    told = (
        "nothing above gives it: artifact:delete needs the role maintainer in the project, "
        "tag:delete needs the role maintainer in the project"
    )
    assert messages.said(told) == "没有：artifact:delete 要 维护者, tag:delete 要 维护者"


def test_a_message_nobody_foresaw_stays_english(chinese: dict[str, str]) -> None:
    assert messages.said("the moon is full") == "the moon is full"
    assert messages.said("") == ""
