"""Every setting is documented, has a default it would take itself, and is read by somebody."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from config import catalogue, document
from config.catalogue import CATALOGUE
from config.catalogue.rules import RULES
from config.catalogue.setting import Setting
from tests.arch import sources
from wharf.environment import Environment

pytestmark = pytest.mark.unit


def _names() -> set[str]:
    modules = [vars(module).items() for module in catalogue.MODULES]
    return {name for found in modules for name, value in found if isinstance(value, Setting)}


def _read_names(path: Path) -> set[str]:
    """What a module imports from the catalogue, or names as an attribute of one of its modules."""
    found: set[str] = set()
    modules = {module.__name__.rpartition(".")[2] for module in catalogue.MODULES}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("config.catalogue"):
            found |= {alias.name for alias in node.names}
        elif (
            isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
        ):
            found.add(node.attr)
    return found


def test_every_setting_is_read_by_somebody() -> None:
    readers = [path for path in sources.product_files() if path.parent.name != "catalogue"]
    read = set().union(*map(_read_names, readers))
    assert _names() - read == set()


def test_every_setting_stands_in_the_catalogue_under_its_own_name() -> None:
    assert {name.lower() for name in _names()} == set(CATALOGUE)
    assert all(key == setting.key for key, setting in CATALOGUE.items())


@pytest.mark.parametrize("setting", CATALOGUE.values(), ids=CATALOGUE)
def test_a_default_is_a_value_the_setting_takes(setting: Setting[object]) -> None:
    if setting.default in ("", ()):
        return
    assert setting.kind.read(setting.kind.write(setting.default)) == setting.default


def test_the_defaults_go_together() -> None:
    assert [rule.message for rule in RULES if rule.broken(lambda setting: setting.default)] == []


def test_the_generated_section_is_fresh() -> None:
    page = (sources.CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert document.renewed(page) == page, "renew it: python -m config.document docs/settings.md"


def test_every_variable_of_the_environment_is_documented() -> None:
    page = (sources.CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    variables = {f"WHARF_{name.upper()}" for name in Environment.model_fields}
    assert {variable for variable in variables if f"| `{variable}` |" not in page} == set()
