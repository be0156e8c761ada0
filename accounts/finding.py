"""Finding people by id or part of a name, and what the caller may do himself: for clients that hold ids."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from access.check import member_projects, permissions_of, require, system_permissions_of
from access.models import Member
from access.principal import ActorKind, Principal, ProjectRef
from access.table import P, Permissions
from accounts.models import GroupMember, Identity, Source, User
from audit import denials
from audit.parts import Resource
from core.errors import Denied, UserUnknown
from database import sql

_PROJECT = "SELECT id, name, public FROM project WHERE id = %s AND deleted_at IS NULL"


def own_user(actor: Principal) -> User:
    """The caller's own account (one query). Raises Denied for whoever is no person."""
    found = User.objects.filter(pk=actor.id).first() if actor.kind is ActorKind.USER else None
    if found is None:
        raise Denied("this is about a person's account, which robots have not: ask with a user's name")
    return found


def user_by_id(actor: Principal, user_id: int) -> User:
    """Oneself, or anybody for who may read users. Raises UserUnknown, Denied."""
    if actor.kind is not ActorKind.USER or actor.id != user_id:
        require(actor, P.USER_READ, None)
    found = User.objects.filter(pk=user_id).first()
    if found is None:
        raise UserUnknown(f"no user with the id {user_id}", user=str(user_id))
    return found


def user_to_change(actor: Principal, user_id: int, act: str) -> User:
    """As `user_by_id`, for the operation `act`, which is recorded as refused to whoever may not even look at the user."""
    try:
        return user_by_id(actor, user_id)
    except Denied as refusal:
        whom = Resource("user", str(user_id), "")
        denials.record(actor, act, permission=str(P.USER_READ), resource=whom, reason=refusal.message)
        raise


def people_named(actor: Principal, part: str) -> QuerySet[User]:
    """People with `part` in their names, in any case of letters, by name: for who lists users or adds members somewhere.

    Who adds members finds by a part those of his own projects, and others by their whole name: who uses the registry beside
    him is not his to read. Raises Denied.
    """
    lists = P.USER_LIST in system_permissions_of(actor)
    if not lists and not adds_members(actor):
        require(actor, P.USER_LIST, None)
    # No name has a NUL, and PostgreSQL takes none.
    if "\0" in part:
        return User.objects.none()
    found = User.objects.filter(is_active=True, username__icontains=part).order_by("username")
    return found if lists else found.filter(Q(username__iexact=part) | Q(pk__in=_colleagues(actor)))


def _colleagues(actor: Principal) -> QuerySet[User, Any]:
    """The ids of whoever has a role, his own or a group's, in a project that the actor adds members to."""
    own = members_beside(actor)
    by_group = GroupMember.objects.filter(group_id__in=own.filter(group__isnull=False).values("group_id"))
    by_role = own.filter(user__isnull=False).values("user_id")
    return User.objects.filter(Q(pk__in=by_role) | Q(pk__in=by_group.values("user_id"))).values("pk")


def members_beside(actor: Principal) -> QuerySet[Member]:
    """The members of the projects that the actor adds members to."""
    return Member.objects.filter(project_id__in=member_projects(actor, P.MEMBER_CREATE))


def provided_identity(user: User) -> Identity | None:
    """What the OpenID provider knows the user by (one query)."""
    return user.identities.filter(source=Source.OIDC).order_by("pk").first()


def rights_of(actor: Principal, project_id: int | None) -> Permissions:
    """What the caller may do in the project of that id, in the system as a whole for None (two queries at most).

    None in a project that does not exist, as in one he may not know of.
    """
    if project_id is None:
        return system_permissions_of(actor, owner=actor.id)
    found = sql.row(_PROJECT, (project_id,))
    return permissions_of(actor, ProjectRef(*found)) if found is not None else frozenset()


def adds_members(actor: Principal) -> bool:
    """Whether he may add members to some project, and so has to find them (one query)."""
    if actor.grants is not None or actor.kind is not ActorKind.USER:
        return False
    own = member_projects(actor, P.MEMBER_CREATE)
    return bool(sql.value(f"SELECT EXISTS ({own.sql})", own.params))
