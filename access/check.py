"""Decisions: may this principal do that here, and what may it see. Rules: access.table, facts: access.held."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.db.models.expressions import RawSQL

from access import held
from access.principal import ActorKind, Principal, ProjectRef
from access.reach import reach
from access.table import (
    REGISTRY_ACTIONS,
    TABLE,
    Permission,
    Permissions,
    Subject,
    least_role,
    permissions,
)
from core.errors import Denied, ProjectUnknown

_ACTION_OF = {permission: action for action, needed in REGISTRY_ACTIONS.items() for permission in needed}


def permissions_of(principal: Principal, project: ProjectRef) -> Permissions:
    """Everything the principal may do in the project by the roles of this moment, his own and his groups' (at most one query).

    Empty for an actor who came with a registry token: what the token carries is all there is (see `require`).
    """
    if principal.grants is not None:
        return frozenset()
    given = [TABLE[subject] for subject in _subjects_in(principal, project)]
    return frozenset().union(*given, *_held_as_member(principal, project))


def require(
    principal: Principal, permission: Permission, project: ProjectRef | None, *, repository: str | None = None
) -> None:
    """Return if the principal holds `permission` (in `project`, or system-wide when None).

    An actor with a registry token needs the action in the token's grants for `repository` (the full name);
    only pull, push and delete can be had that way. Raises Denied; ProjectUnknown when the caller may see
    nothing of the project, with the words used for a project that does not exist.
    """
    if principal.grants is not None:
        _require_grant(principal, permission, project, repository or "")
        return
    if project is None:
        if not any(permission in TABLE[subject] for subject in _subjects_in_system(principal)):
            raise Denied(f"this needs a system administrator ({permission})", permission=str(permission))
        return
    given = permissions_of(principal, project)
    if permission in given:
        return
    raise _refusal(permission, project) if given else unknown(project.name)


def registry_actions(principal: Principal, project: ProjectRef) -> frozenset[str]:
    """Which of "pull", "push", "delete" the roles of this moment allow in every repository of the project."""
    given = permissions_of(principal, project)
    return frozenset(action for action, needed in REGISTRY_ACTIONS.items() if needed <= given)


def visible(principal: Principal, permission: Permission = Permission.PROJECT_READ, *, prefix: str = "") -> Q:
    """The projects in which the principal holds `permission`, as a filter by the roles of this moment.

    `prefix` is the lookup path from the filtered model to the project, e.g. "project__". A token's grants are
    not looked at: who lists for a token checks first that the token may list.
    """
    where = reach(principal, permission)
    if where.everywhere:
        return Q()
    seen = Q(**{f"{prefix}pk__in": member_projects(principal, permission)})
    return seen | Q(**{f"{prefix}public": True}) if where.in_public else seen


def member_projects(principal: Principal, permission: Permission) -> RawSQL:
    """The projects in which a role of the principal's, his own or a group's, holds `permission`: to stand after `__in=`."""
    where = reach(principal, permission)
    return held.projects_with(where.user_id, where.role_ids)


def needs(permission: Permission) -> str:
    """Who may do this, for people: "needs the role maintainer"."""
    role = least_role(permission)
    return f"needs the role {role.label} in the project" if role else "needs a system administrator"


def unknown(name: str) -> ProjectUnknown:
    """The answer for a project that does not exist and for one the caller may not know of: the same."""
    return ProjectUnknown(f"no project '{name}'", project=name)


def _refusal(permission: Permission, project: ProjectRef) -> Denied:
    return Denied(
        f"not allowed in project '{project.name}': {permission} {needs(permission)}",
        permission=str(permission),
        project=project.name,
    )


def _require_grant(
    principal: Principal, permission: Permission, project: ProjectRef | None, repository: str
) -> None:
    granted = (principal.grants or {}).get(repository, frozenset())
    action = _ACTION_OF.get(permission)
    if action in granted:
        return
    if action is not None and project is not None and not granted:
        raise unknown(project.name)
    raise Denied(f"the token does not allow {permission} on '{repository}'", permission=str(permission))


def _held_as_member(principal: Principal, project: ProjectRef) -> list[Permissions]:
    if principal.kind is not ActorKind.USER or principal.is_admin:
        return []
    return [permissions(role_id) for role_id in held.role_ids(project.id, principal.id)]


def _subjects_in(principal: Principal, project: ProjectRef) -> Iterator[Subject]:
    yield from _global_subjects(principal)
    if project.public:
        yield Subject.PUBLIC


def _global_subjects(principal: Principal) -> Iterator[Subject]:
    if principal.is_admin:
        yield Subject.SYSTEM_ADMIN
    if principal.is_auditor:
        yield Subject.AUDITOR_IN_PROJECT


def _subjects_in_system(principal: Principal) -> Iterator[Subject]:
    if principal.is_admin:
        yield Subject.SYSTEM_ADMIN
    if principal.is_auditor:
        yield Subject.AUDITOR
