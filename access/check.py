"""Decisions: may this principal do that here, and what may it see. Rules: access.table, facts: access.held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.db.models import Q
from django.db.models.expressions import RawSQL

from access import allowances, held
from access.allowances import Allowance, Allowances, Place
from access.principal import ActorKind, AuthMethod, Principal, ProjectRef
from access.reach import everywhere, reach
from access.table import (
    NEEDS_CONFIRMATION,
    REGISTRY_ACTIONS,
    TABLE,
    Permission,
    Permissions,
    Subject,
    least_role,
    permissions,
)
from core.errors import ConfirmationNeeded, Denied, ProjectUnknown

# Only who has come with what is his alone may change his own account: no key of his may make another one.
OWN_METHODS = frozenset({AuthMethod.SESSION, AuthMethod.BASIC})

_ACTION_OF = {permission: action for action, needed in REGISTRY_ACTIONS.items() for permission in needed}


def permissions_of(
    principal: Principal, project: ProjectRef, *, repository: str | None = None
) -> Permissions:
    """Everything the principal may do in the project by the roles of this moment, his own and his groups' (at most one query).

    With `repository`, a full name: what he may do in that one, where a key of his is for some repositories only. Empty for an
    actor who came with a registry token: what the token carries is all there is (see `require`).
    """
    if principal.grants is not None:
        return frozenset()
    open_ = TABLE[Subject.PUBLIC] if project.public else frozenset()
    if principal.kind is ActorKind.ROBOT:
        return open_ | allowances.in_project(principal.allowances or (), project.id, repository)
    own = _own_permissions(principal, project)
    if principal.allowances is not None:
        own &= allowances.in_project(principal.allowances, project.id, repository)
    return open_ | own


def holdings(principal: Principal, projects: Iterable[ProjectRef]) -> Allowances:
    """What the principal holds himself by the roles of this moment in these projects and system-wide, as a key would have it.

    Not what anybody may do in a public project: it would be his no more once that is made private. One query a project at most.
    """
    if principal.grants is not None:
        return ()
    if principal.kind is ActorKind.ROBOT:
        return principal.allowances or ()
    if principal.is_admin:
        whole: Allowances = (Allowance(Place.ALL_PROJECTS, TABLE[Subject.SYSTEM_ADMIN]),)
    else:
        whole = tuple(
            Allowance(Place.PROJECT, _own_permissions(principal, project), project.id) for project in projects
        )
    in_system = frozenset().union(*(TABLE[subject] for subject in _subjects_in_system(principal)))
    held_ = (*whole, Allowance(Place.SYSTEM, in_system))
    return held_ if principal.allowances is None else allowances.both(held_, principal.allowances)


def system_permissions_of(principal: Principal, *, owner: int | None = None) -> Permissions:
    """What the principal may do in the system as a whole, or to the account of the user with the id `owner` (no query)."""
    if principal.grants is not None:
        return frozenset()
    if principal.kind is ActorKind.ROBOT:
        return allowances.in_system(principal.allowances or ())
    own = frozenset().union(*(TABLE[subject] for subject in _subjects_in_system(principal)))
    if principal.allowances is not None:
        own &= allowances.in_system(principal.allowances)
    return own | _on_oneself(principal, owner)


def require(
    principal: Principal,
    permission: Permission,
    project: ProjectRef | None,
    *,
    repository: str | None = None,
    owner: int | None = None,
) -> None:
    """Return if the principal holds `permission` (in `project`, or system-wide when None).

    An actor with a registry token needs the action in the token's grants for `repository` (the full name);
    only pull, push and delete can be had that way. `owner`: the id of the user whose account it is about, which he may change
    himself. Raises Denied; ProjectUnknown when the caller may see nothing of the project, with the words used for a project
    that does not exist; ConfirmationNeeded.
    """
    if principal.grants is not None:
        _require_grant(principal, permission, project, repository or "")
        return
    if project is None:
        if permission not in system_permissions_of(principal, owner=owner):
            raise Denied(f"this needs a system administrator ({permission})", permission=str(permission))
    else:
        given = permissions_of(principal, project, repository=repository)
        if permission not in given:
            raise _refusal(permission, project) if given else unknown(project.name)
    if permission in NEEDS_CONFIRMATION and not principal.confirmed:
        raise ConfirmationNeeded("prove that it is you before this: sign in once more, at /auth/confirm")


def registry_actions(
    principal: Principal, project: ProjectRef, *, repository: str | None = None
) -> frozenset[str]:
    """Which of "pull", "push", "delete" the roles of this moment allow in the repository of that full name, or in every one."""
    given = permissions_of(principal, project, repository=repository)
    return frozenset(action for action, needed in REGISTRY_ACTIONS.items() if needed <= given)


def visible(principal: Principal, permission: Permission = Permission.PROJECT_READ, *, prefix: str = "") -> Q:
    """The projects in which the principal holds `permission`, as a filter by the roles of this moment.

    `prefix` is the lookup path from the filtered model to the project, e.g. "project__". A token's grants are
    not looked at: who lists for a token checks first that the token may list.
    """
    where = reach(principal, permission)
    if where.everywhere and where.bounds is None:
        return Q()
    seen = Q(**{f"{prefix}pk__in": member_projects(principal, permission)})
    return seen | Q(**{f"{prefix}public": True}) if where.in_public else seen


def in_repositories(principal: Principal, permission: Permission) -> Q:
    """The repositories in which the principal holds `permission`, as a filter on Repository."""
    where = reach(principal, permission)
    if where.is_partial:
        return Q(pk__in=replace(where, about_project=False).repositories())
    return visible(principal, permission, prefix="project__")


def member_projects(principal: Principal, permission: Permission) -> RawSQL:
    """The projects in which the principal holds `permission` otherwise than everybody does: to stand after `__in=`.

    By a role, his own or a group's; by what a robot was given. Within what his key is for. Not for a registry token.
    """
    where = reach(principal, permission)
    if principal.allowances is None:
        return held.projects_with(where.user_id, where.role_ids)
    return where.own_projects()


def done_by(principal: Principal) -> Q:
    """What the principal did himself, as a filter on rows with `actor_kind`, `actor_id` and `project_id`.

    With a key that is for some of his rights: in the projects the key is for. It tells nothing of the rest of his work.
    """
    own = Q(actor_kind=str(principal.kind), actor_id=principal.id)
    if principal.kind is not ActorKind.USER or principal.allowances is None:
        return own
    if any(each.place is Place.ALL_PROJECTS for each in principal.allowances):
        return own & Q(project_id__isnull=False)
    return own & Q(project_id__in=sorted({each.project_id or 0 for each in principal.allowances}))


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


def _own_permissions(principal: Principal, project: ProjectRef) -> Permissions:
    """By his roles and by what he is, whatever key he came with."""
    given = [TABLE[subject] for subject in everywhere(principal)]
    return frozenset().union(*given, *_held_as_member(principal, project))


def _held_as_member(principal: Principal, project: ProjectRef) -> list[Permissions]:
    if principal.kind is not ActorKind.USER or principal.is_admin:
        return []
    return [permissions(role_id) for role_id in held.role_ids(project.id, principal.id)]


def _on_oneself(principal: Principal, owner: int | None) -> Permissions:
    is_himself = principal.kind is ActorKind.USER and owner == principal.id
    return TABLE[Subject.ONESELF] if is_himself and principal.auth in OWN_METHODS else frozenset()


def _subjects_in_system(principal: Principal) -> Iterator[Subject]:
    if principal.is_admin:
        yield Subject.SYSTEM_ADMIN
    if principal.is_auditor:
        yield Subject.AUDITOR
