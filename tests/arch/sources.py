"""The project's own Python files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def packages() -> list[str]:
    """The top-level packages the import contracts know."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return list(settings["tool"]["importlinter"]["root_packages"])


def product_files() -> Iterator[Path]:
    """Hand-written product code: generated migrations are not."""
    for package in packages():
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_files() -> list[Path]:
    return sorted((CHECKOUT / "tests").rglob("*.py"))


test_files.__test__ = False  # type: ignore[attr-defined]
