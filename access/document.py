"""The role table as a page for people: `python -m access.document > docs/permissions.md`."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable

from access.robots import IN_PROJECT, IN_SYSTEM
from access.table import NEEDS_CONFIRMATION, ROLES_BY_POWER, TABLE, Permission, Role, Subject

COLUMNS: tuple[Role | Subject, ...] = (
    *ROLES_BY_POWER,
    Subject.PUBLIC,
    Subject.AUDITOR_IN_PROJECT,
    Subject.AUDITOR,
    Subject.ONESELF,
    Subject.SYSTEM_ADMIN,
)
_TITLES: dict[Role | Subject, str] = {
    Subject.PUBLIC: "anybody, public project",
    Subject.AUDITOR_IN_PROJECT: "auditor, in any project",
    Subject.AUDITOR: "auditor, system",
    Subject.ONESELF: "on one's own account",
    Subject.SYSTEM_ADMIN: "system admin",
}

_INTRODUCTION = """\
# Permissions

Generated from `access/table.py` and `access/robots.py` by `python -m access.document > docs/permissions.md`. Edit those.

A user holds in a project what his own role there and the roles of all his groups hold, together: see
[groups](groups.md). On a public project everybody, members included, also holds what the
column "anybody, public project" lists. In the registry's own terms, pull needs `repository:pull`, push needs
`repository:push`, and delete needs both `tag:delete` and `artifact:delete`.

The `wharf` command acts as a system administrator. Permissions listed under "System" belong to the system as a
whole; those in the column "on one's own account" everybody holds of his own account, when he came with his
password or a browser session: no key makes another key. What is made or changed there, its owner makes or
changes alone; administrators see the keys and sessions of others, and end them.

Robots and keys of people hold what they were given, and never more than the sections below say.
"""

_CONFIRMED = """\
## After a fresh proof

What hands out secrets or rights, changes how people sign in, or cannot be undone takes a proof of at most 15
minutes ago in a browser session: the page asks for it once more. Programs prove themselves with every request.
"""

_GIVEN = """\
## What a robot may be given

Nothing but this, by anybody; and by its maker no more than he holds himself at that moment. A robot of a project
has permissions in that project alone. A robot of the system has them in single projects, in all, or in the
system. In projects they may be for some repositories only, by a pattern on the path below the project's name.
Never a robot's: settings, how people sign in, and changing robots.
"""

_NARROWED = """\
## How keys narrow

| came with | may do |
|---|---|
| password, browser session | all that the roles of this moment give |
| personal access token with bounds | what the roles give and the bounds name, both |
| personal access token without bounds, CLI secret | all that the roles give, but nothing on the account itself |
| robot's secret | what it was given, as far as each robot it was made by may do it too |
| registry token | pull, push and delete in the repositories it names, while its owner has lost no right since |

On a public project each of them may also do what anybody may. A personal access token or a robot that is
for some repositories sees the project and the list of its repositories where it was given these rights, and
does everything else in the repositories that its pattern matches.

Whoever makes somebody an administrator or an auditor, sets another's password, links an account to another
sign-in or adds somebody to a group must have all his rights, and be a person: no robot does that, whatever it
was given. A robot or a token with bounds makes others members of a project with no more than it may do itself.

A person who loses a role takes nothing from robots he made: they belong to the project. A robot that is
disabled, removed or expired takes along those it made. A key that is revoked, and a right that is taken away,
end the registry tokens that were got by it within five seconds.
"""


def document() -> str:
    """The whole page as Markdown."""
    in_projects = [permission for permission in Permission if _in_a_project(permission)]
    system = [permission for permission in Permission if not _in_a_project(permission)]
    sections = [
        [_INTRODUCTION],
        ["## In a project", "", *_table(in_projects), ""],
        ["## System", "", *_table(system), ""],
        [_CONFIRMED, *_by_resource(NEEDS_CONFIRMATION), ""],
        [_GIVEN, "### In a project, or in all", "", *_by_resource(IN_PROJECT), ""],
        ["### In the system", "", *_by_resource(IN_SYSTEM), ""],
        [_NARROWED],
    ]
    return "\n".join(line for section in sections for line in section)


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


def _by_resource(permissions: Iterable[Permission]) -> list[str]:
    """One row for each thing, in the order of the table of permissions."""
    wanted, actions = frozenset(permissions), defaultdict(list)
    for permission in Permission:
        if permission in wanted:
            resource, _, action = permission.partition(":")
            actions[resource].append(action)
    rows = [f"| `{resource}` | {', '.join(named)} |" for resource, named in actions.items()]
    return ["| of | may |", "|---|---|", *rows]


def _title(column: Role | Subject) -> str:
    return column.label if isinstance(column, Role) else _TITLES[column]


if __name__ == "__main__":
    sys.stdout.write(document())
