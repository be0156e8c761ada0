"""Which roles people hold, directly and through groups: the one statement every decision and every list is made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models.expressions import RawSQL

from access.table import Role
from database import sql

# A disabled user has no role, whatever facts the caller's Principal was made of.
HELD = """(
    SELECT direct.project_id, direct.user_id, direct.role_id, NULL::bigint AS group_id, direct.id AS member_id
    FROM member direct JOIN account_user person ON person.id = direct.user_id AND person.is_active
    UNION ALL
    SELECT joint.project_id, belongs.user_id, joint.role_id, joint.group_id, joint.id
    FROM user_group_member belongs JOIN account_user person ON person.id = belongs.user_id AND person.is_active
    JOIN member joint ON joint.group_id = belongs.group_id)"""
"""Rows (project_id, user_id, role_id, group_id or null, member_id): every role every active user holds, once for each way
he comes to it. Stands where a table does: `FROM {HELD} held`."""

_ROLES = f"SELECT held.role_id FROM {HELD} held WHERE held.project_id = %s AND held.user_id = %s"
_ROLES_IN = f"""
    SELECT held.project_id, held.role_id FROM {HELD} held WHERE held.user_id = %s AND held.project_id = ANY(%s::bigint[])
"""
_PROJECTS = (
    f"SELECT held.project_id FROM {HELD} held WHERE held.user_id = %s AND held.role_id = ANY(%s::smallint[])"
)
_WITHOUT_ADMIN = f"""
    SELECT project.id, project.name FROM project
    WHERE project.id = ANY(%s::bigint[]) AND project.deleted_at IS NULL AND NOT EXISTS (
      SELECT FROM {HELD} held WHERE held.project_id = project.id AND held.role_id = {int(Role.PROJECT_ADMIN)} OFFSET 0)
    ORDER BY project.name
"""
# OFFSET 0: asked for each project by its key. As a join, all administrators of all projects would be read.


def role_ids(project_id: int, user_id: int) -> list[int]:
    """Every role the user holds in the project, in no order (one query)."""
    return [role_id for (role_id,) in sql.rows(_ROLES, (project_id, user_id))]


def roles_in(project_ids: Collection[int], user_id: int) -> dict[int, frozenset[int]]:
    """Every role the user holds in these projects, by project; only where he holds one (one query)."""
    found: dict[int, set[int]] = {}
    for project_id, role_id in sql.rows(_ROLES_IN, (user_id, list(project_ids))):
        found.setdefault(project_id, set()).add(role_id)
    return {project_id: frozenset(role_ids) for project_id, role_ids in found.items()}


def projects_with(user_id: int, role_ids: Sequence[int]) -> RawSQL:
    """The ids of the projects in which the user holds one of these roles, to stand after `__in=`."""
    return RawSQL(_PROJECTS, (user_id, list(role_ids)))  # noqa: S611 - the statement is a constant


def without_admin(project_ids: Sequence[int]) -> dict[int, str]:
    """Those of the projects, living ones, that no active person administers: id -> name, by name."""
    return dict(sql.rows(_WITHOUT_ADMIN, (list(project_ids),)))
