from __future__ import annotations

from pathlib import Path

from access.document import document
from access.table import Permission

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text() == document()


def test_the_page_has_one_row_for_every_permission():
    for permission in Permission:
        assert document().count(f"| `{permission}` |") == 1


def test_the_row_of_push_ticks_the_right_columns():
    header, row = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in document().splitlines()
        if line.startswith(("| permission | project admin", "| `repository:push` |"))
    )
    assert {name for name, mark in zip(header, row, strict=True) if mark == "✓"} == {
        "project admin",
        "maintainer",
        "developer",
        "system admin",
    }
