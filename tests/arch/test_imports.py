"""Who may import whom: the contracts hold, and no package stands outside them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.arch import sources

pytestmark = pytest.mark.unit


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=sources.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_under_contract() -> None:
    found = {path.parent.name for path in sources.CHECKOUT.glob("*/__init__.py")} - {"tests"}
    assert found == set(sources.packages())


def test_nothing_uses_signals_to_call_upwards() -> None:
    # celery's setup_logging is configuration, not a way to call one layer from another.
    found = [
        str(path)
        for path in sources.product_files()
        if "django.db.models.signals" in path.read_text() or "django.dispatch" in path.read_text()
    ]
    assert found == []


def test_every_third_party_import_of_the_product_is_a_declared_dependency() -> None:
    declared = {
        name.lower()
        for file in ("base.in", "ldap.in")
        for line in (sources.CHECKOUT / "requirements" / file).read_text().splitlines()
        if (name := re.split(r"[^A-Za-z0-9_-]", line)[0])
    }
    own = {*sources.packages(), *sys.stdlib_module_names}
    imported = {name for path in sources.product_files() for name in _imported(path)} - own
    distributions = packages_distributions()
    undeclared = {
        name for name in imported if not {d.lower() for d in distributions.get(name, [name])} & declared
    }
    assert undeclared == set()


def _imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    whole = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in plain | whole}


def test_only_the_inside_of_accounts_ldap_needs_the_extra() -> None:
    """Everything else starts without python-ldap; tests/accounts/ldap starts it so."""
    found = {path for path in sources.product_files() if {"ldap", "django_auth_ldap"} & set(_imported(path))}
    assert {path.parent.relative_to(sources.CHECKOUT).as_posix() for path in found} == {"accounts/ldap"}
