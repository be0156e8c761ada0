"""The role table as a page for people: `python -m access.document > docs/permissions.md`."""

from __future__ import annotations

import sys

from access.table import ROLES_BY_POWER, TABLE, Permission, Role, Subject

COLUMNS: tuple[Role | Subject, ...] = (
    *ROLES_BY_POWER,
    Subject.PUBLIC,
    Subject.AUDITOR_IN_PROJECT,
    Subject.AUDITOR,
    Subject.SYSTEM_ADMIN,
)
_TITLES: dict[Role | Subject, str] = {
    Subject.PUBLIC: "anybody, public project",
    Subject.AUDITOR_IN_PROJECT: "auditor, in any project",
    Subject.AUDITOR: "auditor, system",
    Subject.SYSTEM_ADMIN: "system admin",
}

_INTRODUCTION = """\
# Permissions

Generated from `access/table.py` by `python -m access.document > docs/permissions.md`. Edit the table.

A user holds in a project what his own role there and the roles of all his groups hold, together: see
[groups](groups.md). On a public project everybody, members included, also holds what the
column "anybody, public project" lists. A robot or registry token never holds more than who asked for it. In
the registry's own terms, pull needs `repository:pull`, push needs `repository:push`, and delete needs both
`tag:delete` and `artifact:delete`.

The `wharf` command acts as a system administrator. Permissions listed in the last section belong to the
system as a whole.
"""


def document() -> str:
    """The whole page as Markdown."""
    in_projects = [permission for permission in Permission if _in_a_project(permission)]
    system = [permission for permission in Permission if not _in_a_project(permission)]
    return "\n".join(
        [_INTRODUCTION, "## In a project", "", *_table(in_projects), "", "## System", "", *_table(system), ""]
    )


def _in_a_project(permission: Permission) -> bool:
    subjects = (*ROLES_BY_POWER, Subject.PUBLIC, Subject.AUDITOR_IN_PROJECT)
    return any(permission in TABLE[subject] for subject in subjects)


def _table(permissions: list[Permission]) -> list[str]:
    columns = [column for column in COLUMNS if any(permission in TABLE[column] for permission in permissions)]
    header = ["permission", *(_title(column) for column in columns)]
    rows = [
        [f"`{item}`", *("✓" if item in TABLE[column] else "" for column in columns)] for item in permissions
    ]
    return [
        "| " + " | ".join(header) + " |",
        "|---" * len(header) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _title(column: Role | Subject) -> str:
    return column.label if isinstance(column, Role) else _TITLES[column]


if __name__ == "__main__":
    sys.stdout.write(document())
