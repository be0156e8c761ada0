"""People for tests: every role, an outsider, an auditor, an administrator, nobody; under unique names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from uuid import uuid4

from django.contrib.auth.hashers import make_password

from access.models import Member
from access.principal import ActorKind, AuthMethod, Origin, Principal
from access.table import Role
from accounts.models import User
from projects.models import Project
from projects.services.projects import create_project

ORIGIN = Origin(ip="192.0.2.7", agent="test/1.0", request_id="req-test")
SYSTEM = Principal.system("tests", ORIGIN)
ANONYMOUS = Principal.anonymous(ORIGIN)


def unique(prefix: str) -> str:
    """A name nobody else uses, valid for users and projects."""
    return f"{prefix}-{uuid4().hex[:12]}"


def make_user(
    prefix: str = "user",
    *,
    password: str = "",
    is_admin: bool = False,
    is_auditor: bool = False,
    is_active: bool = True,
) -> User:
    """A user row. Without `password` nothing signs him in, and no time goes into hashing."""
    return User.objects.create(
        username=unique(prefix),
        password=make_password(password or None),
        is_admin=is_admin,
        is_auditor=is_auditor,
        is_active=is_active,
    )


def make_project(
    prefix: str = "project", *, public: bool = False, quota: int = -1, name: str = ""
) -> Project:
    """A project without members."""
    return create_project(SYSTEM, name or unique(prefix), public=public, quota=quota)


def principal(user: User, *, auth: AuthMethod = AuthMethod.SESSION, origin: Origin = ORIGIN) -> Principal:
    """The user as an actor whose live roles decide."""
    return Principal(
        ActorKind.USER,
        user.pk,
        user.username,
        is_admin=user.is_admin,
        is_auditor=user.is_auditor,
        auth=auth,
        origin=origin,
    )


def make_member(project: Project, role: Role, *, password: str = "") -> User:
    """A new user with that role in the project."""
    user = make_user(role.name.lower().replace("_", "-"), password=password)
    Member.objects.create(project=project, user=user, role_id=role)
    return user


@dataclass(frozen=True, slots=True)
class People:
    """One actor of each kind, as seen from one project."""

    admin: Principal
    auditor: Principal
    project_admin: Principal
    maintainer: Principal
    developer: Principal
    guest: Principal
    limited_guest: Principal
    outsider: Principal
    anonymous: Principal = ANONYMOUS

    def all(self) -> dict[str, Principal]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def people_of(project: Project) -> People:
    """Everybody, each with a row of his own."""
    return People(
        admin=principal(make_user("admin", is_admin=True)),
        auditor=principal(make_user("auditor", is_auditor=True)),
        project_admin=principal(make_member(project, Role.PROJECT_ADMIN)),
        maintainer=principal(make_member(project, Role.MAINTAINER)),
        developer=principal(make_member(project, Role.DEVELOPER)),
        guest=principal(make_member(project, Role.GUEST)),
        limited_guest=principal(make_member(project, Role.LIMITED_GUEST)),
        outsider=principal(make_user("outsider")),
    )
