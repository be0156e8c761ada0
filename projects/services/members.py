"""The only writer of memberships. A role lowered or removed ends the sessions and tokens of those who have less by it."""

from __future__ import annotations

from django.db import IntegrityError
from psycopg.errors import UniqueViolation

from access.administrators import keeping_admins
from access.check import permissions_of, unknown
from access.losses import Taken
from access.models import Member
from access.principal import Principal
from access.robots import IN_PROJECT
from access.table import P, Role, label, loses_rights, permissions
from accounts.models import Group, User
from accounts.services.groups import people_of
from accounts.services.lost_rights import end_sessions_of_losers
from audit.actions import Draft, action
from core.errors import AlreadyExists, Denied, GroupUnknown, MemberUnknown, UserUnknown
from database import sql
from database.transactions import retried
from projects.models import Project
from projects.queries import ref
from projects.services.subjects import Named, Subject, found

SHOWN = 3
# To change and be shown the secrets of others' robots, and the project's settings: never a robot's.
UNBINDING = frozenset({P.ROBOT_UPDATE, P.CONFIGURATION_UPDATE})
_LIVING_PROJECT = "SELECT FROM project WHERE id = %s AND deleted_at IS NULL FOR NO KEY UPDATE"
# They stay until the transaction ends: a key that is no more would be found out only at its end. Nobody joins the group
# meanwhile: he would get a token by the role that is being taken, and be none of the people it is taken from.
_GROUP_STAYS = "SELECT FROM user_group WHERE id = %s FOR SHARE"
_USER_STAYS = "SELECT FROM account_user WHERE id = %s FOR KEY SHARE"


@retried
def add_member(actor: Principal, project: Project, who: Subject | Named, role: Role) -> Member:
    """Give a user, or a group and thereby everybody in it, a role.

    Raises AlreadyExists, UserUnknown, GroupUnknown, NameInvalid, ProjectUnknown, Denied.
    """
    with action(actor, P.MEMBER_CREATE, ref(project), name="member.create") as draft:
        subject = found(project, who)
        _lock(project, subject)
        check_given(actor, project, role)
        try:
            member = Member.objects.create(
                project=project, role_id=role, created_by_name=actor.name, **_key(subject)
            )
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise AlreadyExists(f"'{_name(subject)}' is a member of '{project.name}' already") from error
            raise
        _describe(draft, member, subject)
        draft.after({"role": role.label} | _kind(subject))
    return member


@retried
def change_role(actor: Principal, project: Project, who: Subject | Named, role: Role) -> Member:
    """Raises MemberUnknown, LastAdministrator, ProjectUnknown, Denied."""
    with action(actor, P.MEMBER_UPDATE, ref(project), name="member.update") as draft:
        subject = found(project, who)
        _lock(project, subject)
        member = _member(project, subject)
        old = member.role_id
        _describe(draft, member, subject)
        check_given(actor, project, role)
        draft.before({"role": label(old)} | _kind(subject))
        draft.after({"role": role.label} | _kind(subject))
        if old == role:
            draft.discard()
            return member
        with keeping_admins(_administered(member)):
            member.role_id = role
            member.save(update_fields=["role_id"])
        if loses_rights(old, role):
            end_sessions_of_losers(_people(subject), [Taken(project.pk, old)])
    return member


@retried
def remove_member(actor: Principal, project: Project, who: Subject | Named) -> None:
    """Raises MemberUnknown, LastAdministrator, ProjectUnknown, Denied."""
    with action(actor, P.MEMBER_DELETE, ref(project), name="member.delete") as draft:
        subject = found(project, who)
        _lock(project, subject)
        member = _member(project, subject)
        _describe(draft, member, subject)
        draft.before({"role": label(member.role_id)} | _kind(subject))
        with keeping_admins(_administered(member)):
            member.delete()
        end_sessions_of_losers(_people(subject), [Taken(project.pk, member.role_id)])


def check_given(actor: Principal, project: Project, role: Role) -> None:
    """No robot and no token with bounds gives a role that holds more than it does itself. Raises Denied.

    Of what robots can have, and what undoes their bounds: it would give the rest to a person whose password it chose.
    """
    if actor.is_whole:
        return
    lacks = (permissions(role) & (IN_PROJECT | UNBINDING)) - permissions_of(actor, ref(project))
    if lacks:
        shown = ", ".join(sorted(lacks)[:SHOWN]) + (" and more" if len(lacks) > SHOWN else "")
        raise Denied(
            f"the role {role.label} holds more than this key does ({shown}): give a lesser role, or do it as a person"
        )


def _lock(project: Project, subject: Subject) -> None:
    """One change of a project's members at a time: two admins cannot remove each other at once.

    The group before the project, as whoever deletes a group does.
    """
    if isinstance(subject, Group) and sql.row(_GROUP_STAYS, (subject.pk,)) is None:
        raise GroupUnknown(f"no group '{subject.name}'", group=subject.name)
    if sql.row(_LIVING_PROJECT, (project.pk,)) is None:
        raise unknown(project.name)
    if isinstance(subject, User) and sql.row(_USER_STAYS, (subject.pk,)) is None:
        raise UserUnknown(f"no user '{subject.username}'", user=subject.username)


def _member(project: Project, subject: Subject) -> Member:
    member = Member.objects.filter(project=project, **_key(subject)).first()
    if member is None:
        raise MemberUnknown(f"'{_name(subject)}' is no member of '{project.name}'")
    return member


def _key(subject: Subject) -> dict[str, int]:
    return {"user_id" if isinstance(subject, User) else "group_id": subject.pk}


def _name(subject: Subject) -> str:
    return subject.username if isinstance(subject, User) else subject.name


def _kind(subject: Subject) -> dict[str, str]:
    """In an event a member is a user unless it says otherwise."""
    return {"kind": "group"} if isinstance(subject, Group) else {}


def _people(subject: Subject) -> list[int]:
    return [subject.pk] if isinstance(subject, User) else people_of(subject.pk)


def _administered(leaving: Member) -> list[int]:
    return [leaving.project_id] if leaving.role_id == Role.PROJECT_ADMIN else []


def _describe(draft: Draft, member: Member, subject: Subject) -> None:
    draft.resource("member", member.pk, _name(subject))
