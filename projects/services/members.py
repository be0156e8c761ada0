"""The only writer of memberships. A role lowered or removed ends the user's sessions and tokens."""

from __future__ import annotations

from django.db import IntegrityError
from psycopg.errors import UniqueViolation

from access.check import unknown
from access.models import Member
from access.principal import Principal
from access.table import P, Role, loses_rights
from accounts.models import User
from accounts.services.users import end_sessions
from audit.actions import Draft, action
from core.errors import AlreadyExists, LastAdministrator, MemberUnknown
from database import sql
from database.transactions import retried
from projects.models import Project
from projects.queries import ref


@retried
def add_member(actor: Principal, project: Project, user: User, role: Role) -> Member:
    """Raises AlreadyExists, ProjectUnknown, Denied."""
    with action(actor, P.MEMBER_CREATE, ref(project), name="member.create") as draft:
        _lock(project)
        try:
            member = Member.objects.create(
                project=project, user=user, role_id=role, created_by_name=actor.name
            )
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise AlreadyExists(f"'{user.username}' is a member of '{project.name}' already") from error
            raise
        _describe(draft, member, user)
        draft.after({"role": role.label})
    return member


@retried
def change_role(actor: Principal, project: Project, user: User, role: Role) -> Member:
    """Raises MemberUnknown, LastAdministrator, ProjectUnknown, Denied."""
    with action(actor, P.MEMBER_UPDATE, ref(project), name="member.update") as draft:
        _lock(project)
        member = _member(project, user)
        old = member.role_id
        _describe(draft, member, user)
        draft.before({"role": _label(old)})
        draft.after({"role": role.label})
        if old == role:
            draft.discard()
            return member
        _keep_an_admin(project, member)
        member.role_id = role
        member.save(update_fields=["role_id"])
        if loses_rights(old, role):
            end_sessions(user.pk)
    return member


@retried
def remove_member(actor: Principal, project: Project, user: User) -> None:
    """Raises MemberUnknown, LastAdministrator, ProjectUnknown, Denied."""
    with action(actor, P.MEMBER_DELETE, ref(project), name="member.delete") as draft:
        _lock(project)
        member = _member(project, user)
        _describe(draft, member, user)
        draft.before({"role": _label(member.role_id)})
        _keep_an_admin(project, member)
        member.delete()
        end_sessions(user.pk)


def _lock(project: Project) -> None:
    """One change of a project's members at a time: two admins cannot remove each other at once."""
    living = "SELECT FROM project WHERE id = %s AND deleted_at IS NULL FOR NO KEY UPDATE"
    if sql.row(living, (project.pk,)) is None:
        raise unknown(project.name)


def _member(project: Project, user: User) -> Member:
    member = Member.objects.filter(project=project, user=user).first()
    if member is None:
        raise MemberUnknown(f"'{user.username}' is no member of '{project.name}'")
    return member


def _keep_an_admin(project: Project, leaving: Member) -> None:
    if leaving.role_id != Role.PROJECT_ADMIN:
        return
    admins = Member.objects.filter(project=project, role_id=Role.PROJECT_ADMIN, user__is_active=True)
    if not admins.exclude(pk=leaving.pk).exists():
        raise LastAdministrator(f"this is the last project admin of '{project.name}': name another one first")


def _describe(draft: Draft, member: Member, user: User) -> None:
    draft.resource("member", member.pk, user.username)


def _label(role_id: int) -> str:
    try:
        return Role(role_id).label
    except ValueError:
        return f"role {role_id}"
