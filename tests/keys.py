"""Keys for tests: robots and personal access tokens as rows, each with whom it proves and the credentials that prove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from access.allowances import Allowance, Place
from access.principal import ActorKind, AuthMethod, Origin, Principal
from access.robots import IN_PROJECT, IN_SYSTEM
from access.table import P, Permission, Role
from accounts.keys import secrets
from accounts.models import AccessToken, Robot, User
from accounts.models.keys import TokenKind
from core.globs import Glob
from tests import people

PULL = frozenset({P.REPOSITORY_PULL})
PUSH = frozenset({P.REPOSITORY_PULL, P.REPOSITORY_PUSH})


@dataclass(frozen=True, slots=True)
class Key:
    """What Basic credentials are made of, and whom they prove."""

    username: str
    secret: str
    principal: Principal


def in_project(project: Any, permissions: frozenset[Permission], *globs: str) -> Allowance:
    return Allowance(Place.PROJECT, permissions, project.pk, tuple(Glob.parse(each) for each in globs))


def everywhere(permissions: frozenset[Permission]) -> Allowance:
    return Allowance(Place.ALL_PROJECTS, permissions)


def in_system(permissions: frozenset[Permission]) -> Allowance:
    return Allowance(Place.SYSTEM, permissions)


def robot(*allowances: Allowance, project: Any = None, origin: Origin = people.ORIGIN, **facts: Any) -> Key:
    """A robot of the project, of the system where none is given; `facts` are fields of its row."""
    secret = secrets.generate(secrets.ROBOT_PREFIX)
    row = Robot.objects.create(
        project=project,
        name=facts.pop("name", None) or people.unique("bot"),
        secret_digest=secrets.digest(secret),
        allowances=[each.as_json() for each in allowances],
        **facts,
    )
    name = f"robot${project.name}+{row.name}" if project else f"robot${row.name}"
    proven = Principal(
        ActorKind.ROBOT,
        row.pk,
        name,
        auth=AuthMethod.ROBOT,
        origin=origin,
        epoch=row.auth_epoch or 1,
        allowances=allowances,
    )
    return Key(name, secret, proven)


def personal(user: User, *allowances: Allowance, origin: Origin = people.ORIGIN) -> Key:
    """A personal access token of that user, for no more than the allowances."""
    secret = secrets.generate(secrets.PAT_PREFIX)
    row = AccessToken.objects.create(
        user=user,
        kind=TokenKind.PERSONAL,
        name=people.unique("token"),
        digest=secrets.digest(secret),
        allowances=[each.as_json() for each in allowances],
    )
    proven = Principal(
        ActorKind.USER,
        user.pk,
        user.username,
        is_admin=user.is_admin,
        is_auditor=user.is_auditor,
        auth=AuthMethod.PAT,
        origin=origin,
        allowances=allowances,
        key_id=row.pk,
    )
    return Key(user.username, secret, proven)


# Kinds of keys as callers, each made for one project.
KINDS: dict[str, Callable[[Any], Key]] = {
    "pull_robot": lambda project: robot(in_project(project, PULL), project=project),
    "push_robot": lambda project: robot(in_project(project, PUSH), project=project),
    # Everything a robot may have in a project; and the same in another one.
    "project_robot": lambda project: robot(in_project(project, IN_PROJECT), project=project),
    "elsewhere_robot": lambda _project: _elsewhere(),
    # A robot of the system that pulls everywhere; one with everything a robot may have in the system and nothing in projects.
    "system_robot": lambda _project: robot(everywhere(PULL)),
    "operator_robot": lambda _project: robot(in_system(IN_SYSTEM)),
    "glob_robot": lambda project: robot(in_project(project, PUSH, "other/**"), project=project),
    "developer_pat": lambda project: personal(
        people.make_member(project, Role.DEVELOPER), in_project(project, PULL)
    ),
    "project_admin_pat": lambda project: personal(
        people.make_member(project, Role.PROJECT_ADMIN), in_project(project, PULL)
    ),
    # Of a system administrator, for all there is to do in one project.
    "admin_pat": lambda project: personal(
        people.make_user("admin", is_admin=True), in_project(project, frozenset(Permission))
    ),
}


def _elsewhere() -> Key:
    other = people.make_project("elsewhere")
    return robot(in_project(other, IN_PROJECT), project=other)
