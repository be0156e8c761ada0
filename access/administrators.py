"""Projects keep an administrator: whatever takes roles away does it inside `keeping_admins`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from access.held import HELD, without_admin
from access.table import Role
from core.errors import LastAdministrator
from database import sql

SHOWN: Final = 5

# One change of a project's admins at a time: two cannot remove each other at once.
_LOCK = "SELECT id FROM project WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
_ADMINISTERED = f"""
    SELECT DISTINCT held.project_id FROM {HELD} held WHERE held.user_id = %s AND held.role_id = {int(Role.PROJECT_ADMIN)}
"""


def administered_by(user_id: int) -> list[int]:
    """The ids of the projects this user administers, directly or through a group."""
    return [project_id for (project_id,) in sql.rows(_ADMINISTERED, (user_id,))]


@contextmanager
def keeping_admins(project_ids: Collection[int]) -> Iterator[None]:
    """Around a change that takes roles away, in its transaction: no living project that had an active admin may end without.

    A group with one active person counts. Raises LastAdministrator, which undoes the change.
    """
    ids = list(project_ids)
    if not ids:
        yield
        return
    sql.rows(_LOCK, (ids,))
    before = without_admin(ids)
    yield
    left = [name for id_, name in without_admin(ids).items() if id_ not in before]
    if left:
        names = ", ".join(f"'{name}'" for name in left[:SHOWN]) + (" and others" if len(left) > SHOWN else "")
        raise LastAdministrator(
            f"this takes the last project admin of {names} away: name another one there first"
        )
