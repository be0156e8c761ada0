"""The services there are: public functions below the faces that check a right, found in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.arch.sources import CHECKOUT

PACKAGES = ("accounts", "projects", "artifacts", "jobs", "config", "audit")
CHECKS = frozenset({"action", "require"})
# The way itself, and checks inside of services.
NOT_SERVICES = frozenset(
    {
        "audit/actions.py:action",
        "accounts/services/robots/rights.py:check_maker",
        "jobs/queries.py:require_kind",
    }
)


def found() -> set[str]:
    """As "accounts/services/users.py:create_user"."""
    paths = (path for package in PACKAGES for path in sorted((CHECKOUT / package).rglob("*.py")))
    named = {
        name for path in paths if not {"models", "migrations"} & set(path.parts) for name in services_in(path)
    }
    return named - NOT_SERVICES


def services_in(path: Path) -> Iterator[str]:
    """Those of one module: what checks a right itself or through a function of the same module."""
    module = ast.parse(path.read_text())
    calls = {node.name: _called(node) for node in module.body if isinstance(node, ast.FunctionDef)}

    def checks(name: str, seen: frozenset[str] = frozenset()) -> bool:
        if name in seen:
            return False
        inside = calls.get(name, frozenset())
        return bool(inside & CHECKS) or any(checks(each, seen | {name}) for each in inside if each in calls)

    for name in calls:
        if not name.startswith("_") and checks(name):
            yield f"{path.relative_to(CHECKOUT)}:{name}"


def _called(node: ast.FunctionDef) -> frozenset[str]:
    """Names of what it calls, of functions of other modules too: `actions.action(...)` checks as well."""
    names = {each.func for each in ast.walk(node) if isinstance(each, ast.Call)}
    own = {each.id for each in names if isinstance(each, ast.Name)}
    others = {each.attr for each in names if isinstance(each, ast.Attribute) and each.attr in CHECKS}
    return frozenset(own | others)
